import ssh2 from 'ssh2';
import { describe, expect, it } from 'vitest';
import { rewritePkcs8 } from '../../src/ssh2/login/key-formats/pkcs8.ts';
import { type KeyKind, nodeKey } from '../support/private-keys.ts';

const kinds: KeyKind[] = ['ed25519', 'ecdsa', 'rsa'];
const types = { ed25519: 'ssh-ed25519', ecdsa: 'ecdsa-sha2-nistp256', rsa: 'ssh-rsa' };

function parsed(text: string | Buffer) {
  const key = ssh2.utils.parseKey(text);
  if (key instanceof Error) throw key;
  return Array.isArray(key) ? key[0] : key;
}

describe.each(kinds)('a PKCS#8 key of kind %s', (kind) => {
  const { privateKey, publicKey } = nodeKey(kind);
  const data = Buffer.from('to be signed');

  it.each([
    ['plain', {}],
    ['encrypted', { cipher: 'aes-256-cbc', passphrase: 'geheim' }],
  ])('is rewritten so that ssh2 signs with it: %s', (_how, encryption) => {
    const text = privateKey.export({ type: 'pkcs8', format: 'pem', ...encryption } as never) as string;
    const key = parsed(rewritePkcs8(text, 'passphrase' in encryption ? encryption.passphrase : undefined));
    expect(key.type).toBe(types[kind]);
    expect(key.isPrivateKey()).toBe(true);
    const hash = kind === 'rsa' ? 'sha256' : undefined;
    expect(key.verify(data, key.sign(data, hash), hash)).toBe(true);
    expect(key.getPublicPEM().trim()).toBe(
      (publicKey.export({ type: 'spki', format: 'pem' }) as string).trim(),
    );
  });

  it('is not rewritten with a wrong passphrase', () => {
    const text = privateKey.export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'geheim',
    }) as string;
    expect(() => rewritePkcs8(text, 'falsch')).toThrow();
    expect(() => rewritePkcs8(text, undefined)).toThrow();
  });
});

describe('many ed25519 keys', () => {
  it('are all rewritten correctly, whatever their bytes', () => {
    for (let round = 0; round < 200; round++) {
      const { privateKey } = nodeKey('ed25519');
      const key = parsed(
        rewritePkcs8(privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, undefined),
      );
      const raw = Buffer.from(privateKey.export({ format: 'jwk' }).x ?? '', 'base64url');
      expect(key.getPublicSSH().subarray(-32).equals(raw)).toBe(true);
    }
  });
});

describe('a key that SSH does not use', () => {
  it('is refused', async () => {
    const { generateKeyPairSync } = await import('node:crypto');
    const { privateKey } = generateKeyPairSync('x25519');
    const text = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    expect(() => rewritePkcs8(text, undefined)).toThrow(/x25519/);
  });
});
