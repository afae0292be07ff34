import { createRequire } from 'node:module';
import { describe, expect, it, vi } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import type { Connection } from '../../src/connection.ts';
import { type MockServerOptions, startMockServer } from '../../src/mock-server/index.ts';
import { type JumpHostOptions, jumpHost } from '../../src/route/jump-host.ts';
import { optionsFor } from '../support/connect.ts';
import { countingSocket, type Traffic } from '../support/counting-socket.ts';

// Counts, not times: the same on every machine. Where one falls, lower it here; where one rises, it must be worth it.

const MiB = 1024 * 1024;

const { Channel } = createRequire(import.meta.url)('ssh2/lib/Channel.js');
const { close } = Channel.prototype;

/** What a connection sends and receives for `work`, once it has run a command. */
async function trafficOf(
  work: (connection: Connection) => Promise<unknown>,
  options: MockServerOptions = {},
): Promise<Traffic> {
  await using server = await startMockServer(options);
  const { socket, take } = await countingSocket(server.port);
  await using connection = await connectViaGateway(optionsFor(server, { via: async () => socket }));
  await connection.exec('true');
  take();
  await work(connection);
  return take();
}

describe('a connection', () => {
  it('takes five writes to connect', async () => {
    await using server = await startMockServer();
    const { socket, take } = await countingSocket(server.port);
    await using _connection = await connectViaGateway(optionsFor(server, { via: async () => socket }));
    const { writes, sent } = take();
    expect(writes).toBeLessThanOrEqual(5);
    expect(sent).toBeLessThanOrEqual(1_400);
  });
});

describe('a command', () => {
  it('costs one write if it is the first, whose session was requested with the login', async () => {
    await using server = await startMockServer();
    const { socket, take } = await countingSocket(server.port);
    await using connection = await connectViaGateway(optionsFor(server, { via: async () => socket }));
    take();
    await connection.exec('true');
    expect(take().writes).toBe(1);
  });

  it('takes one write of six small packets if it follows another, and as much back', async () => {
    const count = 20;
    const { writes, sent, received } = await trafficOf(async (connection) => {
      for (let n = 0; n < count; n++) await connection.exec('true');
    });
    // One session more than there are commands is opened: the next one's.
    expect(writes / count).toBeLessThanOrEqual(1.2);
    expect(sent / count).toBeLessThanOrEqual(182);
    expect(received / count).toBeLessThanOrEqual(216);
  });

  it('is one packet on the jump host it goes through', async () => {
    const count = 20;
    await using server = await startMockServer();
    const { socket, take } = await countingSocket(server.port);
    const { retry: _, ...jump } = optionsFor(server, { via: async () => socket });
    const via = jumpHost(jump as JumpHostOptions);
    await using connection = await connectViaGateway(optionsFor(server, { via }));
    await connection.exec('true');
    take();
    for (let n = 0; n < count; n++) await connection.exec('true');
    // As much as without it, and one header, padding and MAC; 373 with a packet for each small one.
    expect(take().sent / count).toBeLessThanOrEqual(217);
  });

  it('needs two round trips, or one if it follows another', async () => {
    const rtt = 200;
    await using server = await startMockServer({ faults: { latencyMs: rtt / 2 } });
    await using connection = await connectViaGateway(optionsFor(server));
    const trips: number[] = [];
    for (let n = 0; n < 4; n++) {
      const startedAt = performance.now();
      await connection.exec('true');
      trips.push((performance.now() - startedAt) / rtt);
    }
    console.log(`round trips of commands in a row: ${trips.map((one) => one.toFixed(2)).join(' ')}`);
    expect(Math.max(...trips.slice(0, 2))).toBeLessThan(2.5);
    expect(Math.max(...trips.slice(2))).toBeLessThan(1.5);
  });

  it('has no ssh2 channel, which is three streams and some twenty listeners; one with a pty has', async () => {
    const channels = new Set<object>();
    const spy = vi.spyOn(Channel.prototype, 'close').mockImplementation(function (this: { server: boolean }) {
      // The server's are in the same process.
      if (!this.server) channels.add(this);
      return close.call(this);
    });
    await using server = await startMockServer({ exec: () => 0 });
    await using connection = await connectViaGateway(optionsFor(server));
    for (let n = 0; n < 5; n++) await connection.exec('true');
    expect(channels.size).toBe(0);
    await connection.exec('true', { pty: true });
    expect(channels.size).toBe(1);
    spy.mockRestore();
  });

  it('shares its writes with those that run at the same time', async () => {
    const count = 8;
    const { writes, sent } = await trafficOf((connection) =>
      Promise.all(Array.from({ length: count }, () => connection.exec('true'))),
    );
    expect(writes).toBeLessThanOrEqual(1.5 * count);
    expect(sent / count).toBeLessThanOrEqual(176);
  });

  it('adjusts the window once per MiB of output', async () => {
    const options: MockServerOptions = { exec: { pour: (call) => pour(call.stdout, 32) } };
    const { writes, sent, received } = await trafficOf(
      (connection) => connection.exec('pour', { encoding: 'buffer', maxBuffer: 0 }),
      options,
    );
    expect(received).toBeGreaterThan(32 * MiB);
    expect(received).toBeLessThan(32 * MiB * 1.002);
    expect(writes).toBeLessThanOrEqual(32 + 3);
    // The command itself, and the session for the next one.
    expect(sent).toBeLessThanOrEqual(32 * 36 + 212 + 52);
  });

  it('sends its input in packets of 32 KiB, with little overhead', async () => {
    const options: MockServerOptions = {
      exec: {
        drink: async (call) => {
          call.stdout.write(String(await drink(call.stdin)));
          return 0;
        },
      },
    };
    const { writes, sent, received } = await trafficOf(async (connection) => {
      const { stdout } = await connection.exec('drink', { stdin: Buffer.alloc(32 * MiB) });
      expect(Number(stdout)).toBe(32 * MiB);
    }, options);
    expect(writes).toBeLessThanOrEqual(32 * 34);
    expect(sent).toBeLessThan(32 * MiB * 1.002);
    expect(received).toBeLessThanOrEqual(1_600);
  });
});

async function pour(stdout: NodeJS.WritableStream, mebibytes: number): Promise<number> {
  for (let n = 0; n < mebibytes; n++) {
    if (!stdout.write(Buffer.alloc(MiB))) await new Promise((resolve) => stdout.once('drain', resolve));
  }
  return 0;
}

async function drink(stdin: AsyncIterable<Buffer>): Promise<number> {
  let bytes = 0;
  for await (const chunk of stdin) bytes += chunk.length;
  return bytes;
}
