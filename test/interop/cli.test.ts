import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import type { Step, StepName } from '../../src/cli/doctor/steps.ts';
import { type Running, run } from '../cli/run.ts';
import { type Sshd, type SshdOptions, startSshd } from '../support/sshd.ts';

let sshd: Sshd | undefined;
afterEach(async () => {
  await sshd?.close();
  sshd = undefined;
});

/** The program, pointed at a real sshd. */
async function start(options: SshdOptions = {}) {
  sshd = await startSshd(options);
  const { home, host, port, username, privateKeyPath, hostPublicKey } = sshd;
  const knownHosts = `${privateKeyPath}.known_hosts`;
  await writeFile(knownHosts, `[${host}]:${port} ${hostPublicKey}\n`);
  const flags = ['--ssh-config', 'none', '--attempts', '1', '--user', username];
  flags.push('--identity', privateKeyPath, '--known-hosts', knownHosts);
  const address = `${host}:${port}`;
  const cli = (command: string, ...args: string[]): Running =>
    run([...command.split(' '), ...flags, ...args]);
  return { cli, address, home };
}

async function diagnose(options: SshdOptions = {}): Promise<(name: StepName) => Step> {
  const { cli, address } = await start(options);
  const { stdout } = await cli('doctor', '--json', address);
  const { steps } = JSON.parse(stdout.toString()) as { steps: Step[] };
  return (name) => steps.find((step) => step.name === name)!;
}

test('doctor finds a real sshd well, its shell and its ten sessions', async () => {
  const step = await diagnose();
  for (const name of [
    'tcp',
    'banner',
    'keys',
    'hostKey',
    'login',
    'exec',
    'sftp',
    'keepalive',
    'clock',
  ] as const) {
    expect(step(name)).toMatchObject({ verdict: 'ok' });
  }
  expect(step('maxSessions')).toMatchObject({ verdict: 'ok', facts: { maxSessions: 10 } });
  expect(step('shell')).toMatchObject({ verdict: 'ok', facts: { shell: 'posix' } });
});

test.each([1, 3])('doctor measures MaxSessions %d', async (limit) => {
  const step = await diagnose({ config: [`MaxSessions ${limit}`] });
  expect(step('maxSessions')).toMatchObject({
    verdict: limit === 1 ? 'warn' : 'ok',
    facts: { maxSessions: limit },
  });
});

test('doctor names a forced command, and a server without SFTP', async () => {
  const forced = await diagnose({ config: ['ForceCommand echo only backups here'] });
  expect(forced('exec')).toMatchObject({
    verdict: 'fail',
    says: expect.stringContaining('only backups here'),
  });
  await sshd?.close();
  const sftpOnly = await diagnose({ config: ['ForceCommand internal-sftp'] });
  expect(sftpOnly('exec').verdict).toBe('fail');
  expect(sftpOnly('sftp').verdict).toBe('ok');
});

test('exec, put and get do their work, and Ctrl-C ends the command on the server', async () => {
  const { cli, address, home } = await start();
  const failed = await cli('exec', address, 'echo out; echo err >&2; exit 7');
  expect(failed).toMatchObject({ exitCode: 7, stderr: 'err\n' });
  const content = randomBytes(3_000_000);
  const local = `${sshd?.privateKeyPath}.local`;
  await writeFile(local, content);
  expect((await cli('put', '--verify', 'sha256', address, local, join(home, 'in.bin'))).exitCode).toBe(0);
  expect((await cli('get', address, join(home, 'in.bin'), `${local}.back`)).exitCode).toBe(0);
  expect((await readFile(`${local}.back`)).equals(content)).toBe(true);
  const running = cli('exec', address, `echo $$ > ${home}/pid; echo up; exec sleep 4242`);
  await vi.waitFor(() => expect(running.stdoutSoFar).toBe('up\n'), 10_000);
  const pid = Number(await readFile(join(home, 'pid'), 'utf8'));
  running.stop();
  expect((await running).exitCode).toBe(130);
  await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), 5_000);
});

test('tunnel publishes a port on a real gateway, tunnels lists and ends it, and it comes back', async () => {
  const { cli, address } = await start();
  const target = address;
  const port = await freePort();
  const tunnel = cli('tunnel', '-R', `${port}:${target}`, '--lock', 'none', '--reclaim', address);
  await vi.waitFor(() => expect(tunnel.stdoutSoFar).toContain('is on record'), 20_000);
  const listed = await cli('tunnels', '--json', '--ports', String(port), address);
  const user = sshd?.username;
  expect(JSON.parse(listed.stdout.toString())).toMatchObject([
    { port, verdict: 'alive', user, pidFrom: 'note' },
  ]);
  const ended = await cli('tunnels', '--end', String(port), address);
  expect(ended).toMatchObject({ exitCode: 0 });
  await vi.waitFor(
    () => expect(tunnel.stdoutSoFar.match(/ up +the gateway listens/g)).toHaveLength(2),
    20_000,
  );
  tunnel.stop('SIGTERM');
  expect((await tunnel).exitCode).toBe(0);
  const after = await cli('tunnels', '--ports', String(port), address);
  expect(after.stdout.toString()).toContain('refused');
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
