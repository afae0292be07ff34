import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
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

  it('runs on where WMI is denied, and the caller is not told otherwise', async () => {
    await pc.set('wmi', 'denied');
    const error = await connection.exec('sleep 4722', { timeout: 500 }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'SSH_COMMAND_TIMEOUT', terminated: 'unknown' });
    await connection.exec('pkill -f "sleep 472[2]"', { reject: false });
  });
});
