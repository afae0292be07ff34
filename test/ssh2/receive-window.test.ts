import { Readable } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import { describe, expect, it } from 'vitest';
import { boundWindows, growWindow } from '../../src/ssh2/bounds/receive-window.ts';
import { stateOf } from '../../src/ssh2/insides/internals.ts';
import { mockSftp } from '../support/mock-sftp.ts';

const MiB = 1024 * 1024;
const initial = 2 * MiB;

function stream() {
  return new Readable({ highWaterMark: initial, read() {} });
}

/** What ssh2 1.17 has, as far as the window goes. */
function fakeChannel() {
  const granted: number[] = [];
  const exceeded: string[] = [];
  const channel = Object.assign(stream(), {
    stderr: stream(),
    incoming: { id: 0, window: initial, state: 'open' },
    outgoing: { id: 4, window: 0, packetSize: 0, state: 'open' },
  });
  type Handler = (protocol: unknown, id: number, data: Buffer, type?: number) => void;
  const handlers: Record<string, Handler> = { CHANNEL_DATA: () => {}, CHANNEL_EXTENDED_DATA: () => {} };
  const client = {
    _protocol: {
      _handlers: handlers,
      channelWindowAdjust: (_id: number, bytes: number) => granted.push(bytes),
    },
    _chanMgr: { get: (id: number) => (id === 0 ? channel : undefined) },
  } as unknown as Client;
  expect(boundWindows(client, (what) => exceeded.push(what))).toBe(true);
  const receive = (data: number | Buffer) =>
    handlers['CHANNEL_DATA']?.(undefined, 0, typeof data === 'number' ? Buffer.alloc(data) : data);
  const receiveExtended = (bytes: number, type = 1) =>
    handlers['CHANNEL_EXTENDED_DATA']?.(undefined, 0, Buffer.alloc(bytes), type);
  const sum = () => granted.reduce((total, bytes) => total + bytes, 0);
  const held = () => channel.readableLength + channel.stderr.readableLength;
  /** As a server that keeps to the window sends. */
  const fill = (send: (bytes: number) => void, most = 100 * MiB) => {
    let sent = 0;
    while (sent < most && channel.incoming.window > 0) {
      const bytes = Math.min(32_768, channel.incoming.window);
      send(bytes);
      sent += bytes;
    }
    return sent;
  };
  return { client, channel, granted, sum, exceeded, receive, receiveExtended, held, fill };
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('the receive window', () => {
  it('is granted again as it is used while its reader keeps up', async () => {
    const { channel, sum, receive, fill, exceeded } = fakeChannel();
    channel.on('data', () => {});
    await nextTurn();
    expect(fill(receive, 20 * MiB)).toBe(20 * MiB);
    expect(initial + sum() - 20 * MiB).toBe(channel.incoming.window);
    expect(channel.incoming.window).toBeGreaterThan(MiB);
    expect(exceeded).toEqual([]);
  });

  it('and unread data together never exceed its size, over both streams', async () => {
    const { channel, receive, receiveExtended, held, fill, exceeded } = fakeChannel();
    channel.stderr.on('data', () => {});
    await nextTurn();
    fill(receive, MiB);
    // stderr is read all the while, which must not open the window for stdout.
    fill(receiveExtended, 20 * MiB);
    fill(receive);
    expect(held()).toBeLessThanOrEqual(initial);
    expect(channel.incoming.window).toBe(0);
    expect(exceeded).toEqual([]);
  });

  it('is increased by as much as is read, however the reader reads', async () => {
    const { channel, receive, fill, held } = fakeChannel();
    fill(receive);
    for (let round = 0; round < 100; round++) {
      for (let read = 0; read < 300_000; read += 1_000) channel.read(1_000);
      fill(receive);
      expect(held()).toBeLessThanOrEqual(initial);
      expect(held()).toBeGreaterThan(100_000);
    }
    let rest = 0;
    channel.on('data', (chunk: Buffer) => {
      rest += chunk.length;
    });
    await nextTurn();
    expect(rest).toBeGreaterThan(100_000);
    expect(held()).toBe(0);
    expect(channel.incoming.window).toBeGreaterThan(MiB);
  });

  it.each([
    ['stdout', 0],
    ['stderr', 1],
    ['a stream that we do not know', 7],
  ])('ends the connection if more arrives on %s', (_name, type) => {
    const { receive, receiveExtended, fill, exceeded, channel } = fakeChannel();
    const send = type === 0 ? receive : (bytes: number) => receiveExtended(bytes, type);
    // Where nobody reads, and nobody holds.
    channel.incoming.state = type === 7 ? 'eof' : 'open';
    fill(send, initial);
    if (type !== 7) expect(exceeded).toEqual([]);
    for (let more = 0; more < 100; more++) send(30_000);
    expect(exceeded[0]).toBe(
      'it sent 30000 bytes more than the window of a channel allowed (2097152 bytes; RFC 4254 section 5.2)',
    );
    expect(channel.readableLength + channel.stderr.readableLength).toBeLessThanOrEqual(initial);
  });

  it('counts from the first byte beyond it', () => {
    const { receive, exceeded, channel } = fakeChannel();
    receive(initial - 10);
    receive(11);
    expect(exceeded).toHaveLength(1);
    expect(channel.readableLength).toBe(initial - 10);
    receive(10);
    expect(exceeded).toHaveLength(1);
  });

  it('takes no more memory if a reader is behind and bytes arrive one by one', async () => {
    const { channel, receive } = fakeChannel();
    const count = 200_000;
    for (let at = 0; at < count; at++) receive(Buffer.from([at & 0xff]));
    const chunks: Buffer[] = [];
    channel.on('data', (chunk: Buffer) => chunks.push(chunk));
    channel.push(null);
    await nextTurn();
    expect(chunks.length).toBeLessThan(20);
    const all = Buffer.concat(chunks);
    expect(all.length).toBe(count);
    expect(all.every((byte, at) => byte === (at & 0xff))).toBe(true);
  });

  it('keeps the order of small and large pieces, and loses none at the end', async () => {
    const { channel, receive } = fakeChannel();
    const sizes = [10, 5_000, 3, 4, 20_000, 16_000, 1, 1, 4_096, 4_097, 2];
    const pieces = sizes.map((size, at) => Buffer.alloc(size, at));
    for (const piece of pieces) receive(piece);
    channel.push(null);
    const chunks: Buffer[] = [];
    for await (const chunk of channel) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks)).toEqual(Buffer.concat(pieces));
  });

  it('does not grant more to a stream that the server has ended', () => {
    const { channel, receive, exceeded } = fakeChannel();
    channel.on('error', (error) => exceeded.push(String(error)));
    channel.push(null);
    channel.incoming.state = 'eof';
    receive(100);
    expect(exceeded).toEqual([]);
    expect(channel.readableLength).toBe(0);
  });
});

