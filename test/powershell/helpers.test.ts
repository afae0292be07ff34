import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checkClock } from '../../src/cli/doctor/checks/clock.ts';
import { checkWindows } from '../../src/cli/doctor/checks/windows.ts';
import { Visit } from '../../src/cli/doctor/visit.ts';
import { english } from '../../src/cli/doctor/words/english.ts';
import type { Connection as LibraryConnection } from '../../src/cli/library.ts';
import type { Connection } from '../../src/connection.ts';
import { remoteSha256 } from '../../src/sftp/verify/checksum.ts';
import { startWindowsPc, type WindowsPc } from './support/pc.ts';

let pc: WindowsPc;
let connection: Connection;
beforeAll(async () => {
  pc = await startWindowsPc();
  connection = await pc.connect();
});
beforeEach(() => pc.reset());
afterAll(async () => {
  await connection?.close();
  await pc?.[Symbol.asyncDispose]();
});

describe('the checksum of a file', () => {
  const sumOf = (path: string, end: number) =>
    remoteSha256(
      {
        run: async (command) => await connection.exec(command, { reject: false }),
        serverVersion: connection.serverVersion,
      } as Parameters<typeof remoteSha256>[0],
      path,
      end,
    );
  const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

  // Backslashes are part of the name here.
  it.each(["it's ‘x’ ‚y‛", '[a] $env:HOME `n', '한글 파일', 'x'])(
    'is right whatever its name is: %s',
    async (name) => {
      const bytes = Buffer.alloc(1_500_000, name);
      await writeFile(join(pc.home, `C:\\${name}`), bytes);
      expect(await sumOf(`/C:/${name}`, 1_200_000)).toBe(sha256(bytes.subarray(0, 1_200_000)));
    },
  );

  it('takes a number beyond 2 GiB, and ends with the file', async () => {
    const bytes = Buffer.alloc(1_500_000, 'x');
    await writeFile(join(pc.home, 'C:\\large'), bytes);
    expect(await sumOf('/C:/large', 2_200_000_000)).toBe(sha256(bytes));
  });

  it('is not to be had of a file that is not there', async () => {
    expect(await sumOf('/C:/gone', 10)).toBeUndefined();
  });
});

function visitOf({ options }: WindowsPc): Visit {
  const signal = AbortSignal.timeout(60_000);
  return new Visit(options, { words: english, signal, mayTakeLonger: false });
}

it('the doctor reads what the PC is like, and leaves out what is not to be seen', async () => {
  const visit = () => visitOf(pc);
  const finding = await checkWindows(connection as LibraryConnection, visit());
  expect(finding.facts).toMatchObject({ mode: 'FullLanguage', wmi: 'yes' });
  expect(finding.facts?.['powershell']).toMatch(/^7\./);
  await pc.set('wmi', 'denied');
  const denied = await checkWindows(connection as LibraryConnection, visit());
  expect(denied).toMatchObject({
    verdict: 'warn',
    todo: expect.stringContaining('WMI'),
    facts: { wmi: 'no' },
  });
});

it("the doctor reads the PC's clock", async () => {
  const finding = await checkClock(connection as LibraryConnection, visitOf(pc), true);
  expect(finding).toMatchObject({ verdict: 'ok', says: 'its clock agrees with ours' });
});

