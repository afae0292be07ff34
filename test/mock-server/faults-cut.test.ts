import { createServer, connect as netConnect, type Socket } from 'node:net';
import ssh2 from 'ssh2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CutFault, type MockServer, startMockServer } from '../../src/mock-server/index.ts';
import { collect, login, sleep, until, visit, watchHandles } from './support.ts';

/** How many bytes a whole session moves, each way. */
interface Traffic {
  toClient: number;
  toServer: number;
}

/** A whole session through plain ssh2: log in, run a command, close. Settles however the connection ends. */
function session(server: MockServer): Promise<{ traffic: Traffic; outcome: string; socket: Socket }> {
  const client = new ssh2.Client();
  const socket = netConnect({ port: server.port, host: server.host, noDelay: true });
  const traffic = { toClient: 0, toServer: 0 };
  return new Promise((resolve) => {
    let outcome = 'closed';
    socket.on('data', (chunk) => {
      traffic.toClient += chunk.length;
    });
    client.on('error', (error) => {
      outcome = error.message;
    });
    socket.on('close', () =>
      resolve({ traffic: { ...traffic, toServer: socket.bytesWritten }, outcome, socket }),
    );
    client.on('ready', () => {
      client.exec('echo hello', (error, channel) => {
        if (error) return;
        void collect(channel).then(({ stdout, code }) => {
          outcome = `${stdout.trim()} ${code}`;
          client.end();
        });
      });
    });
    client.connect({
      sock: socket,
      username: 'rpa',
      password: 'rpa',
      readyTimeout: 0,
      authHandler: ['password'],
    });
  });
}

describe('a cut', () => {
  let server: MockServer;
  beforeEach(async () => {
    server = await startMockServer();
  });
  afterEach(() => server.close());

  it.each(['fin', 'rst'] as const)('by %s lets exactly n bytes through to the client', async (how) => {
    for (const atByte of [0, 1, 7, 25, 26, 27, 100, 700, 1200]) {
      server.setFaults({ cut: { direction: 'toClient', atByte, how } });
      const visitor = visit(server.port, server.host, 'SSH-2.0-me\r\n', how === 'rst');
      if (atByte > 700) await Promise.race([visitor.ended, sleep(100)]);
      else expect(`${atByte} ${await visitor.ended}`).toBe(`${atByte} ${how}`);
      const received = visitor.received().length;
      if (atByte <= 700) expect(received).toBe(atByte);
      visitor.socket.destroy();
    }
  });

  it('by freeze lets exactly n bytes through, then stays open and silent', async () => {
    server.setFaults({ cut: { direction: 'toClient', atByte: 10, how: 'freeze' } });
    const visitor = visit(server.port, server.host, 'SSH-2.0-me\r\n');
    await until(() => visitor.received().length === 10);
    let hasEnded = false;
    void visitor.ended.then(() => {
      hasEnded = true;
    });
    visitor.socket.end();
    await sleep(50);
    expect([visitor.received().length, hasEnded]).toEqual([10, false]);
  });

  it('counts bytes to the server exactly, whatever the segments', async () => {
    // The identification line is read when its last byte is there, not before.
    for (const [atByte, isRead] of [
      [11, false],
      [12, true],
    ] as const) {
      server.setFaults({ cut: { direction: 'toServer', atByte, how: 'fin' } });
      const visitor = visit(server.port);
      for (const byte of 'SSH-2.0-me\r\nmore') {
        visitor.socket.write(byte);
        await new Promise(setImmediate);
      }
      expect(await visitor.ended).toBe('fin');
      const last = server.journal.at(-1)?.connection;
      expect(server.journal.some((entry) => entry.connection === last && entry.type === 'ident')).toBe(
        isRead,
      );
    }
  });

  it('counts the same bytes in every run of a whole session', async () => {
    const whole = await session(server);
    expect(whole.outcome).toBe('hello 0');
    // Padding is random in content but not in length.
    expect((await session(server)).traffic).toEqual(whole.traffic);
    server.setFaults({ cut: { direction: 'toClient', atByte: whole.traffic.toClient, how: 'rst' } });
    expect((await session(server)).traffic.toClient).toBe(whole.traffic.toClient);
  });

  it('at any byte of a session, in either direction, ends it at that byte and leaves nothing behind', async () => {
    const whole = await session(server);
    await until(() => server.connections === 0);
    const leftBehind = await watchHandles();
    let cuts = 0;
    for (const direction of ['toClient', 'toServer'] as const)
      for (const how of ['fin', 'rst'] as const)
        for (let atByte = 0; atByte < whole.traffic[direction]; atByte += 13) {
          const cut: CutFault = { direction, atByte, how };
          server.setFaults({ cut });
          const { traffic, outcome } = await session(server);
          if (direction === 'toClient')
            expect(traffic.toClient, `${JSON.stringify(cut)} ${outcome}`).toBe(atByte);
          expect(server.journal.some((entry) => entry.type === 'fault')).toBe(true);
          cuts++;
        }
    expect(cuts).toBeGreaterThan(300);
    await until(() => server.connections === 0);
    expect(await leftBehind()).toEqual([]);
  });

  it('costs little: a connection takes a few milliseconds', async () => {
    const times: number[] = [];
    for (let round = 0; round < 50; round++) {
      const start = performance.now();
      await session(server);
      times.push(performance.now() - start);
    }
    // The quickest ten: a busy machine is not the server's fault.
    expect(times.sort((a, b) => a - b)[9]).toBeLessThan(60);
  });
});

describe('a slow line', () => {
  it('latencyMs delays each direction', async () => {
    await using server = await startMockServer({ faults: { latencyMs: 40 } });
    const start = performance.now();
    const visitor = visit(server.port);
    await until(() => visitor.received().length > 0);
    expect(performance.now() - start).toBeGreaterThan(38);
    visitor.socket.destroy();
    const begin = performance.now();
    expect((await session(server)).outcome).toBe('hello 0');
    // Key exchange, login and command are several round trips of 80 ms.
    expect(performance.now() - begin).toBeGreaterThan(400);
  });

  it('throttle limits the bytes per second', async () => {
    const data = Buffer.alloc(60_000, 'x');
    await using server = await startMockServer({
      exec: { big: { stdout: data } },
      faults: { throttle: { bytesPerSecond: 100_000 } },
    });
    const client = await login(server);
    const start = performance.now();
    const output = await new Promise((resolve) =>
      client.exec('big', (_error, channel) => resolve(collect(channel))),
    );
    const seconds = (performance.now() - start) / 1000;
    expect(output).toMatchObject({ stdout: data.toString(), code: 0 });
    expect(seconds).toBeGreaterThan(0.5);
    expect(seconds).toBeLessThan(3);
    client.end();
  });

  it('leaves no timer behind when the server closes', async () => {
    const leftBehind = await watchHandles();
    const server = await startMockServer({ faults: { latencyMs: 60_000 } });
    const visitor = visit(server.port, server.host, 'SSH-2.0-me\r\n');
    await server.waitFor('connect');
    await server.close();
    await visitor.ended;
    visitor.socket.destroy();
    expect(await leftBehind()).toEqual([]);
  });
});

// Guards the guard: a server that leaves a listener behind is noticed.
describe('the leak check', () => {
  it('detects an open listener', async () => {
    const leftBehind = await watchHandles();
    const listener = createServer();
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    expect(await leftBehind()).toEqual(['TCPServerWrap']);
    listener.close();
  });
});
