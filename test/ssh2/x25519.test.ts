import { type KeyObject, createPublicKey as realCreatePublicKey } from 'node:crypto';
import type { Client } from 'ssh2';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startMockServer } from '../../src/mock-server/index.ts';
import { forgetSecrets, type KeyExchange } from '../../src/ssh2/insides/key-exchange/key-exchange.ts';
import { exchangeBytes } from '../../src/ssh2/insides/key-exchange/x25519.ts';
import { switchedOff } from '../../src/ssh2/insides/registry/look.ts';
import { login, logout } from '../mock-server/support.ts';
import { connectTo } from '../support/connect.ts';

const refused = vi.hoisted(() => ({ jwk: false, check: false }));
vi.mock('node:crypto', async (original) => {
  const crypto = await original<typeof import('node:crypto')>();
  const createPublicKey = (given: never) => {
    if (refused.jwk && (given as { format?: string }).format === 'jwk') throw new Error('no such format');
    return crypto.createPublicKey(given);
  };
  const diffieHellman = (keys: never) => (refused.check ? Buffer.alloc(32) : crypto.diffieHellman(keys));
  return { ...crypto, createPublicKey: vi.fn(createPublicKey), diffieHellman };
});

type Exchange = KeyExchange & { generateKeys(): void; _keys: { publicKey: KeyObject } | null };

/** ssh2's own class, which it does not export. */
let prototype: Exchange;
beforeAll(async () => {
  await using server = await startMockServer();
  const client = await login(server, { algorithms: { kex: ['curve25519-sha256'] } });
  prototype = Object.getPrototypeOf((client as unknown as { _protocol: { _kex: Exchange } })._protocol._kex);
  await logout(client);
});
afterEach(() => {
  Object.assign(refused, { jwk: false, check: false });
  switchedOff.clear();
  vi.mocked(realCreatePublicKey).mockClear();
});

function exchange(): Exchange {
  const kex = Object.assign(Object.create(prototype), { type: '25519', _keys: null }) as Exchange;
  kex.generateKeys();
  return kex;
}

/** What ssh2 has of a connection with this exchange, and the way in for what the server sends. */
function connectionWith(kex: Exchange) {
  const protocol = { _kex: kex, _packetRW: { read: { read: (packet: Buffer) => packet } } };
  exchangeBytes({ _protocol: protocol } as unknown as Client);
  const receives = (type: number) => {
    const payload = Buffer.from([type, 1, 2]);
    expect(protocol._packetRW.read.read(payload)).toBe(payload);
  };
  return { protocol, receives };
}

/** The exchange once the server's answer has come. */
function begun(kex: Exchange, type = 31): Exchange {
  connectionWith(kex).receives(type);
  return kex;
}

const isOwn = (kex: Exchange) => Object.hasOwn(kex, 'getPublicKey') && Object.hasOwn(kex, 'computeSecret');
const usedJwk = () =>
  vi
    .mocked(realCreatePublicKey)
    .mock.calls.some(([given]) => (given as { format?: string }).format === 'jwk');

