import { createPrivateKey, type KeyObject, createPublicKey as realCreatePublicKey } from 'node:crypto';
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

type Exchange = KeyExchange & {
  generateKeys(): void;
  _keys: { publicKey: KeyObject; privateKey?: KeyObject } | null;
};

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

/** RFC 8410: what stands before the 32 bytes of a private key. */
const pkcs8 = '302e020100300506032b656e04220420';

/** With a private key (hexadecimal), or a new one. */
function exchange(secret?: string): Exchange {
  const kex = Object.assign(Object.create(prototype), { type: '25519', _keys: null }) as Exchange;
  if (secret === undefined) kex.generateKeys();
  else {
    const key = Buffer.from(pkcs8 + secret, 'hex');
    const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' });
    kex._keys = { privateKey, publicKey: realCreatePublicKey(privateKey) };
  }
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
  /** The private keys of both sides: one secret in 256 begins with zeros. */
  const pairs = {
    'first bit set': [
      'd879589b49e4066492e9fac13fb6576b8874bfa18cca7a0fd54469cccfbd1052',
      '00a8d8120ea08f0152ba7661b27031fd0bf00d643e4ba0b5aa9a2c00ea96667b',
    ],
    'as it is': [
      '387fde87925b6b9bb6419ca23e6c383fafbbaea0ac2127e2185d87b44f505168',
      'a0d8a1fadfcb2acdc35f40063a3a48b098b54d3b40d94bd3324e149f4b3a1460',
    ],
    'leading zeros': [
      'a082eadb3275081cace51927a964f782905582b8036287a89daa3c5e65dbaf68',
      '000f57e9504226a8a2614e7a72e580afc57e1c09d6f7e0b70c3abfa1ca59d064',
    ],
  } as const;
  const isAsSsh2Has = (plain: Exchange, other: Exchange) => {
    const theirs = other.getPublicKey();
    const expected = plain.computeSecret(theirs) as Buffer;
    const publicKey = plain.getPublicKey();
    const ours = begun(plain);
    expect(ours.getPublicKey()).toEqual(publicKey);
    expect(ours.computeSecret(theirs)).toEqual(expected);
    return expected.length > 32 ? 'first bit set' : expected.length < 32 ? 'leading zeros' : 'as it is';
  };
  it.each(Object.entries(pairs))(
    'has the public key and the secret that ssh2 has: %s',
    (kind, [ours, theirs]) => {
      expect(isAsSsh2Has(exchange(ours), exchange(theirs))).toBe(kind);
      expect(usedJwk()).toBe(true);
    },
  );

  it('has them for other keys', () => {
    for (let n = 0; n < 50; n++) isAsSsh2Has(exchange(), exchange());
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
