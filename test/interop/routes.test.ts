import { execFile } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import type { ConnectOptions } from '../../src/options/types.ts';
import { jumpHost } from '../../src/route/jump-host.ts';
import { proxyCommand } from '../../src/route/proxy-command.ts';
import { descendants, freePort, type Sshd, startSshd } from '../support/sshd.ts';

const run = promisify(execFile);

let pc: Sshd;
let bastion: Sshd;
let outer: Sshd;
beforeAll(async () => {
  [pc, bastion, outer] = await Promise.all([startSshd(), startSshd(), startSshd()]);
});
afterAll(() => Promise.all([pc, bastion, outer].map((sshd) => sshd.close())));

function login({ host, port, username, privateKey, hostPublicKey }: Sshd) {
  return { host, port, username, privateKey, hostKey: { key: hostPublicKey } };
}

async function whoami(options: Omit<ConnectOptions, 'host' | 'port' | 'username'>): Promise<string> {
  await using connection = await connectViaGateway({ ...login(pc), retry: false, ...options });
  return (await connection.exec('id -un')).stdout.trim();
}

/** Sessions of an sshd, without its listener. */
async function sessions(sshd: Sshd): Promise<number> {
  return (await descendants(sshd.pid)).length;
}

async function children(): Promise<string> {
  const { stdout } = await run('ps', ['--ppid', String(process.pid), '-o', 'stat=,args=']);
  return stdout
    .split('\n')
    .filter((line) => line !== '' && !line.includes('ps --ppid') && !line.includes('/usr/sbin/sshd'))
    .join('\n');
}

describe('a jump host', () => {
  it('leads to a port, through two hops, each with its own login and host key', async () => {
    expect(await whoami({ via: jumpHost({ ...login(bastion), via: jumpHost(login(outer)) }) })).toBe(
      pc.username,
    );
    await vi.waitFor(async () => expect([await sessions(bastion), await sessions(outer)]).toEqual([0, 0]));
  });

  it('leads to a Unix socket that a PC’s tunnel made', async () => {
    const listenPath = join(bastion.home, 'pc.sock');
    await using tunnel = await connectViaGateway(login(bastion));
    await using _forward = await tunnel.forwardRemote({ listenPath, host: pc.host, port: pc.port });
    expect(await whoami({ via: jumpHost({ ...login(bastion), socketPath: listenPath }) })).toBe(pc.username);
  });

  it('says which hop failed', async () => {
    const wrongKey = jumpHost({ ...login(outer), hostKey: { key: pc.hostPublicKey } });
    const hop1 = `jump 1 of 2 (127.0.0.1:${outer.port})`;
    await expect(whoami({ via: jumpHost({ ...login(bastion), via: wrongKey }) })).rejects.toMatchObject({
      code: 'SSH_HOST_KEY_MISMATCH',
      hop: hop1,
    });
    const wrongLogin = jumpHost({
      ...login(bastion),
      privateKey: outer.privateKey,
      via: jumpHost(login(outer)),
    });
    await expect(whoami({ via: wrongLogin })).rejects.toMatchObject({
      code: 'SSH_AUTHENTICATION_FAILED',
      hop: `jump 2 of 2 (127.0.0.1:${bastion.port})`,
    });
    const closedPort = await freePort();
    const refused = connectViaGateway({
      ...login(pc),
      port: closedPort,
      retry: false,
      via: jumpHost(login(outer)),
    });
    await expect(refused).rejects.toMatchObject({
      code: 'SSH_CONNECTION_REFUSED',
      hop: `jump 1 of 1 (127.0.0.1:${outer.port})`,
    });
    await vi.waitFor(async () => expect([await sessions(bastion), await sessions(outer)]).toEqual([0, 0]));
  });

  it('ends the connection at once when it dies, or freezes', async () => {
    for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
      await using own = await startSshd();
      const via = jumpHost({ ...login(own), keepalive: { interval: 200, countMax: 2 } });
      await using connection = await connectViaGateway({ ...login(pc), via });
      const pending = connection.exec('sleep 60');
      pending.catch(() => {});
      const stopped = performance.now();
      for (const pid of await descendants(own.pid)) process.kill(pid, signal);
      await expect(pending).rejects.toMatchObject({ code: 'SSH_CONNECTION_LOST' });
      expect(await connection.closed).toMatchObject({ code: 'SSH_CONNECTION_LOST' });
      expect(performance.now() - stopped).toBeLessThan(4_000);
    }
  });
});

describe('a proxy command', () => {
  it('reaches the PC by ssh -W', async () => {
    const argv = [
      'ssh',
      '-F',
      'none',
      '-o',
      'StrictHostKeyChecking=no',
      '-o',
      'UserKnownHostsFile=/dev/null',
    ];
    const to = [
      '-i',
      bastion.privateKeyPath,
      '-p',
      String(bastion.port),
      `${bastion.username}@${bastion.host}`,
    ];
    expect(await whoami({ via: proxyCommand([...argv, '-W', '%h:%p', ...to]) })).toBe(pc.username);
    await vi.waitFor(async () => expect(await children()).toBe(''));
  });

  it('reaches the PC by nc', async () => {
    expect(await whoami({ via: proxyCommand('nc %h %p') })).toBe(pc.username);
    await vi.waitFor(async () => expect(await children()).toBe(''));
  });

  it('reaches the PC by cloudflared, here a program that does as it does', async () => {
    const cloudflared = join(pc.home, 'cloudflared');
    await writeFile(
      cloudflared,
      `#!${process.execPath}
       const [access, ssh, flag, hostname] = process.argv.slice(2);
       if (access !== 'access' || ssh !== 'ssh' || flag !== '--hostname') process.exit(64);
       if (hostname === 'down.example.com') {
         process.stderr.write('ERR failed to connect to origin error="websocket: bad handshake"\\n', () => process.exit(1));
       } else {
         const s = require('net').connect(${pc.port}, '127.0.0.1');
         process.stdin.pipe(s).pipe(process.stdout);
         s.on('close', () => process.exit(0));
       }`,
    );
    await chmod(cloudflared, 0o755);
    const via = proxyCommand(`${cloudflared} access ssh --hostname %h`);
    expect(await whoami({ via })).toBe(pc.username);
    const down = connectViaGateway({ ...login(pc), host: 'down.example.com', retry: false, via });
    await expect(down).rejects.toMatchObject({
      code: 'SSH_PROXY_COMMAND_FAILED',
      exitCode: 1,
      stderr: 'ERR failed to connect to origin error="websocket: bad handshake"',
    });
    await vi.waitFor(async () => expect(await children()).toBe(''));
  });

  it('ends the connection at once when the command is killed', async () => {
    await using connection = await connectViaGateway({ ...login(pc), via: proxyCommand('nc %h %p') });
    const pending = connection.exec('sleep 60');
    pending.catch(() => {});
    const { stdout } = await run('ps', ['--ppid', String(process.pid), '-o', 'pid=,args=']);
    const pid = Number(/^\s*(\d+) nc /m.exec(stdout)?.[1]);
    process.kill(pid, 'SIGKILL');
    await expect(pending).rejects.toMatchObject({ code: 'SSH_CONNECTION_LOST' });
    expect((await connection.closed)?.cause).toMatchObject({
      code: 'SSH_PROXY_COMMAND_FAILED',
      signal: 'SIGKILL',
      message: expect.stringMatching(/^The proxy command nc was ended by SIGKILL/),
    });
  });
});
