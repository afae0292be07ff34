import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
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

interface Ssh2Crypto {
  CIPHER_INFO: Record<string, { sslName: string; keyLen: number; ivLen: number }>;
  MAC_INFO: Record<string, { len: number }>;
  createCipher(config: object): PacketCipher & { encrypt(packet: Buffer): void };
  createDecipher(config: object): { decrypt(bytes: Buffer, at: number, end: number): unknown };
}

const { CIPHER_INFO, MAC_INFO, createCipher, createDecipher }: Ssh2Crypto = createRequire(import.meta.url)(
  'ssh2/lib/protocol/crypto.js',
);

function everyPair() {
  return Object.keys(CIPHER_INFO).flatMap((cipher) =>
    Object.keys(MAC_INFO).flatMap((mac) => [true, false].map((isNative) => [cipher, mac, isNative] as const)),
  );
}

/** Both ends of a direction; undefined if the runtime has no such cipher. */
function cipherPair(name: string, mac: string, forceNative: boolean) {
  const { keyLen, ivLen } = CIPHER_INFO[name] as Ssh2Crypto['CIPHER_INFO'][string];
  const macInfo = MAC_INFO[mac] as Ssh2Crypto['MAC_INFO'][string];
  const [key, iv, macKey] = [randomBytes(keyLen), randomBytes(ivLen), randomBytes(macInfo.len)];
  const shared = { seqno: 0, macInfo, macKey, forceNative };
  let wire: Buffer[] = [];
  let got = Buffer.alloc(0);
  const outbound = { ...shared, onWrite: (bytes: Buffer) => void wire.push(Buffer.from(bytes)) };
  const onPayload = (bytes: Buffer) => {
    got = Buffer.from(bytes);
  };
  const inbound = { ...shared, onPayload };
  const info = CIPHER_INFO[name];
  try {
    const cipher = createCipher({
      outbound: { ...outbound, cipherInfo: info, cipherKey: key, cipherIV: Buffer.from(iv) },
    });
    const decipher = createDecipher({
      inbound: { ...inbound, decipherInfo: info, decipherKey: key, decipherIV: Buffer.from(iv) },
    });
    const through = (packet: Buffer) => {
      wire = [];
      cipher.encrypt(packet);
      const bytes = Buffer.concat(wire);
      decipher.decrypt(bytes, 0, bytes.length);
      return got;
    };
    return { cipher, through };
  } catch (error) {
    if (/unsupported|vector|IV length/i.test(String(error))) return undefined;
    throw error;
  }
}

const paddingOf = (packet: Buffer, payloadLength: number) =>
  packet.toString('hex', 5 + payloadLength, 5 + payloadLength + (packet[4] ?? 0));

describe('padding from a pool', () => {
  it.each([
    ...ciphers.map((cipher) => [cipher, undefined] as const),
    ['aes256-ctr', ['hmac-sha2-256']] as const,
    ['aes256-ctr', ['hmac-sha2-512-etm@openssh.com']] as const,
  ])('builds packets as ssh2 does: %s %s', async (name, hmac) => {
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

  it('builds readable packets for every cipher and MAC of ssh2, including those of servers before 2010', () => {
    const tried = new Set<string>();
    for (const [cipher, mac, isNative] of everyPair()) {
      const pair = cipherPair(cipher, mac, isNative);
      if (!pair) continue;
      tried.add(cipher);
      padFromPool({ _protocol: { _cipher: pair.cipher } } as unknown as Client);
      const plain = Object.getPrototypeOf(pair.cipher).allocPacket as PacketCipher['allocPacket'];
      for (let length = 0; length < 48; length++) {
        const packet = pair.cipher.allocPacket(length);
        expect([cipher, mac, layout(packet)]).toEqual([cipher, mac, layout(plain.call(pair.cipher, length))]);
        const payload = randomBytes(length);
        payload.copy(packet, 5);
        expect(pair.through(packet).equals(payload)).toBe(true);
      }
    }
    expect([...tried]).toEqual(expect.arrayContaining([...ciphers, 'aes128-cbc', '3des-cbc']));
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

  it('no longer needs packets of ssh2 after two of them', async () => {
    await withCipher('aes128-gcm@openssh.com', undefined, async (cipher, run) => {
      const plain = vi.spyOn(Object.getPrototypeOf(cipher), 'allocPacket');
      for (let n = 0; n < 30; n++) await run(`echo ${'x'.repeat(n)}`);
      // The mock server's cipher is of the same class.
      expect(plain.mock.contexts).not.toContain(cipher);
    });
  });

  it('is left to ssh2 if its internals have changed', () => {
    for (const strange of [{}, { _protocol: {} }, { _protocol: { _cipher: {} } }])
      expect(() => padFromPool(strange as unknown as Client)).not.toThrow();
  });
});
