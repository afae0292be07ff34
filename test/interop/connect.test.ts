import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import type { ConnectOptions } from '../../src/options/types.ts';
import { deafPort } from '../support/deaf-port.ts';
import { failureOf, pause, until } from '../support/outcome.ts';
import { keygen } from '../support/private-keys.ts';
import { freePort, type Sshd, startSshd } from '../support/sshd.ts';
import { type TunnelledPc, tunnelledPc } from '../support/tunnelled-pc.ts';

const run = promisify(execFile);
const timeouts = { tcp: 600, banner: 600, handshake: 5_000, auth: 5_000 };

const optionsFor = (sshd: Sshd, more: Partial<ConnectOptions> = {}): ConnectOptions => ({
  host: sshd.host,
  port: sshd.port,
  username: sshd.username,
  privateKey: sshd.privateKey,
  hostKey: { key: sshd.hostPublicKey },
  retry: false,
  ...more,
});

const throughGateway = ({ pc, host, port }: TunnelledPc, more: Partial<ConnectOptions> = {}) =>
  connectViaGateway(optionsFor(pc, { host, port, timeouts, ...more }));

describe('a PC behind a real sshd and ssh -R', () => {
  it('is reached through its published port', async () => {
    await using world = await tunnelledPc();
    await using connection = await throughGateway(world);
    expect(connection.serverVersion).toMatch(/^OpenSSH_/);
    expect((await connection.exec('echo from the PC')).stdout).toBe('from the PC\n');
  });

  it('whose tunnel is down gives ConnectionRefused', async () => {
    await using world = await tunnelledPc();
    const gone = new Promise((resolve) => world.client.once('exit', resolve));
    world.client.kill('SIGTERM');
    await gone;
    for (let turn = 0; (await world.isPublished()) && turn < 100; turn++) await pause(30);
    const { error, ms } = await failureOf(throughGateway(world));
    expect(error).toMatchObject({ code: 'SSH_CONNECTION_REFUSED', phase: 'tcp', retryable: true });
    expect(error.attempts).toHaveLength(1);
    expect(ms).toBeLessThan(timeouts.tcp);
  });

  it('whose sshd is down gives BannerMissing, at once', { retry: 2 }, async () => {
    await using world = await tunnelledPc();
    process.kill(world.pc.pid, 'SIGTERM');
    await pause(300);
    const { error, ms } = await failureOf(throughGateway(world));
    expect(error).toMatchObject({ code: 'SSH_BANNER_MISSING', phase: 'banner', retryable: true });
    expect(error.hint).toMatch(/sshd is not running/);
    expect(ms).toBeLessThan(timeouts.banner + 600);
  });

  it('whose ssh client is stopped gives BannerTimeout, in its time', { retry: 2 }, async () => {
    await using world = await tunnelledPc();
    world.client.kill('SIGSTOP');
    const { error, ms } = await failureOf(throughGateway(world));
    expect(error).toMatchObject({ code: 'SSH_BANNER_TIMEOUT', phase: 'banner', retryable: true });
    expect(error.hint).toMatch(/zombie/);
    expect(ms).toBeGreaterThanOrEqual(timeouts.banner - 5);
    expect(ms).toBeLessThan(timeouts.banner + 600);
  });

  it('that vanishes from an open connection is noticed by the keepalive', async () => {
    await using world = await tunnelledPc();
    const connection = await throughGateway(world, { keepalive: { interval: 300, countMax: 2 } });
    const command = failureOf(Promise.resolve(connection.exec('sleep 60')));
    await pause(100);
    world.client.kill('SIGSTOP');
    expect(await connection.closed).toMatchObject({ code: 'SSH_CONNECTION_LOST', why: 'keepalive' });
    expect((await command).error).toMatchObject({ code: 'SSH_CONNECTION_LOST' });
  });

  it('whose tunnel ends under an open connection loses it', async () => {
    await using world = await tunnelledPc();
    const connection = await throughGateway(world);
    world.client.kill('SIGKILL');
    expect(await connection.closed).toMatchObject({ code: 'SSH_CONNECTION_LOST', why: 'socket' });
  });

  it('that shows another host key is refused with HostKeyMismatch', async () => {
    await using world = await tunnelledPc();
    const { error } = await failureOf(
      throughGateway(world, { hostKey: { key: world.gateway.hostPublicKey } }),
    );
    expect(error).toMatchObject({ code: 'SSH_HOST_KEY_MISMATCH', phase: 'handshake', retryable: false });
  });

  it('that does not know the key refuses with AuthenticationFailed', async () => {
    await using world = await tunnelledPc();
    const { privateKey } = world.gateway;
    const { error } = await failureOf(
      throughGateway(world, { privateKey, retry: { attempts: 3, minDelay: 1 } }),
    );
    expect(error).toMatchObject({ code: 'SSH_AUTHENTICATION_FAILED', phase: 'auth', retryable: false });
    expect(error['methodsOffered']).toContain('publickey');
    expect(error.attempts).toHaveLength(1);
  });
});

