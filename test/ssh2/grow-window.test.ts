import { Readable } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import { describe, expect, it } from 'vitest';
import { growWindow } from '../../src/ssh2/channels/grow-window.ts';
import { stateOf } from '../../src/ssh2/insides/internals.ts';
import { mockSftp } from '../support/mock-sftp.ts';

const MiB = 1024 * 1024;

/** What ssh2 1.17 has, as far as the window goes. */
function fakeChannel() {
  const granted: number[] = [];
  const client = { _protocol: { channelWindowAdjust: (_id: number, bytes: number) => granted.push(bytes) } };
  const channel = Object.assign(new Readable({ highWaterMark: MiB, read() {} }), {
    incoming: { id: 0, window: 2 * MiB, state: 'open' },
    outgoing: { id: 4, window: 0, packetSize: 0, state: 'open' },
    _waitChanDrain: false,
  });
  /** As ssh2 receives data; it drops what comes when it believes the window shut. */
  const receive = (bytes: number) => {
    if (channel.incoming.window === 0) throw new Error('ssh2 would drop this without a word');
    channel.incoming.window -= bytes;
    if (channel.push(Buffer.alloc(bytes)) === false) channel._waitChanDrain = true;
  };
  return { client: client as unknown as Client, channel, granted, receive };
}

describe('a larger receive window', () => {
  it('is granted at once, and again as it is used, by exactly what was used', async () => {
    const { client, channel, granted, receive } = fakeChannel();
    channel.on('data', () => {});
    await new Promise((resolve) => setImmediate(resolve));
    expect(growWindow(client, channel, 16 * MiB)).toBe(true);
    expect(granted).toEqual([14 * MiB]);
    let received = 0;
    for (; received < 100 * MiB; received += 32_768) receive(32_768);
    const given = 2 * MiB + granted.reduce((sum, bytes) => sum + bytes, 0);
    expect(given - received).toBe(channel.incoming.window);
    expect(channel.incoming.window).toBeGreaterThan(13 * MiB);
    expect(channel.incoming.window).toBeLessThanOrEqual(16 * MiB);
  });

  it('is not granted further while its reader does not read', () => {
    const { client, channel, granted, receive } = fakeChannel();
    growWindow(client, channel, 16 * MiB);
    for (let received = 0; received < 16 * MiB; received += 32_768) receive(32_768);
    const given = 2 * MiB + granted.reduce((sum, bytes) => sum + bytes, 0);
    expect(given).toBeLessThanOrEqual(17 * MiB + MiB);
    expect(channel.readableLength).toBe(16 * MiB);
  });

  it('leaves alone what it does not know', () => {
    const { client, channel } = fakeChannel();
    expect(growWindow({} as Client, channel, MiB)).toBe(false);
    expect(growWindow(client, new Readable({ read() {} }), MiB)).toBe(false);
  });

  it('loses nothing when the reader of a real channel pauses and goes on', async () => {
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
