import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type MockGateway, startMockGateway, startMockServer } from '../../src/mock-server/index.ts';
import { addressOf, flagsFor, run } from './run.ts';

let folder: string;
let gateway: MockGateway;
/** What the script on the gateway prints. */
let answer: string;
/** Of a gateway without a readable /proc: what is known comes through the ports alone. */
const blind = 'ssh-via-gateway-script-1\nnoproc\n';

beforeEach(() => {
  answer = blind;
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ssh-via-gateway-tunnels-'));
  gateway = await startMockGateway({ exec: () => ({ stdout: answer }) });
  await writeFile(join(folder, 'id'), gateway.ssh.clientKey.privateKey, { mode: 0o600 });
});
afterAll(async () => {
  await gateway.close();
  await rm(folder, { recursive: true, force: true });
});

function tunnels(...args: string[]) {
  return run(['tunnels', ...flagsFor(gateway.ssh, join(folder, 'id')), ...args, addressOf(gateway.ssh)]);
}

test('lists which PC answers, which is gone, which is a zombie', async () => {
  const [alive, zombie, stopped] = await Promise.all([gateway.addPc(), gateway.addPc(), gateway.addPc()]);
  zombie.vanish();
  stopped.stopSshd();
  const ports = [alive, zombie, stopped].map(({ port }) => port).join(',');
  const { exitCode, stdout, stderr } = await tunnels('--ports', ports, '--answer-timeout', '500ms');
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
  const [head, ...rows] = stdout.toString().trimEnd().split('\n');
  expect(head?.trim()).toMatch(/^PORT +VERDICT +USER/);
  expect(rows.map((row) => row.trim().split(/\s+/).slice(0, 2))).toEqual([
    [String(alive.port), 'alive'],
    [String(zombie.port), 'silent'],
    [String(stopped.port), 'pc-down'],
  ]);
});

test('shows who holds a port, whatever the name contains', async () => {
  const pc = await gateway.addPc();
  const listener = `listener 0100007F:${pc.port.toString(16).toUpperCase().padStart(4, '0')} 1001`;
  answer = `${blind.replace('noproc\n', '')}uid 1000\n${listener}\nuser 1001 kim\u001b[31m\n`;
  const { stdout } = await tunnels('--no-check');
  expect(stdout.toString()).toBe('No tunnels.\n');
  const named = await tunnels('--no-check', '--ports', String(pc.port));
  expect(named.stdout.toString()).toContain('unknown  kim\\x1b[31m');
});

test('gives JSON to a program', async () => {
  const pc = await gateway.addPc();
  const { stdout } = await tunnels('--json', '--ports', String(pc.port));
  expect(JSON.parse(stdout.toString())).toMatchObject([{ port: pc.port, verdict: 'alive' }]);
});

test('gives no program and no terminal a control character in JSON', async () => {
  const pc = await gateway.addPc();
  const listener = `listener 0100007F:${pc.port.toString(16).toUpperCase().padStart(4, '0')} 1001`;
  answer = `${blind.replace('noproc\n', '')}uid 1000\n${listener}\nuser 1001 kim\u009b31m\u202e\n`;
  const { stdout } = await tunnels('--json', '--no-check', '--ports', String(pc.port));
  expect(stdout.toString()).toContain('kim\\u009b31m\\u202e');
  expect(JSON.parse(stdout.toString())).toMatchObject([{ user: 'kim\u009b31m\u202e' }]);
});

test('-v marks each line of a login banner as the server’s', async () => {
  const loginBanner = 'welcome\nssh-via-gateway: all is well\n';
  await using server = await startMockServer({ loginBanner, exec: () => 0 });
  const key = join(folder, 'other');
  await writeFile(key, server.clientKey.privateKey, { mode: 0o600 });
  const { stderr } = await run(['exec', '-v', ...flagsFor(server, key), addressOf(server), 'true']);
  expect(stderr).toContain('notice: welcome\nnotice: ssh-via-gateway: all is well\n');
});

test('-v tells which jump host a login banner is of', async () => {
  await using jump = await startMockServer({ loginBanner: 'hello from \x1b[31mthe jump' });
  await using server = await startMockServer({ loginBanner: 'hello from the PC', exec: () => 0 });
  const [key, jumpKey] = [join(folder, 'pc'), join(folder, 'jump')];
  await writeFile(key, server.clientKey.privateKey, { mode: 0o600 });
  await writeFile(jumpKey, jump.clientKey.privateKey, { mode: 0o600 });
  const way = ['--jump', `${jump.username}@${addressOf(jump)}`, '--jump-identity', jumpKey];
  const pin = ['--jump-host-key', jump.hostKey.fingerprint];
  const { stderr } = await run([
    'exec',
    '-v',
    ...flagsFor(server, key),
    ...way,
    ...pin,
    addressOf(server),
    'true',
  ]);
  expect(stderr).toContain(`notice of jump 1 of 1 (${addressOf(jump)}): hello from \\x1b[31mthe jump\n`);
  expect(stderr).toContain('\nnotice: hello from the PC\n');
});

