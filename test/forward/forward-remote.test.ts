import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { remoteForwardFailed } from '../../src/forward/failure.ts';
import { forwardRemote } from '../../src/forward/forward-remote.ts';
import type { RemoteForwardOptions } from '../../src/forward/types.ts';
import { type MockServer, startMockServer } from '../../src/mock-server/index.ts';
import { closeOf, digestOf, echoServer, readAll, sendRandom, tcpServer } from '../support/echo.ts';
import { plainLink } from '../support/plain-link.ts';

let server: MockServer;
let dir: string;
beforeAll(async () => {
  server = await startMockServer({ unixSockets: { bindUnlink: true } });
  dir = await mkdtemp(join(tmpdir(), 'forward-'));
});
afterAll(async () => {
  await server.close();
  await rm(dir, { recursive: true });
});

function open() {
  const { host, port, username, password } = server;
  return plainLink({ host, port, username, password });
}

function dial(to: { port: number } | { path: string }): Socket {
  const socket = connect({ ...to, host: '127.0.0.1', allowHalfOpen: true } as never) as Socket;
  socket.on('error', () => {});
  return socket;
}

async function say(to: { port: number } | { path: string }, words: string): Promise<string> {
  const socket = dial(to);
  socket.end(words);
  return (await readAll(socket)).toString();
}

const listen = { listenHost: '127.0.0.1', listenPort: 0 };

describe('forwardRemote', () => {
  it('listens on the server and leads to a local port', async () => {
    await using made = await open();
    await using target = await echoServer();
    await using forward = await forwardRemote(made.link, { ...listen, host: '127.0.0.1', port: target.port });
    expect(forward.port).toBeGreaterThan(0);
    expect(await say(forward, 'from there')).toBe('from there');
    await vi.waitFor(() => expect(forward.connections).toBe(0));
  });

  it('carries 10 MB both ways simultaneously through each of ten connections', async () => {
    await using made = await open();
    await using target = await echoServer();
    await using forward = await forwardRemote(made.link, { ...listen, host: '127.0.0.1', port: target.port });
    const bytes = 10 << 20;
    const one = async () => {
      const socket = dial(forward);
      const [sent, got] = await Promise.all([sendRandom(socket, bytes), digestOf(socket)]);
      expect(got).toEqual({ bytes, sha256: sent });
    };
    await Promise.all(Array.from({ length: 10 }, one));
  });

  it('serves 200 connections at once', async () => {
    await using made = await open();
    await using target = await echoServer();
    await using forward = await forwardRemote(made.link, { ...listen, host: '127.0.0.1', port: target.port });
    const sockets = Array.from({ length: 200 }, () => dial(forward));
    for (const [i, socket] of sockets.entries()) socket.write(`number ${i}`);
    await vi.waitFor(() => expect(forward.connections).toBe(200), { timeout: 10_000 });
    for (const socket of sockets) socket.end();
    const answers = await Promise.all(sockets.map(readAll));
    expect(answers.map(String)).toEqual(sockets.map((_, i) => `number ${i}`));
    await vi.waitFor(() => expect(forward.connections).toBe(0));
  });

  it('leads from a Unix socket on the server to a local one, and replaces an old one', async () => {
    await using first = await open();
    await using second = await open();
    await using _target = await echoServer({ path: join(dir, 'pc') });
    const options = { listenPath: join(dir, 'published'), socketPath: join(dir, 'pc') };
    await using stale = await forwardRemote(first.link, options);
    await using forward = await forwardRemote(second.link, options);
    expect(forward).toMatchObject({ path: options.listenPath, host: '', port: 0 });
    expect(await say({ path: options.listenPath }, 'by socket')).toBe('by socket');
    expect(stale.connections).toBe(0);
  });

  it('closes one connection if the target refuses, reports why, and continues', async () => {
    await using made = await open();
    const target = await echoServer();
    const errors: Error[] = [];
    await using forward = await forwardRemote(made.link, {
      ...listen,
      host: '127.0.0.1',
      port: target.port,
      onConnectionError: (error) => errors.push(error),
    });
    await target.close();
    const visitor = dial(forward);
    visitor.resume().end();
    await closeOf(visitor);
    await vi.waitFor(() => expect(errors).toMatchObject([{ code: 'ECONNREFUSED' }]));
    await using _again = await echoServer({ port: target.port });
    expect(await say(forward, 'back')).toBe('back');
  });

  it('survives targets that reset the connection', async () => {
    await using made = await open();
    await using target = await tcpServer((socket) => socket.resetAndDestroy());
    await using forward = await forwardRemote(made.link, { ...listen, host: '127.0.0.1', port: target.port });
    for (let i = 0; i < 20; i++) {
      const visitor = dial(forward);
      visitor.end('x'.repeat(i * 10_000));
      visitor.resume();
      await closeOf(visitor);
    }
    await vi.waitFor(() => expect(forward.connections).toBe(0));
    expect(made.link.lost.error).toBeUndefined();
  });

  it('releases the port with close(), ends its connections, and resolves `closed`', async () => {
    await using made = await open();
    await using target = await echoServer();
    const options = { host: '127.0.0.1', port: target.port };
    const forward = await forwardRemote(made.link, { ...listen, ...options });
    const visitor = dial(forward);
    visitor.write('x');
    await once(visitor, 'readable');
    visitor.resume().on('end', () => visitor.end());
    await Promise.all([forward.close(), forward.close(), closeOf(visitor)]);
    expect(await forward.closed).toBeUndefined();
    await using again = await forwardRemote(made.link, { ...listen, ...options, listenPort: forward.port });
    expect(await say(again, 'again')).toBe('again');
  });

  it('ends with the error of the SSH connection', async () => {
    const made = await open();
    await using target = await echoServer();
    const forward = await forwardRemote(made.link, { ...listen, host: '127.0.0.1', port: target.port });
    const visitor = dial(forward);
    visitor.write('x');
    await vi.waitFor(() => expect(target.sockets.size).toBe(1));
    server.dropAll('rst');
    expect(await forward.closed).toMatchObject({ code: 'SSH_CONNECTION_LOST' });
    await vi.waitFor(() => expect(target.sockets.size).toBe(0));
    expect(made.link.lost.listenerCount).toBe(0);
    visitor.destroy();
    await made.close();
  });

  it('explains a port in use by the zombie that probably holds it', async () => {
    await using first = await open();
    await using second = await open();
    const to = { host: '127.0.0.1', port: 9 };
    await using held = await forwardRemote(first.link, { ...listen, ...to });
    const call = forwardRemote(second.link, { ...listen, ...to, listenPort: held.port });
    await expect(call).rejects.toMatchObject({
      code: 'SSH_PORT_FORWARD_FAILED',
      direction: 'remote',
      reason: 'port-taken',
      listenHost: '127.0.0.1',
      listenPort: held.port,
      phase: 'forward',
      retryable: true,
      hint: expect.stringMatching(
        /zombie session probably.*\(ClientAliveCountMax \+ 1\) x ClientAliveInterval.*`reclaim`/,
      ),
    });
    expect(second.link.lost.error).toBeUndefined();
  });

  it.each([
    [{ host: 'h', port: 22, listenPort: 70_000 }, RangeError, /^option listenPort: 70000 given/],
    [
      { host: 'h', port: 22 },
      TypeError,
      /^option listenPort: undefined given; a whole number from 0 to 65535/,
    ],
    [{ host: 'h', port: 0, listenPort: 1 }, RangeError, /^option port: 0 given/],
    [{ listenPort: 1 }, TypeError, /^option host: undefined given/],
    [{ host: 'h', port: 1, listenPort: 1, conectTimeout: 1 }, TypeError, /did you mean connectTimeout/],
    [{ host: 'h', port: 1, listenPort: 1, connectTimeout: 0 }, RangeError, /option connectTimeout: 0 given/],
    [
      { host: 'h', port: 1, listenPort: 1, listenPath: '/x' },
      TypeError,
      /^options listenPath and listenPort: both given/,
    ],
  ])('rejects %j before anything opens', async (options, kind, message) => {
    await using made = await open();
    const call = forwardRemote(made.link, options as unknown as RemoteForwardOptions);
    await expect(call).rejects.toThrow(message);
    await expect(call).rejects.toBeInstanceOf(kind);
  });
});