describe('a key exchange by X25519', () => {
  it('has the public key and the secret that ssh2 has, whatever the first bits of the secret', {
    timeout: 60_000,
  }, () => {
    const seen = new Set<string>();
    for (let n = 0; n < 3_000 && seen.size < 3; n++) {
      const [plain, other] = [exchange(), exchange()];
      const theirs = other.getPublicKey();
      const expected = plain.computeSecret(theirs) as Buffer;
      const publicKey = plain.getPublicKey();
      const ours = begun(plain);
      expect(ours.getPublicKey()).toEqual(publicKey);
      expect(ours.computeSecret(theirs)).toEqual(expected);
      seen.add(expected.length > 32 ? 'first bit set' : expected.length < 32 ? 'leading zeros' : 'as it is');
    }
    expect([...seen].sort()).toEqual(['as it is', 'first bit set', 'leading zeros']);
    expect(usedJwk()).toBe(true);
  });

  const wrong = {
    'of zeros, whose secret is none': Buffer.alloc(32),
    'of a small order': Buffer.concat([Buffer.from([1]), Buffer.alloc(31)]),
    'too short': Buffer.alloc(31, 9),
    'too long': Buffer.alloc(33, 9),
    'of no bytes': Buffer.alloc(0),
  };
  it.each(Object.entries(wrong))('judges a key as ssh2 does: %s', (_words, theirs) => {
    const expected = exchange().computeSecret(theirs);
    expect(expected).toBeInstanceOf(Error);
    expect(begun(exchange()).computeSecret(theirs)).toEqual(expected);
  });

  it('refuses a secret of zeros where the runtime does not', () => {
    refused.check = true;
    const refusal = begun(exchange()).computeSecret(exchange().getPublicKey());
    expect(refusal).toMatchObject({ message: 'the secret is zero (RFC 8731 section 3)' });
  });

  it('takes a key with an unused bit set as ssh2 does', () => {
    const plain = exchange();
    const theirs = Buffer.from(exchange().getPublicKey());
    theirs[31] = (theirs[31] ?? 0) | 0x80;
    const expected = plain.computeSecret(theirs);
    expect(begun(plain).computeSecret(theirs)).toEqual(expected);
  });

  it('is left to ssh2 where the runtime does not take keys as bytes', () => {
    refused.jwk = true;
    const [plain, other] = [exchange(), exchange()];
    const theirs = other.getPublicKey();
    const [publicKey, secret] = [plain.getPublicKey(), plain.computeSecret(theirs)];
    const { publicKey: known } = plain._keys as { publicKey: KeyObject };
    const exported = (options: { format: string }) => {
      if (options.format === 'jwk') throw new Error('no such format');
      return known.export(options as never);
    };
    Object.assign(plain, { _keys: { ...plain._keys, publicKey: { export: exported } } });
    const ours = begun(plain);
    expect(ours.getPublicKey()).toEqual(publicKey);
    expect(ours.computeSecret(theirs)).toEqual(secret);
  });

  it('is left as it is where somebody has changed it before: a hybrid one, or a host certificate', () => {
    const getPublicKey = () => Buffer.from('of a hybrid one');
    const kex = begun(Object.assign(exchange(), { getPublicKey }));
    expect(kex.getPublicKey).toBe(getPublicKey);
    expect(Object.hasOwn(kex, 'computeSecret')).toBe(false);
    const computeSecret = () => Buffer.from('of a hybrid one');
    expect(Object.hasOwn(begun(Object.assign(exchange(), { computeSecret })), 'getPublicKey')).toBe(false);
  });

  it('is changed once: what follows is left to ssh2', () => {
    const { protocol, receives } = connectionWith(exchange());
    receives(31);
    expect(isOwn(protocol._kex)).toBe(true);
    protocol._kex = exchange();
    receives(31);
    expect(isOwn(protocol._kex)).toBe(false);
  });

  it('is left to ssh2 if that has changed', async () => {
    switchedOff.add('X25519');
    await using server = await startMockServer();
    await using connection = await connectTo(server, { algorithms: { kex: ['curve25519-sha256'] } });
    expect(connection.serverVersion).toContain('OpenSSH');
    expect(usedJwk()).toBe(false);
  });

  it('is changed by the answer only, and no exchange of another kind is', () => {
    expect(isOwn(begun(exchange()))).toBe(true);
    expect(isOwn(begun(exchange(), 20))).toBe(false);
    expect(isOwn(begun(Object.assign(exchange(), { type: 'ecdh' })))).toBe(false);
  });

  it('is forgotten when it is over', () => {
    const kex = Object.assign(begun(exchange()), { _finished: true });
    forgetSecrets({ _protocol: { _kex: kex } } as unknown as Client);
    const other = Object.assign(begun(exchange()), { _finished: true });
    forgetSecrets({ _protocol: { _kex: other } } as unknown as Client);
    // The same for all of them: nothing of its own is left.
    expect([kex.getPublicKey, kex.computeSecret]).toEqual([other.getPublicKey, other.computeSecret]);
    expect(kex._keys).toBe(null);
    expect(kex.getPublicKey()).toHaveLength(0);
    expect(kex.computeSecret(Buffer.alloc(32, 9))).toBeInstanceOf(Error);
  });

  it('connects', async () => {
    await using server = await startMockServer();
    await using connection = await connectTo(server, { algorithms: { kex: ['curve25519-sha256'] } });
    expect(usedJwk()).toBe(true);
    expect((await connection.exec('echo there')).stdout.trim()).toBe('there');
  });
});
