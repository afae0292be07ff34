import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { startMockServer } from '../../src/mock-server/index.ts';
import { watchHandles } from '../mock-server/support.ts';
import { connectTo } from '../support/connect.ts';
import { failureOf, pause, until } from '../support/outcome.ts';

describe('close', () => {
  it('disconnects from the server, resolves when everything is closed, and leaves nothing behind', async () => {
    await using server = await startMockServer();
    const leftBehind = await watchHandles();
    const connection = await connectTo(server);
    await connection.exec('true');
    await connection.close();
    await until(() => server.connections === 0);
    await server.close();
    expect(await leftBehind()).toEqual([]);
  });

  it('returns the same promise however often it is called', async () => {
    await using server = await startMockServer();
    const connection = await connectTo(server);
    await Promise.all([connection.close(), connection.close(), connection[Symbol.asyncDispose]()]);
    await connection.close();
    expect(await connection.closed).toBeUndefined();
    expect(inspect(connection)).toContain('closed');
  });

  it('sends what was already written, even over a slow line', async () => {
    let length = 0;
    await using server = await startMockServer({
      faults: { throttle: { bytesPerSecond: 600_000 } },
      exec: {
        sink: ({ stdin }) =>
          void stdin.on('data', (chunk: Buffer) => {
            length += chunk.length;
          }),
      },
    });
    const connection = await connectTo(server);
    const command = connection.exec('sink', { stdin: Buffer.alloc(400_000) });
    command.catch(() => {});
    await server.waitFor('exec');
    await pause(30);
    expect(length).toBeLessThan(300_000);
    await connection.close();
    await until(() => server.connections === 0);
    expect(length).toBe(400_000);
  });

  it('rejects pending calls with an error that says who closed the connection', async () => {
    await using server = await startMockServer();
    const connection = await connectTo(server);
    const command = failureOf(Promise.resolve(connection.exec('sleep 60')));
    await server.waitFor('exec');
    await connection.close();
    expect((await command).error).toMatchObject({
      code: 'SSH_CONNECTION_LOST',
      retryable: false,
      reason: 'closed by close()',
    });
    expect(await connection.closed).toBeUndefined();
  });

  it('rejects later calls', async () => {
    await using server = await startMockServer();
    const connection = await connectTo(server);
    await connection.close();
    const calls: Array<() => PromiseLike<unknown>> = [
      () => connection.exec('true'),
      () => connection.openStream('x', 1),
      () => connection.forwardRemote({ listenPort: 0, host: 'x', port: 1 }),
    ];
    for (const call of calls) {
      expect((await failureOf(Promise.resolve().then<unknown>(call))).error).toMatchObject({
        code: 'SSH_CONNECTION_LOST',
      });
    }
  });

  it('gives up on a peer that does not answer the disconnect after two seconds', {
    timeout: 15_000,
  }, async () => {
    await using server = await startMockServer();
    const connection = await connectTo(server);
    server.dropAll('freeze');
    const start = performance.now();
    await connection.close();
    expect(performance.now() - start).toBeLessThan(4_000);
    expect(await connection.closed).toBeUndefined();
  });

  it('after a loss resolves at once, and the loss remains the reason', async () => {
    await using server = await startMockServer();
    const connection = await connectTo(server);
    server.dropAll('rst');
    const error = await connection.closed;
    await connection.close();
    expect(error).toMatchObject({ code: 'SSH_CONNECTION_LOST' });
    expect(await connection.closed).toBe(error);
  });

  it('in the same tick as a loss does not hide the loss', async () => {
    await using server = await startMockServer();
    const connection = await connectTo(server, { keepalive: { interval: 30, countMax: 1 } });
    const lost = failureOf(Promise.resolve(connection.exec('sleep 60'))).then(async ({ error }) => {
      await connection.close();
      return error;
    });
    await server.waitFor('exec');
    server.dropAll('freeze');
    expect(await lost).toMatchObject({ why: 'keepalive' });
    expect(await connection.closed).toMatchObject({ why: 'keepalive' });
  });
});

describe('closed', () => {
  it('resolves once, with the same error for all, and never rejects', async () => {
    await using server = await startMockServer();
    const connection = await connectTo(server);
    const all = Promise.all([connection.closed, connection.closed, connection.closed]);
    server.dropAll('fin');
    const [one, two] = await all;
    expect(one).toBeInstanceOf(Error);
    expect(two).toBe(one);
  });

  it('without a handler causes no unhandled rejection', async () => {
    await using server = await startMockServer();
    await connectTo(server);
    server.dropAll('rst');
    await until(() => server.connections === 0);
    await pause(20);
  });
});

describe('await using', () => {
  it('closes at the end of the block', async () => {
    await using server = await startMockServer();
    {
      await using _connection = await connectTo(server);
      expect(server.connections).toBe(1);
    }
    await until(() => server.connections === 0);
  });
});
