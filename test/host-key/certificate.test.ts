import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Certificate, readCertificate } from '../../src/host-key/certificates/certificate.ts';
import { certificateProblem } from '../../src/host-key/certificates/certificate-check.ts';
import { isSignedBy } from '../../src/host-key/keys/signature.ts';
import { WireReader } from '../../src/host-key/keys/wire-reader.ts';
import { wireString } from '../../src/host-key/keys/wire-string.ts';
import { loadCredentials } from '../../src/ssh2/login/credentials.ts';
import { wholeSignature } from '../../src/ssh2/login/signing.ts';
import { type KeyFolder, keyFolder } from '../support/certificates.ts';
import { nodeKey } from '../support/private-keys.ts';
import { securityKey } from '../support/security-key.ts';

let folder: KeyFolder;
let authority: string;
beforeAll(async () => {
  folder = await keyFolder();
  authority = await folder.key('authority');
});
afterAll(() => folder[Symbol.asyncDispose]());

let made = 0;

async function blobOf(path: string): Promise<Buffer> {
  return Buffer.from((await folder.read(path)).split(' ')[1] ?? '', 'base64');
}

async function certificate(options: string[], kind = ['-t', 'ed25519'], signer = authority): Promise<Buffer> {
  const key = await folder.key(`key${made++}`, ...kind);
  return blobOf(await folder.certify(key, signer, ...options));
}

async function read(options: string[], kind?: string[], signer?: string): Promise<Certificate> {
  const found = readCertificate(await certificate(options, kind, signer));
  if (!found) throw new Error('not read');
  return found;
}

describe('a certificate', () => {
  it('contains what ssh-keygen wrote', async () => {
    const options = [
      '-I',
      'Kim "PC" 12',
      '-n',
      'kim,lee',
      '-z',
      '77',
      '-V',
      '20260101000000Z:20260102000000Z',
    ];
    const found = await read([...options, '-O', 'force-command=true', '-O', 'no-pty']);
    expect(found).toMatchObject({
      name: 'ssh-ed25519-cert-v01@openssh.com',
      kind: 'user',
      keyId: 'Kim "PC" 12',
      principals: ['kim', 'lee'],
      validAfter: 1_767_225_600n,
      validBefore: 1_767_312_000n,
      criticalOptions: ['force-command'],
    });
    expect(found.authorityBlob).toEqual(await blobOf(`${authority}.pub`));
  });

  it.each(['ecdsa -b 256', 'ecdsa -b 384', 'ecdsa -b 521', 'rsa -b 2048'])(
    'of a key of type %s contains that key, which is also accepted as an authority',
    async (kind) => {
      const options = ['-t', ...kind.split(' ')];
      const key = await folder.key(`plain${made++}`, ...options);
      const found = readCertificate(await blobOf(await folder.certify(key, authority, '-h')));
      expect(found?.keyBlob).toEqual(await blobOf(`${key}.pub`));
      expect(found?.kind).toBe('host');
      expect((await read([], ['-t', 'ed25519'], key)).authorityBlob).toEqual(found?.keyBlob);
    },
  );

  it('is invalid if any byte differs, is missing, or is added', async () => {
    const blob = await certificate(['-n', 'kim']);
    expect(readCertificate(blob)).toBeDefined();
    for (let at = 0; at < blob.length; at += 1) {
      const damaged = Buffer.from(blob);
      damaged[at]! ^= 1;
      expect(readCertificate(damaged), `byte ${at}`).toBeUndefined();
      expect(readCertificate(blob.subarray(0, at)), `cut at ${at}`).toBeUndefined();
    }
    expect(readCertificate(Buffer.concat([blob, Buffer.alloc(1)]))).toBeUndefined();
    expect(readCertificate(await blobOf(`${authority}.pub`))).toBeUndefined();
  });

  it('signed with SHA-1 is invalid for a host; for a user, the server decides', async () => {
    const rsa = await folder.key('rsa', '-t', 'rsa', '-b', '2048');
    const sha1 = await certificate(['-t', 'ssh-rsa', '-n', 'kim'], undefined, rsa);
    const old = readCertificate(sha1)!;
    expect(old).toMatchObject({ signedWith: 'ssh-rsa', keyId: 'me' });
    expect(readCertificate(sha1.subarray(0, -1))).toBeUndefined();
    const use = { names: ['kim'], now: Date.now() };
    const says = (kind: 'user' | 'host') => certificateProblem({ ...old, kind }, { ...use, kind });
    expect(says('host')).toMatch(/its authority signed it with SHA-1, which no longer proves anything/);
    expect(says('user')).toBeUndefined();
    const better = readCertificate(await certificate(['-t', 'rsa-sha2-256', '-n', 'kim'], undefined, rsa))!;
    expect(certificateProblem({ ...better, kind: 'host' }, { ...use, kind: 'host' })).toBeUndefined();
  });

  it('with more than 256 names is invalid, as for OpenSSH', async () => {
    const [key] = (await loadCredentials({ username: 'x', privateKeyPath: authority })).keys;
    const reader = new WireReader(await certificate(['-n', 'kim']));
    for (let i = 0; i < 3; i += 1) reader.string(); // type, nonce, key
    reader.take(12); // serial, kind
    reader.string(); // key id
    const head = reader.since(0);
    const principals = reader.string();
    const tailStart = reader.offset;
    reader.take(16);
    for (let i = 0; i < 4; i += 1) reader.string();
    const tail = reader.since(tailStart);
    const withNames = (count: number) => {
      const names = Buffer.concat(Array.from({ length: count }, () => principals));
      const signed = Buffer.concat([head, wireString(names), tail]);
      return Buffer.concat([signed, wireString(wholeSignature(key!, 'ssh-ed25519', signed))]);
    };
    expect(readCertificate(withNames(256))?.principals).toHaveLength(256);
    expect(readCertificate(withNames(257))).toBeUndefined();
  });
});

