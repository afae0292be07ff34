import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test, vi } from 'vitest';
import type { ProgramInput } from '../../src/cli/io.ts';
import { startMockGateway, startMockServer } from '../../src/mock-server/index.ts';
import { fakeAgent } from '../support/fake-agent.ts';
import { keygen } from '../support/private-keys.ts';
import { httpProxyServer } from '../support/proxies.ts';
import { addressOf, run } from './run.ts';
import { startWorld } from './world.ts';

const withPassword = { users: [{ username: 'kim', password: 'hunter2' }], exec: { x: { stdout: 'ok' } } };

/** Options that log in nobody. */
function plain(world: { server: { hostKey: { fingerprint: string } } }): string[] {
  return ['--ssh-config', 'none', '--attempts', '1', '--host-key', world.server.hostKey.fingerprint];
}

test('a password from the environment logs in', async () => {
  await using world = await startWorld(withPassword);
  const env = { SSH_VIA_GATEWAY_PASSWORD: 'hunter2' };
  const { stdout } = await run(['exec', ...plain(world), `kim@${world.address}`, 'x'], { env });
  expect(stdout.toString()).toBe('ok');
});

test('a password from a file logs in, without the line break at its end', async () => {
  await using world = await startWorld(withPassword);
  const file = join(world.folder, 'password');
  await writeFile(file, 'hunter2\n', { mode: 0o600 });
  const flags = [...plain(world), '--password-file', file];
  const { stdout, stderr } = await run(['exec', ...flags, `kim@${world.address}`, 'x']);
  expect({ stdout: stdout.toString(), stderr }).toEqual({ stdout: 'ok', stderr: '' });
});

test.skipIf(process.platform === 'win32')('a password file that others may read is told', async () => {
  await using world = await startWorld(withPassword);
  const file = join(world.folder, 'password');
  await writeFile(file, 'hunter2');
  await chmod(file, 0o644);
  const flags = [...plain(world), '--password-file', file];
  const { stderr } = await run(['exec', ...flags, `kim@${world.address}`, 'x']);
  expect(stderr).toMatch(/other users may read .*chmod 600/);
});

test('a password file that is not there is wrong use', async () => {
  const { exitCode, stderr } = await run(['exec', '-F', 'none', '--password-file', '/absent', 'h', 'x']);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('ENOENT') });
});

function terminal(): ProgramInput & PassThrough {
  return Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} });
}

test('a password is asked for and not shown', async () => {
  await using world = await startWorld(withPassword);
  const input = terminal();
  const running = run(['exec', ...plain(world), '-n', '--ask-password', `kim@${world.address}`, 'x'], {
    input,
  });
  await vi.waitFor(() => expect(running.stderrSoFar).toContain('password for'));
  input.write('hunter2\r');
  const { stdout, stderr } = await running;
  expect(stdout.toString()).toBe('ok');
  expect(stderr).not.toContain('hunter2');
});

test('Ctrl-C at the prompt ends with 130', async () => {
  await using world = await startWorld(withPassword);
  const input = terminal();
  const running = run(['exec', ...plain(world), '--ask-password', `kim@${world.address}`, 'x'], { input });
  await vi.waitFor(() => expect(running.stderrSoFar).toContain('password for'));
  input.write('\x03');
  expect((await running).exitCode).toBe(130);
});

test('a server that asks (keyboard-interactive) is answered on the terminal, its text escaped', async () => {
  await using world = await startWorld({
    users: [{ username: 'kim', keyboardInteractive: { prompts: ['Code\u001b[2J: '], answers: ['123456'] } }],
    exec: { x: { stdout: 'ok' } },
  });
  const input = terminal();
  const running = run(['exec', ...plain(world), '-n', `kim@${world.address}`, 'x'], { input });
  await vi.waitFor(() => expect(running.stderrSoFar).toContain('Code\\x1b[2J'));
  input.write('123456\r');
  expect((await running).stdout.toString()).toBe('ok');
});

