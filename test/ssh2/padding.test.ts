import { type Client, Client as Ssh2Client } from 'ssh2';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startMockServer } from '../../src/mock-server/index.ts';
import { protocolOf } from '../../src/ssh2/insides/internals.ts';
import { padFromPool } from '../../src/ssh2/insides/padding.ts';
import { connectTo } from '../support/connect.ts';

interface PacketCipher {
  allocPacket(payloadLength: number): Buffer;
}

const ciphers = [
  'aes128-gcm@openssh.com',
  'aes256-gcm@openssh.com',
  'chacha20-poly1305@openssh.com',
  'aes256-ctr',
] as const;

afterEach(() => vi.restoreAllMocks());

/** The cipher of a connection that has logged in; its prototype has what ssh2 does by itself. */
async function withCipher(
  cipher: (typeof ciphers)[number],
  hmac: string[] | undefined,
  use: (cipher: PacketCipher, run: (command: string) => PromiseLike<unknown>) => unknown,
): Promise<void> {
  const clients: Client[] = [];
  const { connect } = Ssh2Client.prototype;
  vi.spyOn(Ssh2Client.prototype, 'connect').mockImplementation(function (this: Client, ...given) {
    clients.push(this);
    return connect.apply(this, given);
  });
  await using server = await startMockServer();
  const algorithms = { cipher: [cipher], ...(hmac ? { hmac } : {}) };
  await using connection = await connectTo(server, { algorithms } as never);
  const found = (protocolOf(clients[0] as Client) as unknown as { _cipher: PacketCipher })._cipher;
  await use(found, (command) => connection.exec(command));
}

/** The five bytes before the payload, and the length of all. */
function layout(packet: Buffer) {
  return { head: packet.toString('hex', 0, 5), length: packet.length };
}

const paddingOf = (packet: Buffer, payloadLength: number) =>
  packet.toString('hex', 5 + payloadLength, 5 + payloadLength + (packet[4] ?? 0));

describe('padding from a pool', () => {
  it.each([
    ...ciphers.map((cipher) => [cipher, undefined] as const),
    ['aes256-ctr', ['hmac-sha2-256']] as const,
    ['aes256-ctr', ['hmac-sha2-512-etm@openssh.com']] as const,
  ])('lays packets out as ssh2 does: %s %s', async (name, hmac) => {
    await withCipher(name, hmac as string[] | undefined, (cipher) => {
      const plain = Object.getPrototypeOf(cipher).allocPacket as PacketCipher['allocPacket'];
      expect(cipher.allocPacket).not.toBe(plain);
      for (let length = 0; length < 100; length++)
        expect([length, layout(cipher.allocPacket(length))]).toEqual([
          length,
          layout(plain.call(cipher, length)),
        ]);
      expect(layout(cipher.allocPacket(32_768))).toEqual(layout(plain.call(cipher, 32_768)));
    });
  });

  it('is random, and none of it is used twice', async () => {
    await withCipher('aes128-gcm@openssh.com', undefined, (cipher) => {
      // Eleven bytes and more: no two of these are equal by chance.
      const paddings = Array.from({ length: 3_000 }, () => paddingOf(cipher.allocPacket(0), 0));
      expect(paddings[0]?.length).toBeGreaterThanOrEqual(22);
      expect(new Set(paddings).size).toBe(paddings.length);
      const ones = paddings.join('').match(/[1-9a-f]/g)?.length ?? 0;
      expect(ones / paddings.join('').length).toBeCloseTo(15 / 16, 2);
    });
  });

  it('does without packets of ssh2 when it has seen two of them', async () => {
    await withCipher('aes128-gcm@openssh.com', undefined, async (cipher, run) => {
      const plain = vi.spyOn(Object.getPrototypeOf(cipher), 'allocPacket');
      for (let n = 0; n < 30; n++) await run(`echo ${'x'.repeat(n)}`);
      // The mock server's cipher is of the same class.
      expect(plain.mock.contexts).not.toContain(cipher);
    });
  });

  it('is left to ssh2 where that has changed inside', () => {
    for (const strange of [{}, { _protocol: {} }, { _protocol: { _cipher: {} } }])
      expect(() => padFromPool(strange as unknown as Client)).not.toThrow();
  });
});
