import { createRequire } from 'node:module';
import type { Client } from 'ssh2';
import { describe, expect, it } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import { startMockServer } from '../../src/mock-server/index.ts';
import { padFromStock } from '../../src/ssh2/insides/padding.ts';
import { optionsFor } from '../support/connect.ts';

interface Cipher {
  allocPacket(payloadLength: number): Buffer;
}

const require = createRequire(import.meta.url);
const { CIPHER_INFO, createCipher, MAC_INFO, init } = require('ssh2/lib/protocol/crypto.js') as {
  CIPHER_INFO: Record<string, { keyLen: number; ivLen: number }>;
  MAC_INFO: Record<string, { len: number }>;
  createCipher(config: object): Cipher;
  init: Promise<void>;
};
await init;

// The others are not in every OpenSSL.
const ciphers = Object.keys(CIPHER_INFO).filter((name) => /^(chacha20|aes)/.test(name));

/** An outbound cipher of ssh2, as after a key exchange. */
function cipherOf(name: string): Cipher {
  const { keyLen, ivLen } = CIPHER_INFO[name] as { keyLen: number; ivLen: number };
  return createCipher({
    outbound: {
      seqno: 0,
      onWrite: () => {},
      cipherInfo: CIPHER_INFO[name],
      cipherKey: Buffer.alloc(keyLen, 1),
      cipherIV: Buffer.alloc(ivLen, 2),
      macInfo: MAC_INFO['hmac-sha2-256'],
      macKey: Buffer.alloc(32, 3),
    },
  });
}

function clientWith(cipher: Cipher): Client {
  return { _protocol: { _cipher: cipher } } as unknown as Client;
}

function paddingOf(packet: Buffer, payloadLength: number): Buffer {
  return packet.subarray(5 + payloadLength, 5 + payloadLength + (packet[4] as number));
}

describe('padding from the stock', () => {
  it('knows several kinds of ciphers', () => {
    expect(ciphers).toEqual(
      expect.arrayContaining([
        'chacha20-poly1305@openssh.com',
        'aes128-gcm@openssh.com',
        'aes256-ctr',
        'aes128-cbc',
      ]),
    );
  });

  it.each(ciphers)('frames packets just as ssh2 does: %s', (name) => {
    const theirs = cipherOf(name);
    const ours = cipherOf(name);
    padFromStock(clientWith(ours));
    // Twice: the first packets of each length are ssh2's own.
    for (let length = 0; length < 600; length++) {
      const payloadLength = length % 300;
      const wanted = theirs.allocPacket(payloadLength);
      const packet = ours.allocPacket(payloadLength);
      expect(packet.length).toBe(wanted.length);
      expect(packet.subarray(0, 5)).toEqual(wanted.subarray(0, 5));
    }
  });

  it('is never the same twice', () => {
    const cipher = cipherOf('aes128-gcm@openssh.com');
    padFromStock(clientWith(cipher));
    const seen = new Set<string>();
    const count = 3_000;
    for (let n = 0; n < count; n++) seen.add(paddingOf(cipher.allocPacket(3), 3).toString('hex'));
    expect(seen.size).toBe(count);
    const zeros = [...seen].join('').match(/00/g) ?? [];
    expect(zeros.length).toBeLessThan(count);
  });

  it('comes back after each key exchange, and is put in once', () => {
    const cipher = cipherOf('aes128-gcm@openssh.com');
    padFromStock(clientWith(cipher));
    const { allocPacket } = cipher;
    padFromStock(clientWith(cipher));
    expect(cipher.allocPacket).toBe(allocPacket);
    const next = cipherOf('aes256-ctr');
    padFromStock(clientWith(next));
    expect(Object.hasOwn(next, 'allocPacket')).toBe(true);
  });

  it('is left to ssh2 where that has changed', () => {
    const strangers = [{}, { _protocol: {} }, { _protocol: { _cipher: {} } }];
    for (const strange of strangers) expect(() => padFromStock(strange as unknown as Client)).not.toThrow();
  });

  it.each([
    ['chacha20-poly1305@openssh.com', undefined],
    ['aes128-gcm@openssh.com', undefined],
    ['aes256-ctr', 'hmac-sha2-512'],
    ['aes256-ctr', 'hmac-sha2-256-etm@openssh.com'],
  ])('makes packets that the server reads: %s %s', async (cipher, mac) => {
    await using server = await startMockServer({ exec: (context) => ({ stdout: context.command }) });
    const algorithms = { cipher: [cipher], ...(mac ? { hmac: [mac] } : {}) };
    await using connection = await connectViaGateway(optionsFor(server, { algorithms }));
    for (let length = 1; length < 150; length++) {
      const command = 'x'.repeat(length);
      expect((await connection.exec(command)).stdout).toBe(command);
    }
  });
});