it.each(['constructor', '__proto__', 'toString', 'rsa-sha2-1024'])(
  'an RSA signature with an unknown algorithm is invalid: %s',
  (algorithm) => {
    const { n, e } = nodeKey('rsa').publicKey.export({ format: 'jwk' });
    const number = (text = '') =>
      wireString(Buffer.concat([Buffer.alloc(1), Buffer.from(text, 'base64url')]));
    const key = Buffer.concat([
      wireString('ssh-rsa'),
      wireString(Buffer.from(e ?? '', 'base64url')),
      number(n),
    ]);
    const signature = Buffer.concat([wireString(algorithm), wireString(Buffer.alloc(256, 1))]);
    expect(isSignedBy(key, signature, Buffer.from('data'))).toBe(false);
  },
);

describe('a security key’s signature', () => {
  it.each(['ed25519', 'ecdsa'] as const)('(%s) is valid, with its flags and counter', (kind) => {
    const key = securityKey(kind);
    const data = Buffer.from('data');
    const signature = key.sign(data);
    expect(isSignedBy(key.blob, signature, data)).toBe(true);
    expect(isSignedBy(key.blob, signature, Buffer.from('other'))).toBe(false);
    expect(isSignedBy(securityKey(kind).blob, signature, data)).toBe(false);
    const touched = Buffer.from(signature);
    touched[touched.length - 5]! ^= 1;
    expect(isSignedBy(key.blob, touched, data)).toBe(false);
    expect(isSignedBy(key.blob, signature.subarray(0, -1), data)).toBe(false);
    expect(isSignedBy(key.blob, wireString('none'), data)).toBe(false);
  });
});

describe('the reason why a certificate cannot be used', () => {
  const noon = Date.parse('2026-06-01T12:00:00Z');
  const valid = {
    kind: 'host',
    validAfter: 0n,
    validBefore: 2n ** 64n - 1n,
    principals: ['gw'],
    criticalOptions: [],
  };
  const second = (at: number) => BigInt(Math.floor(at / 1_000));

  it.each([
    ['nothing', {}, undefined],
    ['nothing, without names', { principals: [] }, undefined],
    ['nothing in its first second', { validAfter: second(noon) }, undefined],
    [
      'the second before',
      { validAfter: second(noon) + 1n },
      'it is not valid before 2026-06-01T12:00:01.000Z',
    ],
    ['its end', { validBefore: second(noon) }, 'it expired at 2026-06-01T12:00:00.000Z'],
    ['a time beyond all dates', { validAfter: 2n ** 63n }, 'it is not valid before the end of time'],
    ['the other kind', { kind: 'user' }, 'it is a user certificate, not a host certificate'],
    ['another name', { principals: ['a', 'b'] }, 'it is for a, b, not for gw or 10.0.0.1'],
    ['a wildcard, which means nothing', { principals: ['*'] }, 'it is for *, not for gw or 10.0.0.1'],
    [
      'many names',
      { principals: 'abcdefg'.split('') },
      'it is for a, b, c, d, e and 2 more, not for gw or 10.0.0.1',
    ],
    ['hostile names', { principals: ['a\x1b[31m'] }, 'it is for a\\x1b[31m, not for gw or 10.0.0.1'],
    ['an option', { criticalOptions: ['x'] }, 'it carries the critical option x, which is not known'],
  ])('%s', (_what, difference, problem) => {
    const given = { ...valid, ...difference } as unknown as Certificate;
    expect(certificateProblem(given, { kind: 'host', names: ['gw', '10.0.0.1'], now: noon })).toBe(problem);
  });

  it('for a user includes an empty list of principals, but not critical options', () => {
    const use = { kind: 'user', names: ['kim'], now: noon } as const;
    const given = { ...valid, kind: 'user', principals: ['kim'], criticalOptions: ['force-command'] };
    expect(certificateProblem(given as unknown as Certificate, use)).toBeUndefined();
    const nobody = { ...given, principals: [] } as unknown as Certificate;
    expect(certificateProblem(nobody, use)).toBe('it is for no name at all, not for kim');
  });

  it('compares names byte by byte', () => {
    const principals = [Buffer.from('김').toString('latin1')];
    const given = { ...valid, principals } as unknown as Certificate;
    expect(certificateProblem(given, { kind: 'host', names: ['김'], now: noon })).toBeUndefined();
  });
});