test('a tunnel that cannot be ended is a failure with its reason', async () => {
  const { exitCode, stderr } = await tunnels('--end', '9012');
  expect(exitCode).toBe(1);
  expect(stderr).toContain('9012');
});

test('--end with -c ends no other customer’s session', async () => {
  const file = join(folder, 'customers.json');
  const customers = { acme: { account: 'tunnel-acme', port: 9012 } };
  const [host, port] = addressOf(gateway.ssh).split(':');
  await writeFile(
    file,
    JSON.stringify({ gateway: { host, port: Number(port), operator: 'rpa' }, customers }),
  );
  const all = ['tunnels', ...flagsFor(gateway.ssh, join(folder, 'id')), '--customers', file, '-c', 'acme'];
  const before = gateway.ssh.journal.length;
  const { exitCode, stderr } = await run([...all, '--end', '9020']);
  expect({ exitCode, stderr }).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining(
      '--end: 9020 given, and acme has port 9012: give the gateway in place of -c',
    ),
  });
  expect(gateway.ssh.journal.length).toBe(before);
  expect(await run([...all, '--end', '9012'])).toMatchObject({ exitCode: 1 });
});

describe('--end that is stopped by Ctrl-C', () => {
  const stopped = (stderr: string) =>
    stderr.split('\n').find((line) => line.startsWith('ssh-via-gateway: stopped'));
  /** A gateway whose holder of port 9012 is session 300; a script that this says of never ends. */
  async function stoppedAt(hangs: RegExp, ...more: string[]) {
    const asked: string[] = [];
    const said = [
      ...['ssh-via-gateway-script-1', 'boot b1', 'self 500 900 sshd', 'uid 1001', 'clock 1000.00 100'],
      ...['session 299 599 0 1 sshd', 'session 300 600 1002 299 sshd'],
      ...['listener 0100007F:2334 1002', 'user 1002 kim', 'note 9012 300 600 b1', ''],
    ];
    await using server = await startMockServer({
      exec: ({ command, stdout, exit }) => {
        asked.push(command);
        if (hangs.test(command)) return;
        stdout.write(said.join('\n'));
        exit(0);
      },
    });
    const key = join(folder, 'end');
    await writeFile(key, server.clientKey.privateKey, { mode: 0o600 });
    const running = run(['tunnels', '--end', '9012', ...more, ...flagsFor(server, key), addressOf(server)]);
    await vi.waitFor(() => expect(asked.some((command) => hangs.test(command))).toBe(true));
    running.stop();
    const { exitCode, stderr, stdout } = await running;
    expect(exitCode).toBe(130);
    return { words: stopped(stderr), stdout: stdout.toString(), at: addressOf(server) };
  }

  test('while the holder is looked for: nothing was ended', async () => {
    const { words } = await stoppedAt(/./);
    expect(words).toBe('ssh-via-gateway: stopped: nothing was ended; port 9012 is still held');
  });

  test('while the session ends: it is not known, and what tells', async () => {
    const { words, at } = await stoppedAt(/kill -TERM/);
    expect(words).toBe(
      `ssh-via-gateway: stopped: it is not known whether the session that holds port 9012 has ended; no other was told to. To find out, with the same options: ssh-via-gateway tunnels --ports 9012 ${at}`,
    );
  });

  test('is told to a program too', async () => {
    const { stdout } = await stoppedAt(/./, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'STOPPED', message: expect.stringContaining('nothing was ended'), exitCode: 130 },
    });
  });

  test('while it connects: nothing was ended', async () => {
    await using server = await startMockServer({ faults: { banner: 'mute' } });
    const running = run([
      'tunnels',
      '--end',
      '9012',
      ...flagsFor(server, join(folder, 'id')),
      addressOf(server),
    ]);
    await vi.waitFor(() => expect(server.connections).toBe(1));
    running.stop('SIGTERM');
    const { exitCode, stderr } = await running;
    expect([exitCode, stopped(stderr)]).toEqual([143, expect.stringContaining('nothing was ended')]);
  });
});

test.each(['9020-9001', 'x', '1-70000'])('a list of ports like %s is refused', async (ports) => {
  const { exitCode, stderr } = await tunnels('--ports', ports);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('--ports');
});
