import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import { closeOf, digestOf, echoServer, readAll, sendRandom, tcpServer } from '../support/echo.ts';
import { freePort, type Sshd, type SshdOptions, startSshd } from '../support/sshd.ts';

async function open(sshd: Sshd) {
  const { host, port, username, privateKey } = sshd;
  return connectViaGateway({ host, port, username, privateKey, hostKey: { key: sshd.hostPublicKey } });
}

async function world(options?: SshdOptions) {
  const sshd = await startSshd(options);
  const connection = await open(sshd);
  const dispose = async () => {
    await connection.close();
    await sshd.close();
  };
  return { sshd, connection, [Symbol.asyncDispose]: dispose };
}

function dial(to: { port: number } | { path: string }): Socket {
  const socket = connect({ ...to, host: '127.0.0.1', allowHalfOpen: true } as never) as Socket;
  return socket.on('error', () => {});
}

async function bothWays(port: number, bytes: number): Promise<void> {
  const socket = dial({ port });
  const [sent, got] = await Promise.all([sendRandom(socket, bytes), digestOf(socket)]);
  expect(got).toEqual({ bytes, sha256: sent });
}

describe('forwards through real sshd', () => {
  it('carry 100 MB both ways at once, through a local and a remote forward at the same time', async () => {
    await using w = await world();
    await using target = await echoServer();
    const to = { host: '127.0.0.1', port: target.port };
    await using local = await w.connection.forwardLocal(to);
    await using remote = await w.connection.forwardRemote({ ...to, listenPort: 0 });
    const started = performance.now();
    await Promise.all([bothWays(local.port, 100e6), bothWays(remote.port, 100e6)]);
    console.log(`4 x 100 MB: ${Math.round(400e6 / 1e3 / (performance.now() - started))} MB/s`);
  });

  it('serve 200 connections at once through one forward, in either direction', async () => {
    await using w = await world();
    await using target = await echoServer();
    const to = { host: '127.0.0.1', port: target.port };
    await using local = await w.connection.forwardLocal(to);
    await using remote = await w.connection.forwardRemote({ ...to, listenPort: 0 });
    for (const forward of [local, remote]) {
      const sockets = Array.from({ length: 200 }, () => dial(forward));
      for (const [i, socket] of sockets.entries()) socket.write(`number ${i}`);
      await vi.waitFor(() => expect(forward.connections).toBe(200), { timeout: 20_000 });
      for (const socket of sockets) socket.end();
      const answers = await Promise.all(sockets.map(readAll));
      expect(answers.map(String)).toEqual(sockets.map((_, i) => `number ${i}`));
      await vi.waitFor(() => expect(forward.connections).toBe(0));
    }
  });

  it('listen on the loopback alone, whatever address was asked for, and say that all is well', async () => {
    await using w = await world();
    await using target = await echoServer();
    const to = { host: '127.0.0.1', port: target.port };
    await using remote = await w.connection.forwardRemote({ ...to, listenHost: '0.0.0.0', listenPort: 0 });
    expect(remote.host).toBe('0.0.0.0');
    const [error] = await once(connect({ host: '127.0.0.2', port: remote.port }), 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
    await bothWays(remote.port, 1_000);
  });

  it('keep half-close in either direction', async () => {
    await using w = await world();
    await using target = await tcpServer(async (socket) => {
      socket.end(`heard: ${await readAll(socket)}`);
    });
    const to = { host: '127.0.0.1', port: target.port };
    await using local = await w.connection.forwardLocal(to);
    await using remote = await w.connection.forwardRemote({ ...to, listenPort: 0 });
    for (const forward of [local, remote]) {
      const socket = dial(forward);
      socket.end('all of it');
      expect((await readAll(socket)).toString()).toBe('heard: all of it');
    }
  });

  it('lead to and from Unix sockets, and take one over with StreamLocalBindUnlink', async () => {
    await using w = await world({ config: ['StreamLocalBindUnlink yes'] });
    await using target = await echoServer();
    const listenPath = join(w.sshd.home, 'pc.sock');
    const to = { host: '127.0.0.1', port: target.port };
    await using zombie = await open(w.sshd);
    await zombie.forwardRemote({ ...to, listenPath });
    await using published = await w.connection.forwardRemote({ ...to, listenPath });
    await using local = await w.connection.forwardLocal({ socketPath: listenPath });
    const socket = dial(local);
    socket.end('by way of a socket');
    expect((await readAll(socket)).toString()).toBe('by way of a socket');
    expect(published).toMatchObject({ path: listenPath });
    const stream = await w.connection.openStream({ socketPath: listenPath });
    stream.end('directly');
    expect((await readAll(stream)).toString()).toBe('directly');
  });

  it('go on after a refused target, in either direction', async () => {
    await using w = await world();
    const to = { host: '127.0.0.1', port: await freePort() };
    await using local = await w.connection.forwardLocal(to);
    await using remote = await w.connection.forwardRemote({ ...to, listenPort: 0 });
    for (const forward of [local, remote]) {
      const socket = dial(forward).resume();
      socket.end();
      await closeOf(socket);
    }
    await using _target = await echoServer({ port: to.port });
    for (const forward of [local, remote]) {
      const socket = dial(forward);
      socket.end('now');
      expect((await readAll(socket)).toString()).toBe('now');
    }
  });

  it('show a killed session as a reset, not as an end', async () => {
    await using w = await world();
    await using target = await tcpServer((socket) => socket.write('half of'));
    await using local = await w.connection.forwardLocal({ host: '127.0.0.1', port: target.port });
    const socket = dial(local);
    await once(socket, 'readable');
    await w.sshd.stop();
    await expect(readAll(socket)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await local.closed).toMatchObject({ code: 'SSH_CONNECTION_LOST' });
  });

  it('can be used by the OpenSSH client’s own tools', async () => {
    await using w = await world();
    await using remote = await w.connection.forwardRemote({
      host: '127.0.0.1',
      port: w.sshd.port,
      listenPort: 0,
    });
    const keyscan = spawn('ssh-keyscan', ['-t', 'ed25519', '-p', String(remote.port), '127.0.0.1']);
    const out = await readAll(keyscan.stdout as never);
    expect(out.toString()).toContain(w.sshd.hostPublicKey);
  });
});

describe('forwardDynamic through real sshd', () => {
  it.each(['socks5h', 'socks5', 'socks4a', 'socks4'])('serves curl by %s, as ssh -D does', async (scheme) => {
    await using w = await world();
    await using target = await tcpServer((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfound')),
    );
    await using proxy = await w.connection.forwardDynamic();
    const curl = (port: number) =>
      promisify(execFile)('curl', [
        ...['--silent', '--show-error', '--max-time', '10', '--proxy', `${scheme}://127.0.0.1:${proxy.port}`],
        `http://localhost:${port}/`,
      ]);
    expect((await curl(target.port)).stdout).toBe('found');
    await expect(curl(await freePort())).rejects.toMatchObject({ code: 97 });
  });
});

describe('a refused remote forward', () => {
  const to = { host: '127.0.0.1', port: 22 };

  it.each([
    ['PermitListen 9012', 9_013, 'not-permitted', false],
    ['AllowTcpForwarding no', 9_012, 'forwarding-disabled', false],
    ['AllowTcpForwarding local', 9_012, 'forwarding-disabled', false],
    ['DisableForwarding yes', 9_012, 'forwarding-disabled', false],
    ['PermitUserEnvironment no', 81, 'privileged-port', false],
  ])('with %s on port %i says %s', async (config, listenPort, reason, retryable) => {
    await using w = await world({ config: [config] });
    await expect(w.connection.forwardRemote({ ...to, listenPort })).rejects.toMatchObject({
      code: 'SSH_PORT_FORWARD_FAILED',
      reason,
      retryable,
    });
  });

  it('says that the port is taken, also where permitlisten names it', async () => {
    const listenPort = await freePort();
    await using w = await world({ config: [`PermitListen ${listenPort}`] });
    await using other = await open(w.sshd);
    await using _held = await other.forwardRemote({ ...to, listenPort });
    await expect(w.connection.forwardRemote({ ...to, listenPort })).rejects.toMatchObject({
      reason: 'port-taken',
      retryable: true,
    });
  });

  it('on a Unix socket speaks of sockets', async () => {
    await using w = await world();
    const call = w.connection.forwardRemote({ ...to, listenPath: '/root/no.sock' });
    await expect(call).rejects.toMatchObject({ reason: 'path-taken', listenPath: '/root/no.sock' });
  });
});