describe('a larger receive window', () => {
  it('is granted at once, and again as it is used, by exactly what was used', async () => {
    const { client, channel, granted, sum, receive, fill } = fakeChannel();
    channel.on('data', () => {});
    await nextTurn();
    expect(growWindow(client, channel, 16 * MiB)).toBe(true);
    expect(granted).toEqual([14 * MiB]);
    const received = fill(receive, 100 * MiB);
    expect(initial + sum() - received).toBe(channel.incoming.window);
    expect(channel.incoming.window).toBeGreaterThan(13 * MiB);
    expect(channel.incoming.window).toBeLessThanOrEqual(16 * MiB);
  });

  it('is not granted further while its reader does not read', () => {
    const { client, channel, sum, receive, fill } = fakeChannel();
    growWindow(client, channel, 16 * MiB);
    fill(receive);
    expect(initial + sum()).toBe(16 * MiB);
    expect(channel.readableLength).toBe(16 * MiB);
  });

  it('does not touch unknown channels', () => {
    const { client, channel } = fakeChannel();
    expect(growWindow({} as Client, channel, MiB)).toBe(false);
    expect(growWindow(client, stream(), MiB)).toBe(false);
    expect(boundWindows({} as Client, () => {})).toBe(false);
  });

  it('loses nothing if the reader of a real channel pauses and resumes', async () => {
    await using mock = await mockSftp({
      exec: { pour: async (call) => pour(call.stdout, 40 * MiB) },
    });
    const { client } = mock.link;
    const channel = await new Promise<ClientChannel>((resolve, reject) => {
      client.exec('pour', (error, opened) => (error ? reject(error) : resolve(opened)));
    });
    expect(growWindow(client, channel, 16 * MiB)).toBe(true);
    let received = 0;
    let expected = 0;
    channel.on('data', (chunk: Buffer) => {
      for (let at = (4 - (received % 4)) % 4; at + 4 <= chunk.length; at += 65_536) {
        expected = (received + at) / 4;
        if (chunk.readUInt32BE(at) !== expected)
          throw new Error(`byte ${received + at} is not what was sent`);
      }
      received += chunk.length;
      if (received % (5 * MiB) < chunk.length) {
        channel.pause();
        setTimeout(() => channel.resume(), 30);
      }
    });
    await new Promise((resolve) => channel.once('close', resolve));
    expect(received).toBe(40 * MiB);
    expect(expected).toBeGreaterThan(0);
    expect(stateOf(channel).incoming?.window).toBeLessThanOrEqual(16 * MiB);
  });
});

/** Every four bytes tell their position. */
async function pour(stdout: NodeJS.WritableStream, bytes: number): Promise<number> {
  for (let at = 0; at < bytes; at += MiB) {
    const block = Buffer.alloc(MiB);
    for (let inside = 0; inside < MiB; inside += 4) block.writeUInt32BE((at + inside) / 4, inside);
    if (!stdout.write(block)) await new Promise((resolve) => stdout.once('drain', resolve));
  }
  return 0;
}