describe('a port', () => {
  it('with nothing behind it gives ConnectionRefused', async () => {
    await using sshd = await startSshd();
    const { error } = await failureOf(connectViaGateway(optionsFor(sshd, { port: await freePort() })));
    expect(error).toMatchObject({ code: 'SSH_CONNECTION_REFUSED' });
  });

  it('whose SYNs are not answered gives TcpTimeout', { retry: 2 }, async () => {
    await using sshd = await startSshd();
    await using deaf = await deafPort();
    const { error, ms } = await failureOf(connectViaGateway(optionsFor(sshd, { port: deaf.port, timeouts })));
    expect(error).toMatchObject({ code: 'SSH_TCP_TIMEOUT', phase: 'tcp' });
    expect(ms).toBeLessThan(timeouts.tcp + 600);
  });

  it('none of many is dropped by the MaxStartups that sshd has by default', async () => {
    await using sshd = await startSshd({ config: ['MaxStartups 10:30:100'] });
    const connecting = Array.from({ length: 60 }, () => connectViaGateway(optionsFor(sshd)));
    for (const outcome of await Promise.allSettled(connecting))
      expect(outcome).toMatchObject({ status: 'fulfilled' });
    expect(sshd.log()).not.toMatch(/MaxStartups/);
    await Promise.all(connecting.map(async (connection) => (await connection).close()));
  });

  it('of an sshd with too many unfinished logins is told by its words, and tried again', async () => {
    await using sshd = await startSshd({ config: ['PerSourceMaxStartups 1'] });
    const holder = await unfinishedLogin(sshd);
    const codes: string[] = [];
    const retry = {
      attempts: 20,
      minDelay: 300,
      maxDelay: 300,
      onRetry: ({ code }: { code: string }) => void codes.push(code),
    };
    const connecting = connectViaGateway(optionsFor(sshd, { retry }));
    await until(() => codes.length > 0, 10_000);
    holder.destroy();
    await using connection = await connecting;
    expect(connection.serverVersion).toMatch(/^OpenSSH/);
    for (const code of codes)
      expect(['SSH_BANNER_INVALID', 'SSH_BANNER_MISSING', 'SSH_HANDSHAKE_FAILED']).toContain(code);
  });
});

/** The connection that asked whether sshd has started may be counted for a moment yet: then this one is refused. */
async function unfinishedLogin({ host, port }: Sshd): Promise<Socket> {
  for (let tries = 0; tries < 50; tries++) {
    const socket = connect(port, host).on('error', () => {});
    const said = await new Promise((resolve) => socket.once('data', resolve).once('close', resolve));
    if (String(said).startsWith('SSH-')) return socket;
    socket.destroy();
    await pause(100);
  }
  throw new Error('sshd took no login');
}

