import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type MockServer, startMockServer } from '../../src/mock-server/index.ts';
import { cli, type Started, WindowsPc } from './support/windows-pc.ts';

let server: MockServer;
let pc: WindowsPc;
let common: string[];

beforeAll(async () => {
  server = await startMockServer({
    windows: { version: '9.5' },
    exec: { dir: { stdout: '가나다\r\n' }, fail: { exitCode: 7 }, crash: { exitCode: 0xc0000005 } },
  });
});
beforeEach(() => {
  pc = new WindowsPc();
  writeFileSync(pc.file('id').here, server.clientKey.privateKey);
  common = ['--ssh-config', 'none', '-i', pc.file('id').there, '--host-key', server.hostKey.fingerprint];
});
afterAll(() => server?.close());

const address = () => `${server.username}@${server.host}:${server.port}`;

it('runs a command; its output and its exit code are the program’s', async () => {
  const run = (command: string) => pc.cli('exec', ...common, '-n', address(), command);
  expect(await run('dir')).toEqual({ code: 0, stdout: '가나다\r\n', stderr: '' });
  expect((await run('fail')).code).toBe(7);
});

it('ends with all 32 bits of a code of Windows', async () => {
  const end = await pc.run(
    ({ childProcess }, args) =>
      childProcess.spawnSync('C:\\node\\node.exe', args, { stdio: 'ignore' }).status,
    [cli, 'exec', ...common, '-n', address(), 'crash'],
  );
  expect(end).toBe(0xc0000005);
});

it('puts and gets a file', async () => {
  writeFileSync(pc.file('보낼 것.txt').here, 'sent');
  const put = await pc.cli('put', ...common, address(), pc.file('보낼 것.txt').there, 'C:\\in.txt');
  expect(put).toMatchObject({ code: 0 });
  const get = await pc.cli('get', ...common, address(), 'C:\\in.txt', 'got.txt');
  expect(get).toMatchObject({ code: 0 });
  expect(readFileSync(pc.file('got.txt').here, 'utf8')).toBe('sent');
});

it('shows what it can do', async () => {
  const { code, stdout, stderr } = await pc.cli('demo');
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stdout).toContain('7 of 7 checks passed');
});

it('examines a PC', async () => {
  const { code, stdout } = await pc.cli('doctor', ...common, address());
  for (const step of ['TCP', 'banner', 'keys', 'host key', 'login', 'exec', 'SFTP', 'keepalive']) {
    expect(stdout).toMatch(new RegExp(`^ok +${step} `, 'm'));
  }
  expect(code).toBe(0);
});

describe('the tunnel', () => {
  const started: Started[] = [];
  afterAll(() => {
    for (const { child } of started) child.kill('SIGKILL');
  });
  const log = () => (existsSync(pc.file('t.log').here) ? readFileSync(pc.file('t.log').here, 'utf8') : '');
  const isUp = (times = 1) =>
    vi.waitFor(() => expect(log().match(/ up /g) ?? []).toHaveLength(times), {
      timeout: 40_000,
      interval: 100,
    });

  async function tunnelArgs(): Promise<string[]> {
    const forward = `127.0.0.1:${await freePort()}:127.0.0.1:${server.port}`;
    const files = ['--log-file', pc.file('t.log').there, '--lock', pc.file('t.lock').there];
    return ['tunnel', '-R', forward, ...files, ...common, address()];
  }

  function start(args: string[]): Started {
    const tunnel = pc.startCli(...args);
    started.push(tunnel);
    return tunnel;
  }

  it('keeps a second one out by its lock, and the next takes over from one that was ended by force', async () => {
    const args = await tunnelArgs();
    const first = start(args);
    await isUp();
    expect((await pc.cli(...args)).code).toBe(3);
    expect(log()).toMatch(/is held by process \d+/);
    first.child.kill('SIGKILL');
    await first.finished;
    expect(existsSync(pc.file('t.lock').here)).toBe(true);
    start(args);
    await isUp(2);
  });

  it('ends in good order at Ctrl-Break, as Node.js reports it', async () => {
    const stop = pc.file('stop');
    const tunnel = pc.startCliWithBreak(stop.there, ...(await tunnelArgs()));
    started.push(tunnel);
    await isUp();
    writeFileSync(stop.here, '');
    expect((await tunnel.finished).code).toBe(0);
    expect(log()).toMatch(/ closed /);
    expect(existsSync(pc.file('t.lock').here)).toBe(false);
  });

  it('writes on into a full log that another program has open', async () => {
    const full = 10_000_000;
    writeFileSync(pc.file('t.log').here, 'x'.repeat(full));
    const holder = pc.start('C:\\tools\\hold.exe', [pc.file('t.log').there, '60000']);
    started.push(holder);
    await vi.waitFor(() => expect(existsSync(pc.file('t.log.held').here)).toBe(true), 20_000);
    const tunnel = start(await tunnelArgs());
    await isUp();
    expect(statSync(pc.file('t.log').here).size).toBeGreaterThan(full);
    expect(existsSync(pc.file('t.log.1').here)).toBe(false);
    holder.child.kill('SIGKILL');
    tunnel.child.kill('SIGKILL');
    expect((await tunnel.finished).stderr).toBe('');
  });
});

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
