import { createPublicKey, generateKeyPairSync, KeyObject, sign, verify } from 'node:crypto';
import type { ParsedKey } from 'ssh2';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { generatedKey } from '../../src/mock-server/keys.ts';
import { parsePrivateKey } from '../../src/ssh2/login/key-formats/private-key.ts';
import { signingKey } from '../../src/ssh2/login/signing-key.ts';

const refused = vi.hoisted(() => ({ jwk: false }));
vi.mock('node:crypto', async (original) => {
  const crypto = await original<typeof import('node:crypto')>();
  const createPrivateKey = (given: never) => {
    if (refused.jwk && (given as { format?: string }).format === 'jwk') throw new Error('no such format');
    return crypto.createPrivateKey(given);
  };
  return { ...crypto, createPrivateKey };
});
afterEach(() => {
  refused.jwk = false;
});

const data = Buffer.from('what a login signs');

/** As OpenSSH writes it, and as others do. */
const ed25519 = {
  'of OpenSSH': (n: number) => generatedKey(`signing ${n}`).privateKey,
  'in PKCS#8': () =>
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
};

describe('what signs with an Ed25519 key', () => {
  it.each(Object.entries(ed25519))(
    '%s is made of its bytes, and signs as its PEM does',
    async (_words, make) => {
      for (let n = 0; n < 20; n++) {
        const key = await parsePrivateKey('privateKey', make(n), undefined);
        const ours = signingKey(key);
        expect(ours).toBeInstanceOf(KeyObject);
        const signature = sign(null, data, ours);
        expect(signature).toEqual(sign(null, data, key.getPrivatePEM()));
        expect(verify(null, data, createPublicKey(key.getPublicPEM()), signature)).toBe(true);
      }
    },
  );

  it('is its PEM where the runtime takes no bytes', async () => {
    refused.jwk = true;
    const key = await parsePrivateKey('privateKey', ed25519['in PKCS#8'](), undefined);
    expect(signingKey(key)).toBe(key.getPrivatePEM());
  });

  it('is its PEM where ssh2 writes it in another way', async () => {
    const key = await parsePrivateKey('privateKey', ed25519['in PKCS#8'](), undefined);
    const der = Buffer.concat([Buffer.alloc(16, 1), Buffer.alloc(32, 2)]);
    for (const bytes of [der, Buffer.alloc(0), Buffer.concat([der, der])]) {
      const pem = `-----BEGIN PRIVATE KEY-----\n${bytes.toString('base64')}\n-----END PRIVATE KEY-----`;
      const other = { type: key.type, getPrivatePEM: () => pem, getPublicSSH: () => key.getPublicSSH() };
      expect(signingKey(other as ParsedKey)).toBe(pem);
    }
  });
});

it('what signs with any other key is its PEM', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const key = await parsePrivateKey('privateKey', pem, undefined);
  expect(signingKey(key)).toBe(key.getPrivatePEM());
});
