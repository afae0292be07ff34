import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { forwardLocal } from '../../src/forward/forward-local.ts';
import { openStream } from '../../src/forward/open-stream.ts';
import type { LocalForwardOptions } from '../../src/forward/types.ts';
import { type MockServer, startMockServer } from '../../src/mock-server/index.ts';
import { closeOf, digestOf, echoServer, readAll, sendRandom, tcpServer } from '../support/echo.ts';
import { plainLink } from '../support/plain-link.ts';

let server: MockServer;
let dir: string;
beforeAll(async () => {
  server = await startMockServer();
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

describe('forwardLocal', () => {
  it('listens on a free port of this machine and leads to the target', async () => {
    await using made = await open();
    await using target = await echoServer();
    await using forward = await forwardLocal(made.link, { host: '127.0.0.1', port: target.port });
    expect(forward).toMatchObject({ host: '127.0.0.1', connections: 0 });
    expect(await say(forward, 'hello')).toBe('hello');
    await vi.waitFor(() => expect(forward.connections).toBe(0));
  });

  it('keeps half-close in both directions', async () => {
    await using made = await open();
    await using target = await tcpServer(async (socket) => {
      socket.write('greeting ');
      socket.end(`and ${await readAll(socket)}`);
    });
    await using forward = await forwardLocal(made.link, { host: '127.0.0.1', port: target.port });
    expect(await say(forward, 'answer')).toBe('greeting and answer');
  });

  it('carries 10 MB both ways simultaneously through each of ten connections', async () => {
    await using made = await open();
    await using target = await echoServer();
    await using forward = await forwardLocal(made.link, { host: '127.0.0.1', port: target.port });
    const bytes = 10 << 20;
    const one = async () => {
      const socket = dial(forward);
      const [sent, got] = await Promise.all([sendRandom(socket, bytes), digestOf(socket)]);
      expect(got).toEqual({ bytes, sha256: sent });
    };
    await Promise.all(Array.from({ length: 10 }, one));
    await vi.waitFor(() => expect(forward.connections).toBe(0));
  });

  it('leads from a local Unix socket to a remote one', async () => {
    await using made = await open();
    await using _target = await echoServer({ path: join(dir, 'there') });
    const listenPath = join(dir, 'here');
    await using forward = await forwardLocal(made.link, { listenPath, socketPath: join(dir, 'there') });
    expect(forward).toMatchObject({ host: '', port: 0, path: listenPath });
    expect(await say({ path: listenPath }, 'by socket')).toBe('by socket');
  });

  it('closes one connection if the target refuses, reports why, and continues', async () => {
    await using made = await open();
    const target = await echoServer();
    const errors: Error[] = [];
    await using forward = await forwardLocal(made.link, {
      host: '127.0.0.1',
      port: target.port,
      onConnectionError: (error) => {
        errors.push(error);
        throw new Error('of no concern to anybody');
      },
    });
    await target.close();
    const visitor = dial(forward);
    visitor.resume().end();
    await closeOf(visitor);
    expect(errors).toMatchObject([{ code: 'SSH_CHANNEL_OPEN_FAILED' }]);
    await using again = await echoServer({ port: target.port });
    expect(await say(forward, 'somebody')).toBe('somebody');
    expect(again.port).toBe(target.port);
  });

  it('survives connections that are reset at any moment', async () => {
    await using made = await open();
    await using target = await echoServer();
    await using forward = await forwardLocal(made.link, { host: '127.0.0.1', port: target.port });
    for (let i = 0; i < 30; i++) {
      const socket = dial(forward);
      await once(socket, 'connect');
      if (i % 3 === 1) socket.write('x'.repeat(100_000));
      if (i % 3 === 2) await new Promise((resolve) => setTimeout(resolve, i));
      socket.resetAndDestroy();
    }
    expect(await say(forward, 'still here')).toBe('still here');
    await vi.waitFor(() => expect(forward.connections).toBe(0));
    await vi.waitFor(() => expect(target.sockets.size).toBe(0));
  });

  it('resets its connections if the SSH connection is lost, instead of ending them', async () => {
    await using made = await open();
    await using target = await tcpServer((socket) => socket.write('half of'));
    const forward = await forwardLocal(made.link, { host: '127.0.0.1', port: target.port });
    const socket = dial(forward);
    await once(socket, 'readable');
    server.dropAll('rst');
    await expect(readAll(socket)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await forward.closed).toMatchObject({ code: 'SSH_CONNECTION_LOST' });
    await expect(say(forward, 'closed?')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('close ends the listener and the connections, once', async () => {
    await using made = await open();
    await using target = await echoServer();
    const forward = await forwardLocal(made.link, { host: '127.0.0.1', port: target.port });
    const socket = dial(forward);
    socket.write('x');
    await once(socket, 'readable');
    expect(forward.connections).toBe(1);
    await Promise.all([forward.close(), forward.close()]);
    expect(await forward.closed).toBeUndefined();
    expect(forward.connections).toBe(0);
    await vi.waitFor(() => expect(target.sockets.size).toBe(0));
    expect(made.link.lost.listenerCount).toBe(0);
  });

  it('explains why this machine cannot listen', async () => {
    await using made = await open();
    await using taken = await tcpServer(() => {});
    const to = { host: '127.0.0.1', port: 1 };
    await expect(forwardLocal(made.link, { ...to, listenPort: taken.port })).rejects.toMatchObject({
      code: 'SSH_PORT_FORWARD_FAILED',
      direction: 'local',
      reason: 'EADDRINUSE',
      listenPort: taken.port,
      hint: expect.stringMatching(/Another program/),
    });
    await expect(forwardLocal(made.link, { ...to, listenHost: '192.0.2.1' })).rejects.toMatchObject({
      reason: 'EADDRNOTAVAIL',
      listenHost: '192.0.2.1',
    });
    const missing = join(dir, 'no', 'such', 'folder');
    await expect(forwardLocal(made.link, { ...to, listenPath: missing })).rejects.toMatchObject({
      listenPath: missing,
      direction: 'local',
    });
    expect(made.link.lost.listenerCount).toBe(0);
  });

  it.each([
    [{ host: 'h', port: 70_000 }, RangeError, /^option port: 70000 given; a whole number from 1 to 65535/],
    [{ host: 'h', port: 0 }, RangeError, /^option port: 0 given/],
    [{ host: 'h', port: '22' }, TypeError, /^option port: '22' given/],
    [{ host: 'h', port: 1, listenPort: -1 }, RangeError, /^option listenPort: .*from 0 to 65535/],
    [{ host: 'h', port: 1, listenPort: 1.5 }, RangeError, /^option listenPort: .*from 0 to 65535/],
    [{ host: 'h', port: 1, listenHost: 5 }, TypeError, /^option listenHost: 5 given/],
    [{ port: 1 }, TypeError, /^option host: undefined given; .* or socketPath instead/],
    [{ host: 'h', port: 1, socketPath: '/x' }, TypeError, /^options socketPath and host: both given/],
    [{ socketPath: 'a\0b' }, RangeError, /^option socketPath: .*without NUL/],
    [
      { host: 'h', port: 1, listenPath: '/x', listenPort: 1 },
      TypeError,
      /^options listenPath and listenPort: both given/,
    ],
    [{ host: 'h', port: 1, listenport: 1 }, TypeError, /option listenport: .*did you mean listenPort/],
    [{ host: 'h', port: 1, connectTimeout: 1 }, TypeError, /option connectTimeout: there is no such option/],
    [{ host: 'h', port: 1, signal: {} }, TypeError, /option signal: .*AbortSignal/],
    [{ host: 'h', port: 1, onConnectionError: 'x' }, TypeError, /option onConnectionError: .*a function/],
    [undefined, TypeError, /options: undefined given; an object would be right/],
  ])('rejects %j before anything opens', async (options, kind, message) => {
    await using made = await open();
    const call = forwardLocal(made.link, options as unknown as LocalForwardOptions);
    await expect(call).rejects.toThrow(message);
    await expect(call).rejects.toBeInstanceOf(kind);
  });

  it('rejects at once if the connection is lost or the signal aborted', async () => {
    const made = await open();
    const reason = new Error('no');
    const options = { host: '127.0.0.1', port: 1 };
    await expect(forwardLocal(made.link, { ...options, signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    await made.close();
    await expect(forwardLocal(made.link, options)).rejects.toMatchObject({ code: 'SSH_CONNECTION_LOST' });
  });
});

describe('openStream', () => {
  it('leads to a port, and checks its options', async () => {
    await using made = await open();
    await using target = await echoServer();
    const stream = await openStream(made.link, { host: '127.0.0.1', port: target.port });
    stream.end('one');
    expect((await readAll(stream)).toString()).toBe('one');
    await expect(openStream(made.link, { host: 'h', port: 99_999 })).rejects.toThrow(RangeError);
    const misspelt = { host: 'h', port: 1, pot: 2 } as { host: string; port: number };
    await expect(openStream(made.link, misspelt)).rejects.toThrow(/argument target.pot: .*did you mean port/);
    await expect(openStream(made.link, { host: 'h', port: 1 }, { timeuot: 5 } as object)).rejects.toThrow(
      /option timeuot: .*did you mean timeout/,
    );
  });
});
