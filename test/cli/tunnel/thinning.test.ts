import { expect, it } from 'vitest';
import { describeEvent, recordOf } from '../../../src/cli/tunnel/events.ts';
import { Thinning } from '../../../src/cli/tunnel/thinning.ts';
import { ConnectionRefused, TcpTimeout, type TunnelEvent } from '../../../src/index.ts';
import type { TunnelHappening } from '../../../src/tunnel/types.ts';

const start = Date.UTC(2026, 10, 28);
const refused = new ConnectionRefused('refused', { phase: 'tcp' });
const silent = new TcpTimeout('silent', { phase: 'tcp', timeoutMs: 1 });

/** What is told, with the seconds at which it happened. */
function tell(happenings: readonly (readonly [second: number, happening: TunnelHappening])[]) {
  const thinning = new Thinning();
  return happenings.flatMap(([second, happening]) => {
    const event = { ...happening, at: new Date(start + second * 1_000) } as TunnelEvent;
    const leftOut = thinning.pass(event);
    return leftOut === undefined ? [] : [{ second, event, leftOut, ...describeEvent(event, leftOut) }];
  });
}

const fails = (attempt: number, error: Error = refused): TunnelHappening => ({
  ...{ type: 'waiting', error, attempt, wait: 1_000 },
});
const up: TunnelHappening = { type: 'up', listen: { host: '127.0.0.1', port: 9012 }, downMs: 1 };

it('reports a gateway that stays down at once, then at growing intervals with a count', () => {
  const weekend = Array.from({ length: 2 * 24 * 3_600 }, (_, second) => [second, fails(second + 1)] as const);
  const told = tell(weekend);
  const minutes = told.map(({ second }) => second / 60);
  expect(minutes.slice(0, 9)).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183]);
  expect(told.length).toBeLessThan(60);
  expect(told[0]!.text).not.toContain('more like this');
  expect(told[2]!.text).toMatch(/ \(119 more like this in the last 2 min\)$/);
});

it('reports the recovery with the number of failures, then starts over', () => {
  const told = tell([
    [0, fails(1)],
    [1, { type: 'connecting', attempt: 2 }],
    [2, fails(2)],
    [3, fails(3)],
    [4, { type: 'connecting', attempt: 4 }],
    [5, { type: 'connected', attempt: 4, durationMs: 10 }],
    [6, up],
    [7, { type: 'down', error: refused, upMs: 1_000 }],
    [8, fails(1)],
  ]);
  expect(told.map(({ event }) => event.type)).toEqual([
    ...['waiting', 'connecting', 'connected', 'up', 'down', 'waiting'],
  ]);
  expect(told[3]!.text).toMatch(/, with 3 failed attempts$/);
  expect(recordOf(told[3]!.event, told[3]!.leftOut)).toMatchObject({ event: 'up', failedAttempts: 3 });
});

it('reports a different failure at once', () => {
  const told = tell([
    [0, fails(1)],
    [1, fails(2, silent)],
    [2, fails(3)],
    [3, fails(4, silent)],
  ]);
  expect(told.map(({ second }) => second)).toEqual([0, 1]);
});

it('does not mention failures if there were none', () => {
  expect(tell([[0, up]])[0]!.text).not.toContain('failed');
});

it('uses the option names of the command line', () => {
  const message = "It ends when sshd gives it up; reclaim: { unnoted: 'only-session' } allows more.";
  const [told] = tell([[0, { type: 'reclaim-refused', reason: 'no-note', message }]]);
  expect(told!.text).toContain('--reclaim-unnoted allows more');
});
