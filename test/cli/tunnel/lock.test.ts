import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LockHeld, takeLock } from '../../../src/cli/tunnel/lock.ts';

const { signal } = new AbortController();
const quick = { signal, heartbeat: 40 };
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ssh-via-gateway-lock-'));
  path = join(folder, 'sub', 'tunnel.lock');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function leaveBehind(holder: object | string, ageMs = 0): Promise<void> {
  await (await takeLock(path, { signal })).release();
  await writeFile(path, typeof holder === 'string' ? holder : JSON.stringify(holder));
  const at = new Date(Date.now() - ageMs);
  await utimes(path, at, at);
}

async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return child.pid!;
}

const stranger = { host: hostname(), since: '2026-01-01T00:00:00.000Z', token: 'stranger' };

test('a lock is a file that names its holder, and is removed when released', async () => {
  const lock = await takeLock(path, quick);
  expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ pid: process.pid, host: hostname() });
  await lock.release();
  expect(await readdir(join(folder, 'sub'))).toEqual([]);
});

test('a second holder is refused, and told who holds the lock', async () => {
  const lock = await takeLock(path, quick);
  await expect(takeLock(path, quick)).rejects.toThrow(`process ${process.pid}`);
  await lock.release();
});

test('the lock of a dead process is taken over at once', async () => {
  await leaveBehind({ ...stranger, pid: await deadPid() });
  const started = performance.now();
  const lock = await takeLock(path, { signal, heartbeat: 4_000 });
  expect(performance.now() - started).toBeLessThan(3_000);
  expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ pid: process.pid });
  await lock.release();
});

test('a live process without a sign of life has only the same id', async () => {
  await leaveBehind({ ...stranger, pid: process.pid }, 60_000);
  const lock = await takeLock(path, quick);
  await lock.release();
});

test('a live process with signs of life keeps its lock, whatever the clock says', async () => {
  const lock = await takeLock(path, quick);
  const long = new Date(Date.now() - 3_600_000);
  await utimes(path, long, long);
  await expect(takeLock(path, quick)).rejects.toBeInstanceOf(LockHeld);
  await lock.release();
});

test('a lock of another machine is trusted while it is fresh', async () => {
  await leaveBehind({ ...stranger, host: 'elsewhere', pid: await deadPid() });
  await expect(takeLock(path, { signal, heartbeat: 5_000 })).rejects.toThrow('elsewhere');
});

test('a file truncated by a crash is taken over if it is not updated', async () => {
  await leaveBehind('{"pi', 60_000);
  const lock = await takeLock(path, quick);
  await lock.release();
});

test('of many processes that see the same dead holder, exactly one gets the lock', async () => {
  await leaveBehind({ ...stranger, pid: await deadPid() });
  const tries = await Promise.allSettled(Array.from({ length: 10 }, () => takeLock(path, quick)));
  const held = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const lost: unknown[] = [];
  for (const lock of held) void lock.lost.then(() => lost.push(lock));
  await expect.poll(() => held.length - lost.length).toBe(1);
  await Promise.all(held.map((lock) => lock.release()));
  expect(await readdir(join(folder, 'sub'))).toEqual([]);
});

test('a holder that is taken over detects that, and does not delete the new lock', async () => {
  const lock = await takeLock(path, quick);
  await writeFile(path, JSON.stringify({ ...stranger, pid: 1 }));
  await lock.lost;
  await lock.release();
  expect(await readFile(path, 'utf8')).toContain('stranger');
});

test('a deleted lock file is created again', async () => {
  const lock = await takeLock(path, quick);
  await rm(path);
  await expect.poll(() => readFile(path, 'utf8').catch(() => '')).toContain(`"pid":${process.pid}`);
  await lock.release();
});

test('waiting for a sign of life ends at once if the program is stopped', async () => {
  await leaveBehind({ ...stranger, pid: process.pid }, 60_000);
  const stop = new AbortController();
  const taking = takeLock(path, { signal: stop.signal, heartbeat: 20_000 });
  stop.abort(new Error('stopped'));
  await expect(taking).rejects.toThrow('stopped');
});

test('the content of a lock file is shown without line breaks and escapes', async () => {
  await leaveBehind({ pid: process.pid, host: 'h\nforged line', since: '\u001b[2J', token: 'x' });
  const error = await takeLock(path, { signal, heartbeat: 60_000 }).catch((held: unknown) => held);
  expect(error).toBeInstanceOf(LockHeld);
  expect((error as Error).message).toContain('on h\\nforged line since \\x1b[2J');
});

test.skipIf(process.platform === 'win32')('nobody else may replace it, whatever the umask', async () => {
  const before = process.umask(0);
  try {
    const deep = join(folder, 'a', 'b', 'tunnel.lock');
    const lock = await takeLock(deep, quick);
    const modes = [join(folder, 'a'), dirname(deep), deep].map((one) => statSync(one).mode & 0o777);
    expect(modes).toEqual([0o700, 0o700, 0o644]);
    await lock.release();
    await leaveBehind({ ...stranger, pid: await deadPid() });
    const taken = await takeLock(path, quick);
    expect(statSync(path).mode & 0o777).toBe(0o644);
    await taken.release();
  } finally {
    process.umask(before);
  }
});

test.runIf(process.platform === 'linux')(
  'a folder that cannot be created is named, with the reason',
  async () => {
    // In /proc, not even root may. Node's own recursive mkdir would try for ever there.
    const taking = takeLock('/proc/sub/deep/tunnel.lock', quick);
    await expect(taking).rejects.toMatchObject({ syscall: 'mkdir', path: '/proc/sub', code: 'ENOENT' });
  },
);
