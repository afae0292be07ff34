import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import { endTunnel } from '../../src/tunnel/list/end-tunnel.ts';
import { listTunnels } from '../../src/tunnel/list/list.ts';
import { freePort, type Sshd, startSshd } from '../support/sshd.ts';

let gateway: Sshd;
let root: Sshd;
let other: Sshd;
let pc: Sshd;
beforeAll(async () => {
  [gateway, root, other, pc] = await Promise.all([
    startSshd(),
    startSshd({ user: 'root' }),
    startSshd(),
    startSshd(),
  ]);
});
afterAll(() => Promise.all([gateway, root, other, pc].map((sshd) => sshd.close())));

function login({ host, port, username, privateKey, hostPublicKey }: Sshd) {
  return connectViaGateway({ host, port, username, privateKey, hostKey: { key: hostPublicKey } });
}

/** A tunnel as a batch file makes it: OpenSSH's client, no note. */
async function batchFile() {
  const port = await freePort();
  const noAsk = [
    '-o',
    'StrictHostKeyChecking=no',
    '-o',
    'UserKnownHostsFile=/dev/null',
    '-o',
    'LogLevel=ERROR',
  ];
  const child = spawn('ssh', [
    ...['-F', 'none', '-N', ...noAsk, '-o', 'ExitOnForwardFailure=yes', '-i', gateway.privateKeyPath],
    ...['-p', String(gateway.port), '-R', `${port}:127.0.0.1:${pc.port}`, `${gateway.username}@127.0.0.1`],
  ]);
  const dispose = async () => {
    child.kill('SIGKILL');
  };
  return { port, child, [Symbol.asyncDispose]: dispose };
}

describe('tunnels made by OpenSSH’s own client', () => {
  it('are seen with their session by root, by user by everybody', async () => {
    await using tunnel = await batchFile();
    await using asRoot = await login(root);
    await using asOther = await login(other);
    const ports = [tunnel.port];
    await vi.waitFor(
      async () =>
        expect(await listTunnels(asRoot, { ports, check: false })).toMatchObject([{ verdict: 'unknown' }]),
      { timeout: 10_000 },
    );
    const [seen] = await listTunnels(asRoot, { ports });
    expect(seen).toMatchObject({ verdict: 'alive', user: gateway.username, pidFrom: 'root' });
    expect(seen?.addresses).toContain('127.0.0.1');
    expect((await listTunnels(asRoot, { check: false })).map(({ port }) => port)).toContain(tunnel.port);
    const [foreign] = await listTunnels(asOther, { ports });
    expect(foreign).toMatchObject({ verdict: 'alive', user: gateway.username, uid: seen?.uid });

    tunnel.child.kill('SIGSTOP');
    const zombies = await listTunnels(asRoot, { ports, answerTimeout: 700 });
    expect(zombies).toMatchObject([{ verdict: 'silent', pid: seen?.pid }]);
    expect(await endTunnel(asOther, tunnel.port)).toMatchObject({
      ended: false,
      reason: expect.stringMatching(/not-permitted|holder-unknown/),
    });
    expect(await listTunnels(asRoot, { ports, check: false })).toMatchObject([{ verdict: 'unknown' }]);
    expect(await endTunnel(asRoot, tunnel.port)).toMatchObject({ ended: true, pid: seen?.pid });
    expect(await listTunnels(asRoot, { ports })).toMatchObject([{ verdict: 'refused' }]);
  });

  it('can be ended by their own account when it has no other session', async () => {
    await using tunnel = await batchFile();
    await using own = await login(gateway);
    const ports = [tunnel.port];
    await vi.waitFor(
      async () =>
        expect(await listTunnels(own, { ports })).toMatchObject([
          { verdict: 'alive', pidFrom: 'only-session' },
        ]),
      { timeout: 10_000 },
    );
    expect(await endTunnel(own, tunnel.port)).toMatchObject({ ended: true, user: gateway.username });
    expect(await listTunnels(own, { ports })).toMatchObject([{ verdict: 'refused' }]);
  });

  it('are never taken for what is none: a port that another program holds', async () => {
    await using asRoot = await login(root);
    const [notSsh] = await listTunnels(asRoot, { ports: [pc.port], check: false });
    expect(notSsh).toMatchObject({ port: pc.port, user: 'root' });
    expect(notSsh?.pid).toBeUndefined();
    expect(await endTunnel(asRoot, pc.port)).toMatchObject({
      ended: false,
      reason: 'holder-unknown',
      message: `No SSH session holds port ${pc.port}: another program of root listens on it.`,
    });
  });
});
