import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ConnectionLost } from '../../src/errors/index.ts';
import { type MockServer, startMockServer } from '../../src/mock-server/index.ts';
import { type RawChannel, wrapStream } from '../../src/ssh2/channels/stream-channel.ts';
import { LostSignal } from '../../src/ssh2/transport/lost.ts';
import { digestOf, echoServer, readAll, sendRandom, tcpServer } from '../support/echo.ts';
import { plainLink } from '../support/plain-link.ts';

let server: MockServer;
const open: Array<() => Promise<unknown>> = [];

beforeAll(async () => {
  server = await startMockServer();
});
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});
afterAll(() => server.close());

async function connect() {
  const { host, port, username, password } = server;
  const made = await plainLink({ host, port, username, password });
  open.push(made.close);
  return made;
}

async function serve<T extends { close(): Promise<unknown> }>(started: Promise<T>): Promise<T> {
  const it = await started;
  open.push(() => it.close());
  return it;
}

/** A stream over what does nothing of what ssh2's channels do by themselves. */
function overPlainChannel() {
  const lost = new LostSignal();
  const sides = { stderr: new PassThrough(), close: () => {} };
  const raw = Object.assign(new PassThrough(), sides) as unknown as RawChannel;
  return { lost, raw, stream: wrapStream(raw, lost) };
}