test('without a terminal asking is refused, with the other ways', async () => {
  const { exitCode, stderr } = await run(['exec', '-F', 'none', '--ask-password', 'h', 'x']);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('--password-file');
});

test('an alias of ssh_config is a destination, and arguments come before it', async () => {
  await using world = await startWorld({ exec: { x: { stdout: 'ok' } } });
  const { server, identity, folder } = world;
  const config = join(folder, 'config');
  const knownHosts = join(folder, 'known_hosts');
  await writeFile(knownHosts, `[${server.host}]:${server.port} ${server.hostKey.publicKey}\n`);
  const lines = [`HostName ${server.host}`, `Port ${server.port}`, `User ${server.username}`];
  lines.push(`IdentityFile ${identity}`, `UserKnownHostsFile ${knownHosts}`, 'IdentityAgent none');
  await writeFile(config, `Host pc-of-kim\n  ${lines.join('\n  ')}\n`);
  const flags = ['-F', config, '--attempts', '1'];
  expect((await run(['exec', ...flags, 'pc-of-kim', 'x'])).stdout.toString()).toBe('ok');
  const other = await run(['exec', ...flags, '--port', '1', 'pc-of-kim', 'x']);
  expect(other.stderr).toContain(`${server.host}:1`);
});

test('the environment can hold everything, the destination included', async () => {
  await using world = await startWorld({ exec: { x: { stdout: 'ok' } } });
  const env = {
    SSH_VIA_GATEWAY_DESTINATION: world.address,
    SSH_VIA_GATEWAY_USER: world.server.username,
    SSH_VIA_GATEWAY_IDENTITY: world.identity,
    SSH_VIA_GATEWAY_HOST_KEY: world.server.hostKey.fingerprint,
    SSH_VIA_GATEWAY_SSH_CONFIG: 'none',
    SSH_VIA_GATEWAY_ATTEMPTS: '1',
  };
  expect((await run(['exec', '--', 'x'], { env })).stdout.toString()).toBe('ok');
});

test('a jump host is used, with the same key, and its own host key is looked up', async () => {
  await using gateway = await startMockGateway();
  await using world = await startWorld({ exec: { x: { stdout: 'ok' } } });
  const config = join(world.folder, 'config');
  const knownHosts = join(world.folder, 'known_hosts');
  await writeFile(config, `UserKnownHostsFile ${knownHosts}\nIdentityAgent none\n`);
  const jump = `${gateway.ssh.username}@${addressOf(gateway.ssh)}`;
  const flags = ['-F', config, '--attempts', '1', '-i', world.identity, '--user', 'rpa'];
  // What is said about the destination's host key does not count for the jump host's.
  const args = [
    'exec',
    ...flags,
    '--host-key',
    world.server.hostKey.fingerprint,
    '-J',
    jump,
    world.address,
    'x',
  ];
  const refused = await run(args);
  expect(refused.exitCode).toBe(255);
  expect(refused.stderr).toMatch(/HostKeyUnknown.*\(jump 1 of 1/);
  await writeFile(knownHosts, `[${gateway.host}]:${gateway.ssh.port} ${gateway.ssh.hostKey.publicKey}\n`);
  expect((await run(args)).stdout.toString()).toBe('ok');
  expect(gateway.ssh.journal.length).toBeGreaterThan(0);
});

test('-J none goes through no jump host, whatever ssh_config says', async () => {
  await using world = await startWorld();
  const { host, port, username, hostKey } = world.server;
  const config = join(world.folder, 'config-with-jump');
  await writeFile(config, `Host pc\n  HostName ${host}\n  Port ${port}\n  ProxyJump kim@127.0.0.1:9\n`);
  const flags = ['-F', config, '--attempts', '1', '-l', username, '-i', world.identity];
  const exec = (...args: string[]) =>
    run(['exec', ...flags, '--host-key', hostKey.fingerprint, ...args, 'pc', 'echo hi']);
  expect(await exec()).toMatchObject({ exitCode: 255, stderr: expect.stringContaining('jump 1 of 1') });
  expect((await exec('-J', 'none')).stdout.toString()).toBe('hi\n');
});

test('the host key of a jump host may be given, for one or for all, and nothing of it goes unnoticed', async () => {
  await using gateway = await startMockGateway();
  await using world = await startWorld({ exec: { x: { stdout: 'ok' } } });
  const jump = `${gateway.ssh.username}@${addressOf(gateway.ssh)}`;
  const right = gateway.ssh.hostKey.fingerprint;
  const wrong = `SHA256:${'x'.repeat(43)}`;
  const exec = (...args: string[]) =>
    run([
      ...['exec', '-F', 'none', '--attempts', '1', '-i', world.identity, '--user', 'rpa'],
      ...['--host-key', world.server.hostKey.fingerprint, ...args, world.address, 'x'],
    ]);
  expect((await exec('-J', jump, '--jump-host-key', right)).stdout.toString()).toBe('ok');
  expect((await exec('-J', jump, '--jump-host-key', `${addressOf(gateway.ssh)}=${right}`)).exitCode).toBe(0);
  const changed = await exec('-J', jump, '--jump-host-key', wrong);
  expect(changed).toMatchObject({ exitCode: 255, stderr: expect.stringMatching(/HostKey.*\(jump 1 of 1/) });
  const misspelt = await exec('-J', jump, '--jump-host-key', `gatway=${right}`);
  expect(misspelt).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('called "gatway"') });
  const none = await exec('--jump-host-key', right);
  expect(none).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('there are none on the way') });
  const half = await exec('-J', jump, '--jump-host-key', 'SHA256:short');
  expect(half).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--jump-host-key') });
});