describe('a command that is stopped', () => {
  /** A command that sleeps, and is not one of another run of this suite. */
  const nap = (number: number) => `sleep ${number}.${process.pid}`;
  /** The processes that have become one of these commands. */
  const asleep = async (...numbers: number[]) => {
    const { stdout } = await connection.exec(`pgrep -f '^(${numbers.map(nap).join('|')})$' || true`);
    return stdout.split('\n').filter(Boolean);
  };
  const untilAsleep = (count: number, ...numbers: number[]) =>
    expect.poll(() => asleep(...numbers)).toHaveLength(count);
  /** Starts a command, and waits until it is one more that sleeps. */
  const fallAsleep = async (line: string, number: number) => {
    const before = await asleep(number);
    const command = connection.exec(line, { reject: false });
    void command.catch(() => {});
    await untilAsleep(before.length + 1, number);
    const [pid] = (await asleep(number)).filter((one) => !before.includes(one));
    return { command, pid };
  };
  // A second try must not find what the first has left.
  afterEach(() => connection.exec(`pkill -KILL -f '^sleep 4[0-9]*[.]${process.pid}$' || true`));

  it('is found among its own connection’s commands, and ended with what it started', async () => {
    const other = await pc.connect();
    const theirs = other.exec(nap(4721)).catch(() => {});
    const error = await connection
      .exec(`${nap(4720)} & ${nap(4720)}; echo "it's"`, { timeout: 1_500 })
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'SSH_COMMAND_TIMEOUT' });
    await untilAsleep(0, 4720);
    await untilAsleep(1, 4721);
    await connection.exec(`pkill -f '^${nap(4721)}'`);
    await theirs;
    await other.close();
  });

  /** Two of the same, of which one is stopped; the other runs on. */
  const stopOneOfTwo = async (which: 0 | 1, number: number) => {
    const line = `exec ${nap(number)}`;
    const two = [await fallAsleep(line, number), await fallAsleep(line, number)] as const;
    const [stopped, other] = which === 0 ? two : [two[1], two[0]];
    stopped.command.kill();
    await untilAsleep(1, number);
    expect(await asleep(number)).toEqual([other.pid]);
    other.command.kill();
    await untilAsleep(0, number);
    await Promise.allSettled(two.map(({ command }) => command));
  };

  it.each([0, 1] as const)('is told apart from one with the same line: number %i of two', async (which) => {
    await stopOneOfTwo(which, 4730 + which);
    expect(await pc.log()).toContain('processes by wmi');
  });

  it.each([0, 1] as const)('and so without WMI, for a standard account: number %i', async (which) => {
    await pc.set('wmi', 'denied');
    await stopOneOfTwo(which, 4740 + which);
    expect(await pc.log()).not.toContain('processes by wmi');
  });

  it('is not told apart from one of the same moment: both run on until both are to be ended', async () => {
    const line = `exec ${nap(4770)}`;
    const both = [1, 2].map(() => connection.exec(line, { reject: false }));
    for (const command of both) command.catch(() => {});
    await untilAsleep(2, 4770);
    await pc.set('simultaneous', line);
    both[0]?.kill();
    await expect.poll(() => pc.log()).toEqual(['processes by wmi']);
    await expect
      .poll(() => connection.exec('pgrep -f "^$STAND_IN/pwsh" || true'))
      .toMatchObject({ stdout: '' });
    expect(await asleep(4770)).toHaveLength(2);
    both[1]?.kill();
    await untilAsleep(0, 4770);
    await Promise.allSettled(both);
  });

  it('is not mixed up with one that has the same line, and was left to run', async () => {
    // Without a session of its own any more, but with a process.
    const line = `trap "" TERM HUP; exec ${nap(4750)}`;
    const left = await fallAsleep(line, 4750);
    await pc.set('no-powershell');
    left.command.kill();
    await expect.poll(() => pc.log()).toEqual(['no powershell']);
    await left.command.catch(() => {});
    await pc.reset();
    const { command } = await fallAsleep(line, 4750);
    command.kill();
    await command.catch(() => {});
    await untilAsleep(1, 4750);
    expect(await asleep(4750)).toEqual([left.pid]);
  });

  it.each([
    ['WMI', ''],
    ['a snapshot', 'denied'],
  ])('has no shell left that goes on with the next command, by %s', async (_, wmi) => {
    await pc.set('wmi', wmi);
    const line = `${nap(4763)} & ${nap(4760)} || ${nap(4761)} || ${nap(4762)}`;
    const error = await connection.exec(line, { timeout: 500 }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'SSH_COMMAND_TIMEOUT' });
    await untilAsleep(0, 4760, 4761, 4762, 4763);
  });

  it('has no child left that it started while its processes were listed', async () => {
    await pc.set('unseen', nap(4764));
    const error = await connection
      .exec(`${nap(4764)} & ${nap(4765)}`, { timeout: 1_000 })
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'SSH_COMMAND_TIMEOUT' });
    await untilAsleep(0, 4764, 4765);
    await expect.poll(() => pc.log()).toEqual(Array(3).fill('processes by wmi'));
  });

  it('runs on where processes are not to be seen, and the caller is not told otherwise', async () => {
    await pc.set('wmi', 'denied');
    await pc.set('no-snapshot');
    const error = await connection.exec(nap(4722), { timeout: 500 }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'SSH_COMMAND_TIMEOUT', terminated: 'unknown' });
  });
});
