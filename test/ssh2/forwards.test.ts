import { once } from 'node:events';
import { connect as tcpConnect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type MockServer, startMockServer } from '../../src/mock-server/index.ts';
import { openDirect, remoteForwards, type Visitor } from '../../src/ssh2/channels/forwards.ts';
import { readAll } from '../support/echo.ts';
import { plainLink } from '../support/plain-link.ts';

let server: MockServer;
beforeAll(async () => {
  server = await startMockServer();
});
afterAll(() => server.close());

function connect() {
  const { host, port, username, password } = server;
  return plainLink({ host, port, username, password });
}

async function visit(port: number, words: string): Promise<string> {
  const socket = tcpConnect({ host: '127.0.0.1', port, allowHalfOpen: true });
  socket.on('error', () => {});
  socket.end(words);
  return (await readAll(socket)).toString();
}

describe('a direct stream', () => {
  it('has an unspecified origin by default', async () => {
    await using made = await connect();
    const forwardOut = vi.spyOn(made.client, 'forwardOut').mockReturnThis();
    const target = { host: 'far', port: 80 };
    void openDirect(made.link, target).catch(() => {});
    void openDirect(made.link, target, { from: { host: '10.0.0.1', port: 5 } }).catch(() => {});
    expect(forwardOut.mock.calls.map((call) => call.slice(0, 4))).toEqual([
      ['127.0.0.1', 0, 'far', 80],
      ['10.0.0.1', 5, 'far', 80],
    ]);
  });
});

describe('listeners on the server', () => {
  it('listens on a port chosen by the server, accepts connections, and releases the port', async () => {
    await using made = await connect();
    const forwards = remoteForwards(made.link);
    const echo = (visitor: Visitor) => {
      const stream = visitor.accept();
      stream.pipe(stream);
    };
    const answer = await forwards.listen('127.0.0.1', 0, echo);
    if (answer.kind !== 'listening') throw new Error('refused');
    expect(answer.port).toBeGreaterThan(0);
    expect(await visit(answer.port, 'hello')).toBe('hello');
    await answer.cancel();
    await answer.cancel();
    await expect(visit(answer.port, 'gone')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('reports a port in use as a refusal, not as an error of the connection', async () => {
    await using first = await connect();
    await using second = await connect();
    const held = await remoteForwards(first.link).listen('127.0.0.1', 0, (visitor) => visitor.reject());
    if (held.kind !== 'listening') throw new Error('refused');
    const answer = await remoteForwards(second.link).listen('127.0.0.1', held.port, () => {});
    expect(answer).toMatchObject({ kind: 'refused' });
    expect(second.link.lost.error).toBeUndefined();
  });

  it('closes a connection that is rejected, or whose handler throws', async () => {
    await using made = await connect();
    const handlers = [
      (visitor: Visitor) => visitor.reject(),
      () => {
        throw new Error('a bug in the handler');
      },
    ];
    const answer = await remoteForwards(made.link).listen('127.0.0.1', 0, (visitor) =>
      handlers.shift()?.(visitor),
    );
    if (answer.kind !== 'listening') throw new Error('refused');
    for (let i = 0; i < 2; i++) {
      const socket = tcpConnect({ host: '127.0.0.1', port: answer.port });
      socket.on('error', () => {});
      socket.resume();
      await once(socket, 'close');
    }
    expect(handlers).toHaveLength(0);
    expect(made.link.lost.error).toBeUndefined();
  });

  it('cancels what the server granted after it was no longer wanted, and nothing that it refused', async () => {
    await using made = await connect();
    const asked: Array<(error: Error | undefined, port: number) => void> = [];
    const forwardIn = vi
      .spyOn(made.client, 'forwardIn')
      .mockImplementation(((
        _address: string,
        _port: number,
        done: (error: Error | undefined, port: number) => void,
      ) => asked.push(done)) as never);
    const unforwardIn = vi.spyOn(made.client, 'unforwardIn').mockReturnThis();
    for (let n = 0; n < 2; n++) {
      const stop = new AbortController();
      const listening = remoteForwards(made.link).listen('', 0, () => {}, { signal: stop.signal });
      stop.abort(new Error('enough'));
      await expect(listening).rejects.toThrow('enough');
    }
    expect(forwardIn).toHaveBeenCalledTimes(2);
    asked[0]!(undefined, 4_000);
    asked[1]!(new Error('Unable to bind'), 0);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(unforwardIn.mock.calls.map((call) => call.slice(0, 2))).toEqual([['', 4_000]]);
  });

  it('uses one dispatcher for all listeners of a connection', async () => {
    await using made = await connect();
    const before = made.client.listenerCount('tcp connection');
    for (let i = 0; i < 20; i++) {
      const answer = await remoteForwards(made.link).listen('127.0.0.1', 0, (visitor) => visitor.reject());
      if (answer.kind === 'listening') await answer.cancel();
    }
    expect(made.client.listenerCount('tcp connection')).toBe(before + 1);
    await vi.waitFor(() => expect(made.link.lost.listenerCount).toBe(0));
  });
});