test('a jump host has a key of its own where one is named', async () => {
  await using gateway = await startMockGateway();
  await using world = await startWorld({ exec: { x: { stdout: 'ok' } } });
  const jump = `${gateway.ssh.username}@${addressOf(gateway.ssh)}`;
  const missing = await run([
    ...['exec', '-F', 'none', '--attempts', '1', '-i', world.identity, '--user', 'rpa'],
    ...['--host-key', world.server.hostKey.fingerprint, '-J', jump],
    ...['--jump-host-key', gateway.ssh.hostKey.fingerprint, '--jump-identity', join(world.folder, 'absent')],
    ...[world.address, 'x'],
  ]);
  expect(missing.stderr).toContain('absent');
  expect(missing.exitCode).not.toBe(0);
});

test('two ways to check a host key are refused', async () => {
  const flags = ['--host-key', `SHA256:${'x'.repeat(43)}`, '--accept-new'];
  const { exitCode, stderr } = await run(['exec', '-F', 'none', ...flags, 'h', 'x']);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('only one of these for the host key');
});

test('--accept-new records the key, and a changed one is refused afterwards', async () => {
  await using world = await startWorld({ exec: { x: {} } });
  const knownHosts = join(world.folder, 'known_hosts');
  const flags = [...world.flags.slice(0, -2), '--known-hosts', knownHosts, '--host-key-alias', 'pc-of-kim'];
  expect((await run(['exec', ...flags, '--accept-new', world.address, 'x'])).exitCode).toBe(0);
  expect((await run(['exec', ...flags, world.address, 'x'])).exitCode).toBe(0);
});

test('failed attempts are told while it waits, and counted in the end', async () => {
  await using world = await startWorld({ faults: { banner: { close: 'fin' } } });
  const flags = [...world.flags.filter((flag) => flag !== '--attempts' && flag !== '1')];
  const { stderr, exitCode } = await run(['exec', ...flags, '--attempts', '2', world.address, 'x']);
  expect(exitCode).toBe(255);
  expect(stderr).toMatch(/^Attempt 1 of 2: .*; the next in \d/);
  expect(stderr).toContain('tried 2 times');
});

