import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type MockGateway, startMockGateway } from '../../src/mock-server/index.ts';
import { addressOf, flagsFor, type RunOptions, run } from './run.ts';

let folder: string;
let gateway: MockGateway;
let lock: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ssh-via-gateway-tunnel-'));
  gateway = await startMockGateway();
  await writeFile(join(folder, 'id'), gateway.ssh.clientKey.privateKey, { mode: 0o600 });
  lock = join(folder, 'tunnel.lock');
});
afterAll(async () => {
  await gateway.close();
  await rm(folder, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function tunnel(args: readonly string[], options?: RunOptions) {
  return run(['tunnel', ...flagsFor(gateway.ssh, join(folder, 'id')), ...args], options);
}

test('keeps the port, tells it in lines with time stamps, and gives it back when it is stopped', async () => {
  const port = await freePort();
  const forward = `127.0.0.1:${port}:${addressOf(gateway.ssh)}`;
  const running = tunnel(['-R', forward, '--lock', lock, addressOf(gateway.ssh)]);
  await vi.waitFor(() => expect(running.stdoutSoFar).toContain('the gateway listens on'), 10_000);
  expect(JSON.parse(await readFile(lock, 'utf8'))).toMatchObject({ pid: process.pid });
  running.stop('SIGTERM');
  const { exitCode, stdout } = await running;
  expect(exitCode).toBe(0);
  const lines = stdout.toString().trimEnd().split('\n');
  for (const line of lines) expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z (info|warn) {1,2}[a-z-]+ +\S/);
  expect(lines.at(-1)).toMatch(/closed +stopped/);
  await expect(readFile(lock)).rejects.toThrow('ENOENT');
});

test('a second tunnel does not fight: it ends with 3 and says who holds the lock', async () => {
  const holder = { pid: process.ppid, host: hostname(), since: 'x', token: 't' };
  await writeFile(lock, JSON.stringify(holder));
  const { exitCode, stdout } = await tunnel(['-R', '9999:pc:22', '--lock', lock, addressOf(gateway.ssh)]);
  await rm(lock);
  expect(exitCode).toBe(3);
  expect(stdout.toString()).toContain(`held by process ${process.ppid}`);
});

test('a lock in a place where none can be is wrong use, and names the place', async () => {
  const forward = ['-R', '9999:pc:22'];
  const isFolder = await tunnel([...forward, '--lock', folder, addressOf(gateway.ssh)]);
  expect(isFolder).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/--lock: .* \(EISDIR\)/) });
  const below = join(folder, 'id', 'sub', 'x.lock');
  const inFile = await tunnel([...forward, '--lock', below, addressOf(gateway.ssh)]);
  expect(inFile).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(/\(ENOTDIR: the folder ".*sub" cannot be created\)/),
  });
});

test('a login that is refused ends with 1, the error near the end of the log', async () => {
  const { exitCode, stdout } = await run([
    ...['tunnel', '-R', '9999:pc:22', '--lock', 'none', '--ssh-config', 'none'],
    ...['--identity', join(folder, 'id'), '--host-key', gateway.ssh.hostKey.fingerprint],
    `nobody@${addressOf(gateway.ssh)}`,
  ]);
  expect(exitCode).toBe(1);
  expect(stdout.toString()).toMatch(/error closed +given up: .*refused.*\n(?:.* error hint .*\n)?$/);
});

test('a key that cannot be read is wrong use', async () => {
  const args = ['-R', '9999:pc:22', '--ssh-config', 'none', '-i', join(folder, 'absent'), '--lock', 'none'];
  const { exitCode, stdout } = await run(['tunnel', ...args, addressOf(gateway.ssh)]);
  expect(exitCode).toBe(2);
  expect(stdout.toString()).toContain('there is no file');
});

test('without a forward it says what to give', async () => {
  const { exitCode, stderr } = await tunnel([addressOf(gateway.ssh)]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('-R PORT:TARGET:PORT');
});

test('the log can be a file, and JSON', async () => {
  const port = await freePort();
  const file = join(folder, 'tunnel.log');
  const forward = `127.0.0.1:${port}:${addressOf(gateway.ssh)}`;
  const running = tunnel([
    ...['-R', forward, '--lock', 'none', '--json', '--log-file', file],
    addressOf(gateway.ssh),
  ]);
  await vi.waitFor(async () => expect(await readFile(file, 'utf8')).toContain('"event":"up"'));
  running.stop();
  expect((await running).exitCode).toBe(0);
  const records = (await readFile(file, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(records.map(({ event }) => event)).toEqual(
    expect.arrayContaining(['connecting', 'connected', 'up', 'closed']),
  );
  expect(records.every(({ time, level }) => !Number.isNaN(Date.parse(time)) && level)).toBe(true);
});

test('--attempts does not end a tunnel, --give-up-after does', async () => {
  const port = await freePort();
  const args = ['-R', '9999:pc:22', '--lock', 'none', '--max-delay', '1ms', `127.0.0.1:${port}`];
  const patient = tunnel(['--verbose', ...args]);
  await vi.waitFor(() => expect(patient.stdoutSoFar).toContain('attempt 3'), 10_000);
  patient.stop();
  expect((await patient).exitCode).toBe(0);
  const { exitCode, stdout } = await tunnel(['--give-up-after', '2', ...args]);
  expect(exitCode).toBe(1);
  expect(stdout.toString()).toContain('given up');
});
