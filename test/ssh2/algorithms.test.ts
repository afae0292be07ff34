import { createRequire } from 'node:module';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Algorithms } from '../../src/options/types.ts';
import { algorithmNames, resolveAlgorithms } from '../../src/ssh2/handshake/algorithms.ts';

const missing = vi.hoisted(() => new Set<string>());
vi.mock('node:crypto', async (original) => {
  const real = await original<typeof import('node:crypto')>();
  const without = (names: string[]) => names.filter((name) => !missing.has(name));
  return {
    ...real,
    getCiphers: () => without(real.getCiphers()),
    getHashes: () => without(real.getHashes()),
    generateKeyPairSync: (kind: string, ...rest: never[]) => {
      if (missing.has(kind)) throw new Error(`${kind} is not there`);
      return (real.generateKeyPairSync as (...given: unknown[]) => unknown)(kind, ...rest);
    },
  };
});
afterEach(() => missing.clear());

/** What a program has that runs where something is missing: it looks only once. */
async function inSuchRuntime() {
  vi.resetModules();
  return import('../../src/ssh2/handshake/algorithms.ts');
}

const inSsh2 = createRequire(import.meta.url)('ssh2/lib/protocol/constants.js');

describe('the algorithms that can be requested', () => {
  it.each([
    ['kex', 'SUPPORTED_KEX'],
    ['serverHostKey', 'SUPPORTED_SERVER_HOST_KEY'],
    ['cipher', 'SUPPORTED_CIPHER'],
    ['hmac', 'SUPPORTED_MAC'],
    ['compress', 'SUPPORTED_COMPRESSION'],
  ] as const)('are, of kind %s, what ssh2 supports in this runtime', (kind, name) => {
    // Certificates are taught to it.
    const plain = algorithmNames(kind).known.filter((one) => !one.includes('-cert-'));
    expect(plain.sort()).toEqual([...inSsh2[name]].sort());
  });
});

describe('a runtime without some algorithms', () => {
  it('does not offer them', async () => {
    missing.add('chacha20').add('sha512');
    const { cipher, hmac } = (await inSuchRuntime()).resolveAlgorithms();
    expect(cipher).not.toContain('chacha20-poly1305@openssh.com');
    expect(cipher).toContain('aes128-gcm@openssh.com');
    expect(hmac).toEqual(['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-256']);
  });

  it('does not offer Curve25519 with a FIPS module; an agent may still sign with it', async () => {
    missing.add('x25519').add('ed25519');
    const fresh = await inSuchRuntime();
    const { kex, serverHostKey, publicKey } = fresh.resolveAlgorithms();
    expect(kex[0]).toBe('ecdh-sha2-nistp256');
    expect([...kex, ...serverHostKey].filter((name) => /25519/.test(name))).toEqual([]);
    expect(serverHostKey).toContain('ecdsa-sha2-nistp256');
    expect(publicKey).toContain('ssh-ed25519');
    expect(() => fresh.resolveAlgorithms({ kex: ['curve25519-sha256'] })).toThrow(
      /the crypto of this runtime has/,
    );
  });

  it('reports it if one is requested by name, and allows removing it', async () => {
    missing.add('chacha20');
    const fresh = await inSuchRuntime();
    const chacha = 'chacha20-poly1305@openssh.com';
    expect(() => fresh.resolveAlgorithms({ cipher: [chacha] })).toThrow(/the crypto of this runtime has/);
    expect(() => fresh.resolveAlgorithms({ cipher: { append: chacha } })).toThrow(RangeError);
    expect(fresh.resolveAlgorithms({ cipher: { remove: chacha } })).toEqual(fresh.resolveAlgorithms());
  });
});

describe('changes to a list', () => {
  const change = (hmac: Algorithms['hmac']) => resolveAlgorithms({ hmac }).hmac;
  const [etm256, etm512, plain256, plain512] = resolveAlgorithms().hmac;

  it.each<[string, Algorithms['hmac'], Array<string | undefined>]>([
    ['append', { append: 'hmac-sha1' }, [etm256, etm512, plain256, plain512, 'hmac-sha1']],
    ['append what is there', { append: [etm256 ?? ''] }, [etm256, etm512, plain256, plain512]],
    [
      'prepend in order',
      { prepend: ['hmac-md5', plain512 ?? ''] },
      ['hmac-md5', plain512, etm256, etm512, plain256],
    ],
    ['remove', { remove: [etm256 ?? '', plain256 ?? ''] }, [etm512, plain512]],
    ['remove by pattern', { remove: '*-etm@*' }, [plain256, plain512]],
    [
      'append by pattern',
      { append: 'hmac-sha1*' },
      [etm256, etm512, plain256, plain512, 'hmac-sha1-etm@openssh.com', 'hmac-sha1', 'hmac-sha1-96'],
    ],
    [
      'all at once',
      { remove: '*512*', prepend: 'hmac-sha1', append: 'hmac-md5' },
      ['hmac-sha1', etm256, plain256, 'hmac-md5'],
    ],
    ['nothing', {}, [etm256, etm512, plain256, plain512]],
  ])('%s', (_what, changes, list) => {
    expect(change(changes)).toEqual(list);
  });

  it('that leave nothing, or name nothing, are rejected', () => {
    expect(() => change({ remove: '*' })).toThrow(
      /option algorithms\.hmac\.remove: '\*' given; to leave at least one/,
    );
    expect(() => change({ append: 'hmac-sha3' })).toThrow(
      /option algorithms\.hmac\.append: 'hmac-sha3' given/,
    );
    expect(() => change({ remove: 'hmac-sha3' })).toThrow(
      /option algorithms\.hmac\.remove: 'hmac-sha3' given/,
    );
  });

  it.each(['append', 'prepend', 'remove'] as const)(
    '%s by a pattern that matches nothing is rejected',
    (way) => {
      expect(() => change({ [way]: 'hmac-shaa*' })).toThrow(
        new RegExp(`option algorithms\\.hmac\\.${way}: 'hmac-shaa\\*' given; names out of`),
      );
    },
  );

  it('by a pattern report what the runtime lacks, and allow removing it', async () => {
    missing.add('chacha20');
    const fresh = await inSuchRuntime();
    expect(() => fresh.resolveAlgorithms({ cipher: { append: 'chacha*' } })).toThrow(
      /the crypto of this runtime has/,
    );
    expect(fresh.resolveAlgorithms({ cipher: { remove: 'chacha*' } })).toEqual(fresh.resolveAlgorithms());
  });
});

describe('a list', () => {
  it('offers a duplicate name once', () => {
    expect(resolveAlgorithms({ cipher: ['aes256-ctr', 'aes128-ctr', 'aes256-ctr'] }).cipher).toEqual([
      'aes256-ctr',
      'aes128-ctr',
    ]);
  });
});