test('a proxy leads to the destination, and to the first jump host', async () => {
  await using world = await startWorld(withPassword);
  await using proxy = await httpProxyServer();
  const env = { SSH_VIA_GATEWAY_PASSWORD: 'hunter2' };
  const flags = [...plain(world), '--proxy', `http://127.0.0.1:${proxy.port}`];
  const { stdout } = await run(['exec', ...flags, `kim@${world.address}`, 'x'], { env });
  expect({ stdout: stdout.toString(), asked: proxy.asked.length }).toEqual({ stdout: 'ok', asked: 1 });
  await run(['exec', ...flags, '-J', world.address, `kim@${world.address}`, 'x'], { env });
  expect(proxy.asked).toEqual([world.address, world.address]);
});

test.each([
  [['--proxy', 'http://kim:hunter2@proxy:3128'], /--proxy: a password .* SSH_VIA_GATEWAY_PROXY/],
  [['--proxy-command', 'nc %q'], /--proxy-command: %q .*is not known/],
  [['--proxy', 'ftp://proxy'], /--proxy: 'ftp:\/\/' given; .* would be right/],
  [
    ['--proxy', 'http://proxy', '--proxy-command', 'nc %h %p'],
    /--proxy and --proxy-command exclude each other/,
  ],
])('%j is wrong use', async (flags, message) => {
  const { exitCode, stderr } = await run(['exec', '-F', 'none', ...flags, 'h', 'x']);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(message);
  expect(stderr).not.toContain('hunter2');
});

test.each([['CORP\\kim'], ['kim@corp.local']])(
  'an account of a domain logs in by its name: %s',
  async (username) => {
    await using server = await startMockServer({
      users: [{ username, password: 'secret' }],
      exec: { x: { stdout: username } },
    });
    const env = { SSH_VIA_GATEWAY_PASSWORD: 'secret' };
    const flags = ['-F', 'none', '--attempts', '1', '--host-key', server.hostKey.fingerprint];
    const at = `${server.host}:${server.port}`;
    for (const way of [[`${username}@${at}`], ['-l', username, at]]) {
      const { stdout, exitCode } = await run(['exec', ...flags, ...way, 'x'], { env });
      expect([exitCode, stdout.toString()]).toEqual([0, username]);
      const doctor = await run(['doctor', ...flags, ...way], { env });
      expect(doctor.stdout.toString()).toContain(`logged in as ${username}`);
    }
  },
);

test('--identity comes before the agent, where keys that nobody named come behind it', async () => {
  const [right, own, ...strangers] = await Promise.all(
    Array.from({ length: 5 }, () => keygen('-t', 'ed25519', '-N', '')),
  );
  await using agent = await fakeAgent({ keys: strangers.map(({ privateKey }) => privateKey) });
  await using world = await startWorld({
    users: [{ username: 'kim', publicKeys: [right!.publicKey] }],
    exec: { x: { stdout: 'ok' } },
    maxAuthTries: 3,
  });
  await mkdir(join(world.folder, '.ssh'));
  await writeFile(join(world.folder, '.ssh', 'id_ed25519'), own!.privateKey, { mode: 0o600 });
  const [key, config] = [join(world.folder, 'key'), join(world.folder, 'config')];
  await writeFile(key, right!.privateKey, { mode: 0o600 });
  await writeFile(config, `IdentityAgent ${agent.path}\n`);
  vi.stubEnv('HOME', world.folder);
  try {
    const pin = ['--host-key', world.server.hostKey.fingerprint, '--attempts', '1', '-F', config];
    const at = [`kim@${world.address}`, 'x'];
    expect((await run(['exec', ...pin, '--identity', key, ...at])).stdout.toString()).toBe('ok');
    expect((await run(['exec', ...pin, ...at])).exitCode).not.toBe(0);
  } finally {
    vi.unstubAllEnvs();
  }
});