describe('a real sshd', () => {
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(() => sshd.close());

  it.each([
    ['ed25519', ['-t', 'ed25519']],
    ['ecdsa', ['-t', 'ecdsa', '-b', '384']],
    ['rsa', ['-t', 'rsa', '-b', '3072']],
    ['an encrypted rsa in PKCS#8', ['-t', 'rsa', '-b', '2048', '-m', 'PKCS8']],
  ])('lets a key in: %s', async (what, options) => {
    const passphrase = what.includes('encrypted') ? 'Geheim-93!' : '';
    const { privateKey, publicKey } = await keygen(...options, '-N', passphrase);
    const folder = await mkdtemp(join(tmpdir(), 'svg-authorized-'));
    await run('chmod', ['755', folder]);
    await writeFile(join(folder, 'keys'), `${publicKey}\n`, { mode: 0o644 });
    await using own = await startSshd({ config: [`AuthorizedKeysFile ${join(folder, 'keys')}`] });
    const withPassphrase = passphrase ? { passphrase } : {};
    await using connection = await connectViaGateway(optionsFor(own, { privateKey, ...withPassphrase }));
    expect((await connection.exec('id -un')).stdout.trim()).toBe(own.username);
    await rm(folder, { recursive: true });
  });

  it.each(['ed25519', 'rsa'])('lets the %s key of a real ssh-agent in, after another', async (type) => {
    const folder = await mkdtemp(join(tmpdir(), 'svg-ssh-agent-'));
    await run('chmod', ['755', folder]);
    const agent = await startAgent(join(folder, 'agent.sock'));
    try {
      await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'other')]);
      await run('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', join(folder, 'key')]);
      for (const name of ['other', 'key'])
        await run('ssh-add', ['-q', join(folder, name)], { env: agent.env });
      await using own = await startSshd({ config: [`AuthorizedKeysFile ${join(folder, 'key.pub')}`] });
      const options = optionsFor(own, { agent: agent.env.SSH_AUTH_SOCK });
      delete options.privateKey;
      await using connection = await connectViaGateway(options);
      expect((await connection.exec('id -un')).stdout.trim()).toBe(own.username);
    } finally {
      agent.process.kill('SIGTERM');
      await rm(folder, { recursive: true });
    }
  });

  it('shows its login notice, and closes in good order', async () => {
    await writeFile(join(sshd.home, 'notice'), 'Only for authorised robots\n');
    await using own = await startSshd({ config: [`Banner ${join(sshd.home, 'notice')}`] });
    const notices: string[] = [];
    const connection = await connectViaGateway(
      optionsFor(own, { onLoginBanner: (notice) => notices.push(notice) }),
    );
    await connection.close();
    expect(await connection.closed).toBeUndefined();
    expect(notices.join('')).toContain('Only for authorised robots');
    await until(
      () => /disconnected by|Disconnected from/i.test(own.log()) || own.log().includes('Connection closed'),
      5_000,
    ).catch(() => {});
    expect(own.log()).not.toMatch(/Connection reset/);
  });

  it('goes on through re-keys', async () => {
    await using own = await startSshd({ config: ['RekeyLimit 1M'] });
    await using connection = await connectViaGateway(optionsFor(own));
    const { stdout } = await connection.exec('head -c 8000000 /dev/zero | tr "\\0" x', {
      maxBuffer: 9_000_000,
    });
    expect(stdout.length).toBe(8_000_000);
  });

  it('is not killed by its own ClientAlive while it runs a quiet command', async () => {
    await using own = await startSshd({ config: ['ClientAliveInterval 1', 'ClientAliveCountMax 2'] });
    await using connection = await connectViaGateway(
      optionsFor(own, { keepalive: { interval: 1_000, countMax: 3 } }),
    );
    expect((await connection.exec('sleep 6; echo done')).stdout).toBe('done\n');
  });
});

async function startAgent(path: string): Promise<{ process: ChildProcess; env: { SSH_AUTH_SOCK: string } }> {
  const agent = spawn('ssh-agent', ['-D', '-a', path], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => agent.stdout?.once('data', resolve));
  return { process: agent, env: { ...process.env, SSH_AUTH_SOCK: path } };
}
