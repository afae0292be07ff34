import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checkClock } from '../../src/cli/doctor/checks/clock.ts';
import { checkWindows } from '../../src/cli/doctor/checks/windows.ts';
import { Visit } from '../../src/cli/doctor/visit.ts';
import { english } from '../../src/cli/doctor/words/english.ts';
import type { Connection as LibraryConnection } from '../../src/cli/library.ts';
import type { Connection } from '../../src/connection.ts';
import type { Command } from '../../src/exec/types.ts';
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

it('the doctor reads what the PC is like, and leaves out what is not to be seen', async () => {
  const visit = () => new Visit(pc.options, english, AbortSignal.timeout(60_000));
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
  const finding = await checkClock(
    connection as LibraryConnection,
    new Visit(pc.options, english, AbortSignal.timeout(60_000)),
    true,
  );
  expect(finding).toMatchObject({ verdict: 'ok', says: 'its clock agrees with ours' });
});

describe('a command that is stopped', () => {
  const running = async (pattern: string) =>
    Number((await connection.exec(`ps -A -o args= | grep -c "^${pattern}" || true`)).stdout);

  it('is found among its own connection’s commands, and ended with what it started', async () => {
    const other = await pc.connect();
    const theirs = other.exec('sleep 4721').catch(() => {});
    const error = await connection.exec('sleep 4720 & sleep 4720; echo "it\'s"', { timeout: 1_500 }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code: 'SSH_COMMAND_TIMEOUT' });
    await expect.poll(() => running('sleep 4720'), { timeout: 30_000, interval: 500 }).toBe(0);
    expect(await running('sleep 4721')).toBe(1);
    await connection.exec('pkill -f "sleep 4721"', { reject: false });
    await theirs;
    await other.close();
  });

  /** Two of the same, of which one is stopped; which of them the PC then still runs. */
  const stopOneOfTwo = async (which: 0 | 1, number: number) => {
    const line = `echo $$ >>pids-${number}; exec sleep ${number}`;
    const commands: Command[] = [];
    for (const started of [1, 2]) {
      const command = connection.exec(line, { reject: false });
      void command.catch(() => {});
      commands.push(command);
      await expect.poll(() => lines(`pids-${number}`), { interval: 50 }).toHaveLength(started);
    }
    const pids = await lines(`pids-${number}`);
    commands[which]?.kill();
    await expect.poll(() => running(`sleep ${number}`), { timeout: 30_000, interval: 500 }).toBe(1);
    const { stdout } = await connection.exec(
      `ps -A -o pid=,args= | awk '/[0-9] sleep ${number}/ { print $1 }'`,
    );
    const [left] = stdout.trim().split('\n');
    expect(left).toBe(pids[1 - which]);
    commands[1 - which]?.kill();
    await expect.poll(() => running(`sleep ${number}`), { timeout: 30_000, interval: 500 }).toBe(0);
    await Promise.allSettled(commands);
  };
  const lines = async (file: string) =>
    (await readFile(join(pc.home, file), 'utf8').catch(() => '')).split('\n').filter(Boolean);

  it.each([0, 1] as const)('is told apart from one with the same line: number %i of two', async (which) => {
    await stopOneOfTwo(which, 4730 + which);
    expect(await pc.log()).toContain('processes by wmi');
  });

  it.each([0, 1] as const)('and so without WMI, for a standard account: number %i', async (which) => {
    await pc.set('wmi', 'denied');
    await stopOneOfTwo(which, 4740 + which);
    expect(await pc.log()).not.toContain('processes by wmi');
  });

  it('is not mixed up with one that has the same line, and was left to run', async () => {
    // Without a session of its own any more, but with a process.
    const left = connection.exec('trap "" TERM HUP; exec sleep 4750', { reject: false });
    await expect.poll(() => running('sleep 4750')).toBe(1);
    await pc.set('no-powershell');
    left.kill();
    await left.catch(() => {});
    await pc.reset();
    const command = connection.exec('trap "" TERM HUP; exec sleep 4750', { reject: false });
    await expect.poll(() => running('sleep 4750')).toBe(2);
    const before = (await connection.exec('pgrep -o -f "^sleep 4750"')).stdout;
    command.kill();
    await command.catch(() => {});
    await expect.poll(() => running('sleep 4750'), { timeout: 30_000, interval: 500 }).toBe(1);
    expect((await connection.exec('pgrep -f "^sleep 4750"')).stdout).toBe(before);
    await connection.exec('pkill -KILL -f "^sleep 4750"', { reject: false });
  });

  it.each([
    ['WMI', ''],
    ['a snapshot', 'denied'],
  ])('has no shell left that goes on with the next command, by %s', async (_, wmi) => {
    await pc.set('wmi', wmi);
    const line = 'sleep 4763 & sleep 4760 || sleep 4761 || sleep 4762';
    const error = await connection.exec(line, { timeout: 500 }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'SSH_COMMAND_TIMEOUT' });
    await expect.poll(() => running('sleep 476'), { timeout: 30_000, interval: 500 }).toBe(0);
  });

  it('has no child left that it started while its processes were listed', async () => {
    await pc.set('unseen', 'sleep 4764');
    const error = await connection
      .exec('sleep 4764 & sleep 4765', { timeout: 1_000 })
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'SSH_COMMAND_TIMEOUT' });
    await expect.poll(() => running('sleep 476'), { timeout: 30_000, interval: 500 }).toBe(0);
    await expect.poll(() => pc.log()).toEqual(Array(3).fill('processes by wmi'));
  });

  it('runs on where processes are not to be seen, and the caller is not told otherwise', async () => {
    await pc.set('wmi', 'denied');
    await pc.set('no-snapshot');
    const error = await connection.exec('sleep 4722', { timeout: 500 }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'SSH_COMMAND_TIMEOUT', terminated: 'unknown' });
    await connection.exec('pkill -f "sleep 472[2]"', { reject: false });
  });
});