describe('a forwarded stream', () => {
  it('keeps the reading side open after its own end', async () => {
    const { openStream } = await connect();
    const target = await serve(
      tcpServer(async (socket) => {
        const heard = await readAll(socket);
        socket.end(`after the end: ${heard}`);
      }),
    );
    const stream = await openStream({ host: '127.0.0.1', port: target.port });
    stream.end('hello');
    expect((await readAll(stream)).toString()).toBe('after the end: hello');
    await vi.waitFor(() => expect(stream.closed).toBe(true));
  });

  it('stops listening for the end of the connection when destroyed', async () => {
    const { link, openStream } = await connect();
    const target = await serve(tcpServer((socket) => void socket.on('error', () => {})));
    const before = link.lost.listenerCount;
    const stream = await openStream({ host: '127.0.0.1', port: target.port });
    expect(link.lost.listenerCount).toBe(before + 1);
    stream.destroy();
    expect(link.lost.listenerCount).toBe(before);
  });

  it('is still writable after the other side has ended', async () => {
    const { openStream } = await connect();
    let heard: Promise<Buffer> | undefined;
    const target = await serve(
      tcpServer((socket) => {
        heard = readAll(socket);
        socket.end('bye');
      }),
    );
    const stream = await openStream({ host: '127.0.0.1', port: target.port });
    expect((await readAll(stream)).toString()).toBe('bye');
    stream.end('late words');
    await vi.waitFor(() => expect(heard).toBeDefined());
    expect((await heard)?.toString()).toBe('late words');
  });

  it('carries 20 MB each way at once, unchanged', async () => {
    const { openStream } = await connect();
    const target = await serve(echoServer());
    const stream = await openStream({ host: '127.0.0.1', port: target.port });
    const bytes = 20 << 20;
    const [sent, received] = await Promise.all([sendRandom(stream, bytes), digestOf(stream)]);
    expect(received).toEqual({ bytes, sha256: sent });
  });

  it('ends with the error of the connection, never as if the data were complete', async () => {
    const { openStream, link } = await connect();
    const target = await serve(tcpServer((socket) => socket.write('half of it')));
    const stream = await openStream({ host: '127.0.0.1', port: target.port });
    await once(stream, 'readable');
    const reading = readAll(stream);
    server.dropAll('rst');
    await expect(reading).rejects.toMatchObject({ code: 'SSH_CONNECTION_LOST' });
    expect(stream.destroyed).toBe(true);
    expect(link.lost.listenerCount).toBe(0);
  });

  it('calls back a write that waits for the window if the connection is lost', async () => {
    const { openStream } = await connect();
    const target = await serve(tcpServer((socket) => socket.pause()));
    const stream = await openStream({ host: '127.0.0.1', port: target.port });
    const results: Array<Error | null | undefined> = [];
    const block = Buffer.alloc(1 << 20);
    for (let i = 0; i < 64; i++) stream.write(block, (error) => results.push(error));
    // The window is shut when a while passes without another write coming through.
    let before = -1;
    await vi.waitFor(
      () => {
        const still = results.length === before;
        before = results.length;
        expect(still && results.length < 64).toBe(true);
      },
      { interval: 200, timeout: 10_000 },
    );
    server.dropAll('rst');
    await vi.waitFor(() => expect(results).toHaveLength(64));
    expect(results.at(-1)).toMatchObject({ code: 'SSH_CONNECTION_LOST' });
  });

  it('delivers everything that had arrived if the connection is lost after the server has closed', async () => {
    const { lost, raw, stream } = overPlainChannel();
    raw.write('all of it');
    raw.stderr.emit('close');
    expect(lost.listenerCount).toBe(0);
    lost.declare(new ConnectionLost('gone', { phase: 'session', why: 'socket' }));
    raw.end();
    expect((await readAll(stream)).toString()).toBe('all of it');
  });

  it.each(['channel', 'stderr'] as const)('fails writes with EPIPE once the %s is closed', async (side) => {
    for (const isEarly of [true, false]) {
      const { lost, raw, stream } = overPlainChannel();
      raw.write = () => true;
      const close = () => void (side === 'channel' ? raw : raw.stderr).emit('close');
      if (!isEarly) close();
      const answer = new Promise((answered) => stream.write('late', answered));
      if (isEarly) close();
      lost.declare(new ConnectionLost('gone', { phase: 'session', why: 'socket' }));
      expect(await answer).toMatchObject({ code: 'EPIPE' });
    }
  });

  it('ends its writable side even if the channel is already closed', async () => {
    const { raw, stream } = overPlainChannel();
    raw.stderr.emit('close');
    await new Promise<void>((finished) => stream.end(finished));
  });

  it('ends with an error of the channel, and ignores one of an unread stderr', async () => {
    const { raw, stream } = overPlainChannel();
    raw.stderr.emit('error', new Error('of stderr'));
    expect(stream.destroyed).toBe(false);
    raw.emit('error', new Error('of the channel'));
    await expect(readAll(stream)).rejects.toThrow('of the channel');
  });

  it('fails writes with EPIPE once the other side has closed', async () => {
    const { openStream } = await connect();
    const target = await serve(tcpServer((socket) => socket.once('data', () => socket.destroy())));
    const stream = await openStream({ host: '127.0.0.1', port: target.port });
    const failed = once(stream, 'close');
    const source = async function* () {
      for (;;) {
        yield Buffer.alloc(1000);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    };
    stream.resume();
    await expect(pipeline(source, stream)).rejects.toMatchObject({
      code: expect.stringMatching(/EPIPE|ERR_STREAM_PREMATURE_CLOSE/),
    });
    await failed;
  });

  it('closes the channel on the server when it is destroyed', async () => {
    const { openStream } = await connect();
    const target = await serve(echoServer());
    const stream = await openStream({ host: '127.0.0.1', port: target.port });
    await vi.waitFor(() => expect(target.sockets.size).toBe(1));
    stream.destroy();
    await vi.waitFor(() => expect(target.sockets.size).toBe(0));
  });

  it('does not crash by an error without a listener', async () => {
    const { openStream } = await connect();
    const target = await serve(echoServer());
    const stream = await openStream({ host: '127.0.0.1', port: target.port });
    stream.destroy(new Error('no listener for this'));
    await vi.waitFor(() => expect(stream.closed).toBe(true));
  });

  it('reports a refused target as ChannelOpenFailed and keeps the connection', async () => {
    const { openStream, link } = await connect();
    const gone = await tcpServer(() => {});
    await gone.close();
    await expect(openStream({ host: '127.0.0.1', port: gone.port })).rejects.toMatchObject({
      code: 'SSH_CHANNEL_OPEN_FAILED',
      reasonCode: 2,
    });
    const target = await serve(echoServer());
    const stream = await openStream({ host: '127.0.0.1', port: target.port });
    stream.end('still there');
    expect((await readAll(stream)).toString()).toBe('still there');
    expect(link.lost.error).toBeUndefined();
  });
});
