import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client, ClientChannel } from 'ssh2';
import { afterEach, describe, expect, it } from 'vitest';
import { startMockServer } from '../../src/mock-server/index.ts';
import { call, login, logout, sleep, until, visit, watchHandles } from './support.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A TCP service on loopback. */
async function service(onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    onSocket(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** Answers only when the other side has ended: works only where half-closing does. */
const countsBytes = (socket: Socket) => {
  let bytes = 0;
  socket.on('data', (chunk) => {
    bytes += chunk.length;
  });
  socket.on('end', () => socket.end(`${bytes} bytes`));
};

const open = (client: Client, port: number) =>
  call<ClientChannel>((done) => client.forwardOut('127.0.0.1', 0, '127.0.0.1', port, done as never));

const listen = (client: Client, port: number, host = 'localhost') =>
  call<number>((done) => client.forwardIn(host, port, done as never));

/** Joins what comes in through a remote forward with a service. */
function serveForward(client: Client, port: number): void {
  client.on('tcp connection', (_info, accept) => {
    const channel = accept();
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.pipe(channel);
    channel.pipe(socket);
    for (const stream of [socket, channel]) stream.on('error', () => {});
  });
}

describe('a local forward', () => {
  it('leads to the target, with half-close in both directions', async () => {
    await using server = await startMockServer();
    const client = await login(server);
    const counting = await open(client, await service(countsBytes));
    const answer: Buffer[] = [];
    counting.on('data', (chunk: Buffer) => answer.push(chunk));
    counting.end(Buffer.alloc(5 << 20));
    await new Promise((resolve) => counting.on('close', resolve));
    expect(Buffer.concat(answer).toString()).toBe(`${5 << 20} bytes`);

    const heard: Buffer[] = [];
    const speaksFirst = await service((socket) => {
      socket.end('hello');
      socket.on('data', (chunk) => heard.push(chunk));
    });
    const channel = await open(client, speaksFirst);
    channel.resume();
    await new Promise((resolve) => channel.on('end', resolve));
    channel.end('said after your end');
    await until(() => Buffer.concat(heard).toString() === 'said after your end');
  });

  it('is refused as by sshd: by the target, or by the rules', async () => {
    const port = await service(() => {});
    await using server = await startMockServer();
    const client = await login(server);
    await expect(open(client, 1)).rejects.toMatchObject({
      reason: 2,
      message: expect.stringContaining('Connection refused'),
    });
    await expect(open(client, 70_000)).rejects.toMatchObject({ reason: 2 });
    await using never = await startMockServer({ forwarding: { local: false } });
    await expect(open(await login(never), port)).rejects.toMatchObject({
      reason: 1,
      message: expect.stringContaining('open failed'),
    });
    await using refuses = await startMockServer({ forwarding: { local: 'refuse' } });
    await expect(open(await login(refuses), port)).rejects.toMatchObject({ reason: 2 });
    expect(server.journal).toContainEqual(
      expect.objectContaining({ type: 'direct', target: '127.0.0.1:1', accepted: false }),
    );
  });

  it('ends on both sides if one is reset', async () => {
    const leftBehind = await watchHandles();
    const server = await startMockServer();
    const client = await login(server);
    const channel = await open(
      client,
      await service((socket) => socket.once('data', () => socket.resetAndDestroy())),
    );
    channel.resume();
    channel.write('x');
    await new Promise((resolve) => channel.on('close', resolve));
    let ended = false;
    const target = await service((socket) => {
      socket.resume().on('end', () => {
        ended = true;
        socket.destroy();
      });
    });
    (await open(client, target)).resume();
    client.destroy();
    await until(() => ended);
    await server.close();
    for (const listener of servers.splice(0)) listener.close();
    expect(await leftBehind()).toEqual([]);
  });
});

describe('a remote forward', () => {
  it('opens a port whose connections reach the client', async () => {
    await using server = await startMockServer();
    const client = await login(server);
    serveForward(client, await service(countsBytes));
    const port = await listen(client, 0);
    const visitor = visit(port);
    visitor.socket.end(Buffer.alloc(3 << 20));
    expect(await visitor.ended).toBe('fin');
    expect(visitor.received().toString()).toBe(`${3 << 20} bytes`);
    expect(server.journal.map((entry) => entry.type)).toEqual(
      expect.arrayContaining(['forward', 'forward-visitor']),
    );
  });

  it('is refused on a port in use, and if forwarding is off', async () => {
    await using server = await startMockServer();
    const [first, second] = [await login(server), await login(server)];
    const port = await listen(first, 0);
    await expect(listen(second, port)).rejects.toThrow('Unable to bind');
    for (const remote of [false, 'refuse'] as const) {
      await using closed = await startMockServer({ forwarding: { remote } });
      await expect(listen(await login(closed), 0)).rejects.toThrow('Unable to bind');
    }
  });

  it('ends when canceled, and with its connection', async () => {
    await using server = await startMockServer();
    const client = await login(server);
    const port = await listen(client, 0, '127.0.0.1');
    await call((done) => client.unforwardIn('127.0.0.1', port, done));
    expect(await visit(port).ended).toBe('ECONNREFUSED');
    await expect(call((done) => client.unforwardIn('127.0.0.1', port, done))).rejects.toThrow();
    const again = await listen(client, port);
    expect(again).toBe(port);
    await logout(client);
    await server.waitFor((entry) => entry.type === 'forward-closed' && entry.bind.startsWith('localhost:'));
    expect(await visit(port).ended).toBe('ECONNREFUSED');
    expect(await listen(await login(server), port)).toBe(port);
  });

  it('keeps existing connections when canceled', async () => {
    await using server = await startMockServer();
    const client = await login(server);
    serveForward(client, await service(countsBytes));
    const port = await listen(client, 0);
    const visitor = visit(port, server.host, 'first ');
    await server.waitFor('forward-visitor');
    await call((done) => client.unforwardIn('localhost', port, done));
    visitor.socket.end('second');
    expect(await visitor.ended).toBe('fin');
    expect(visitor.received().toString()).toBe('12 bytes');
  });

  it('closes a connection that the client does not accept', async () => {
    await using server = await startMockServer();
    const client = await login(server);
    client.on('tcp connection', (_info, _accept, reject) => reject());
    const port = await listen(client, 0);
    expect(await visit(port).ended).toBe('fin');
  });
});

describe('Unix sockets', () => {
  it('can be connected to and listened on, and replaced only with bindUnlink', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mock-sockets-'));
    const path = join(folder, 'pc.sock');
    for (const bindUnlink of [false, true]) {
      await using server = await startMockServer({ unixSockets: { bindUnlink } });
      const [first, second] = [await login(server), await login(server)];
      const bind = (client: Client) =>
        call((done) => client.openssh_forwardInStreamLocal(path, done as never));
      const answer = (client: Client, text: string) =>
        client.on('unix connection', (_info, accept) => accept().end(text));
      answer(first, 'first');
      answer(second, 'second');
      await bind(first);
      expect(existsSync(path)).toBe(true);
      const read = async () => {
        const channel = await call<ClientChannel>((done) =>
          first.openssh_forwardOutStreamLocal(path, done as never),
        );
        const chunks: Buffer[] = [];
        channel.on('data', (chunk: Buffer) => chunks.push(chunk));
        await new Promise((resolve) => channel.on('end', resolve));
        return Buffer.concat(chunks).toString();
      };
      expect(await read()).toBe('first');
      if (bindUnlink) {
        await bind(second);
        expect(await read()).toBe('second');
      } else await expect(bind(second)).rejects.toThrow('Unable to bind');
    }
    await sleep(5);
    expect(existsSync(path)).toBe(false);
    await using server = await startMockServer({ unixSockets: false });
    const client = await login(server);
    await expect(call((done) => client.openssh_forwardInStreamLocal(path, done as never))).rejects.toThrow();
    rmSync(folder, { recursive: true });
  });
});