describe('the reason of a refused remote forward', () => {
  const where = { host: 'gateway', port: 22 };
  const cause = new Error('Unable to bind');
  it.each([
    [9012, undefined, 'port-taken', true, /zombie/],
    [9012, 'something else', 'port-taken', true, /zombie/],
    [80, undefined, 'privileged-port', false, /1024 or higher/],
    [1023, undefined, 'privileged-port', false, /1024 or higher/],
    [1024, undefined, 'port-taken', true, /zombie/],
    [0, undefined, 'port-taken', true, /zombie/],
    [9012, 'port forwarding refused', 'not-permitted', false, /permitlisten/],
    [80, 'port forwarding refused', 'not-permitted', false, /permitlisten/],
    [9012, 'Server has disabled port forwarding.', 'forwarding-disabled', false, /AllowTcpForwarding/],
    [80, 'Server has disabled port forwarding.', 'privileged-port', false, /1024 or higher/],
  ])('on port %i with the debug message %s is %s', (port, said, reason, retryable, hint) => {
    const error = remoteForwardFailed(where, { host: 'localhost', port }, said, cause);
    expect(error).toMatchObject({ reason, retryable, hint: expect.stringMatching(hint), listenPort: port });
    expect(error.message).toMatch(/^gateway:22 refused to listen on localhost:/);
  });

  it('on a Unix socket mentions sockets', () => {
    expect(remoteForwardFailed(where, { path: '/run/x' }, undefined, cause)).toMatchObject({
      reason: 'path-taken',
      listenPath: '/run/x',
      hint: expect.stringMatching(/StreamLocalBindUnlink/),
    });
    const disabled = 'Server has disabled streamlocal forwarding.';
    expect(remoteForwardFailed(where, { path: '/run/x' }, disabled, cause).reason).toBe(
      'forwarding-disabled',
    );
  });
});
