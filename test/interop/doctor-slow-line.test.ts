import { describe, expect, test } from 'vitest';
import type { Step, StepName } from '../../src/cli/doctor/steps.ts';
import type { Faults } from '../../src/mock-server/index.ts';
import { posix } from '../cli/doctor/pcs.ts';
import { startWorld } from '../cli/world.ts';
import { startDelayRelay } from '../support/delay-relay.ts';

interface Report {
  exitCode: number;
  steps: Step[];
}

/** What doctor finds at a PC to which it takes `rtt` milliseconds there and back. */
async function doctor(rtt: number, faults: Faults = {}, args: readonly string[] = []): Promise<Report> {
  await using world = await startWorld({ exec: posix(), faults });
  await using relay = await startDelayRelay(world.server.port, rtt);
  const { stdout, stderr, exitCode } = await world.run('doctor', [
    ...['--json', ...args],
    `127.0.0.1:${relay.port}`,
  ]);
  expect(stderr).toBe('');
  const report = JSON.parse(stdout.toString()) as Report;
  expect(report.exitCode).toBe(exitCode);
  return report;
}

const step = ({ steps }: Report, name: StepName) => steps.find((one) => one.name === name)!;

const verdicts = ({ steps }: Report) =>
  steps.filter(({ verdict }) => verdict !== 'ok').map(({ name, verdict }) => `${name} ${verdict}`);

const slow = { timeout: 240_000 };

describe.concurrent('a line that is slow and nothing else', () => {
  test.each([1_200, 3_000])('a round trip of %i ms is the only thing that is told', slow, async (rtt) => {
    const report = await doctor(rtt);
    expect(verdicts(report)).toEqual(['tcp warn', 'windows skipped']);
    expect(report.exitCode).toBe(0);
    const { says, todo, facts } = step(report, 'tcp');
    expect(says).toMatch(rtt === 3_000 ? /the line is slow: a round trip of 3(\.\d)? s$/ : / of 1\.[2-5] s$/);
    expect(todo).toMatch(/--auth-timeout/);
    expect(facts?.['roundTripMs']).toBeGreaterThanOrEqual(rtt - 50);
    // The whole step: the session for the command was opened with the login.
    expect(step(report, 'exec').ms).toBeGreaterThanOrEqual(rtt - 50);
    expect(step(report, 'clock').says).toBe('its clock agrees with ours');
  });

  test('a server that answers no keepalive is still told', slow, async () => {
    const report = await doctor(1_200, { keepalive: 'ignore' });
    expect(verdicts(report)).toEqual(['tcp warn', 'keepalive fail', 'windows skipped']);
    expect(report.exitCode).toBe(19);
    // It was given several round trips.
    expect(step(report, 'keepalive').ms).toBeGreaterThan(8 * 1_200);
  });

  test('SFTP that does not answer is still told, and not called a full disk', slow, async () => {
    const report = await doctor(1_200, { sftp: { hangOp: { op: 'OPEN' } } });
    expect(verdicts(report)).toEqual(['tcp warn', 'disk fail', 'windows skipped']);
    expect(step(report, 'disk')).toMatchObject({ kind: 'disk-silent' });
    expect(step(report, 'disk').todo).not.toMatch(/full/);
  });

  test('a login that does not end in time may be the line, and that is told', slow, async () => {
    const report = await doctor(1_200, {}, ['--auth-timeout', '1s']);
    expect(report.exitCode).toBe(15);
    expect(step(report, 'login').todo).toMatch(
      /^The keys took .* s, so the line may only be slow: --auth-timeout/,
    );
  });

  test('where the user limits the whole run, what there was no time for is no finding', slow, async () => {
    const report = await doctor(1_200, {}, ['--total-timeout', '8s']);
    expect(report.steps.filter(({ verdict }) => verdict === 'fail')).toEqual([]);
    expect(report.steps.some(({ says }) => says === 'no time was left for it')).toBe(true);
  });
});

test('a line that is not slow gets no word about it', async () => {
  const report = await doctor(100);
  expect(verdicts(report)).toEqual(['windows skipped']);
});
