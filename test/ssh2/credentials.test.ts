import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadCredentials } from '../../src/ssh2/login/credentials.ts';
import { keygen, nodeKey } from '../support/private-keys.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'svg-credentials-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const base = { username: 'rpa' };
const pass = 'Geheim-93!';
const pem = ['-m', 'PEM'];

/** ssh-keygen's options for each format that must be readable. */
const formats: Array<[string, string[], string]> = [
  ['OpenSSH ed25519', ['-t', 'ed25519'], 'ssh-ed25519'],
  ['OpenSSH ecdsa 256', ['-t', 'ecdsa', '-b', '256'], 'ecdsa-sha2-nistp256'],
  ['OpenSSH ecdsa 384', ['-t', 'ecdsa', '-b', '384'], 'ecdsa-sha2-nistp384'],
  ['OpenSSH ecdsa 521', ['-t', 'ecdsa', '-b', '521'], 'ecdsa-sha2-nistp521'],
  ['OpenSSH rsa', ['-t', 'rsa', '-b', '2048'], 'ssh-rsa'],
  ['PEM rsa (PKCS#1)', ['-t', 'rsa', '-b', '2048', ...pem], 'ssh-rsa'],
  ['PEM ecdsa (SEC1)', ['-t', 'ecdsa', ...pem], 'ecdsa-sha2-nistp256'],
  ['PKCS#8 rsa', ['-t', 'rsa', '-b', '2048', '-m', 'PKCS8'], 'ssh-rsa'],
  ['PKCS#8 ecdsa', ['-t', 'ecdsa', '-m', 'PKCS8'], 'ecdsa-sha2-nistp256'],
];

describe.each(formats)('a key of the form %s', (_form, options, type) => {
  it('is read', async () => {
    const { privateKey, publicKey } = await keygen(...options, '-N', '');
    const {
      keys: [key],
    } = await loadCredentials({ ...base, privateKey });
    expect(key?.type).toBe(type);
    expect(key?.getPublicSSH().toString('base64')).toBe(publicKey.split(' ')[1]);
    expect((await loadCredentials({ ...base, privateKey: Buffer.from(privateKey) })).keys[0]?.type).toBe(
      type,
    );
  });

  it('is read if encrypted, and a missing passphrase is distinguished from a wrong one', {
    timeout: 60_000,
  }, async () => {
    const { privateKey, publicKey } = await keygen(...options, '-a', '4', '-N', pass);
    const {
      keys: [key],
    } = await loadCredentials({ ...base, privateKey, passphrase: pass });
    expect(key?.getPublicSSH().toString('base64')).toBe(publicKey.split(' ')[1]);
    const missing = await loadCredentials({ ...base, privateKey }).catch((error: Error) => error);
    expect(missing).toBeInstanceOf(TypeError);
    expect(missing).toMatchObject({ message: expect.stringMatching(/^option passphrase: missing/) });
    for (const wrong of ['wrong', `${pass} `, 'x'.repeat(100)]) {
      const error = await loadCredentials({ ...base, privateKey, passphrase: wrong }).catch(
        (reason: Error) => reason,
      );
      expect(error).toBeInstanceOf(TypeError);
      expect(error).toMatchObject({ message: expect.stringMatching(/^option passphrase: wrong/) });
      expect(String((error as Error).stack)).not.toContain(pass);
    }
  });
});

describe('a key from a file or a form field', () => {
  const text = nodeKey('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;

  it.each([
    ['with Windows line ends', text.replaceAll('\n', '\r\n')],
    ['without its last line end', text.trimEnd()],
    ['with blanks around', `\n\n  ${text}\n  `],
  ])('is read %s', async (_how, privateKey) => {
    expect((await loadCredentials({ ...base, privateKey })).keys[0]?.type).toBe('ssh-ed25519');
  });

  it('is read from a path with ~', async () => {
    await writeFile(join(folder, 'id'), text);
    vi.stubEnv('HOME', folder);
    try {
      expect((await loadCredentials({ ...base, privateKeyPath: '~/id' })).keys[0]?.type).toBe('ssh-ed25519');
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

describe('a key that cannot be used', () => {
  it.each([
    [
      'a damaged one',
      '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n',
      /damaged|format/,
    ],
    ['damaged PKCS#8', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n', /damaged|format/],
    ['a certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', /damaged|format/],
    ['some text', 'hello', /not a private key/],
    ['nothing but blanks', '  \n', /not a private key/],
    ['a very long one', `-----BEGIN RSA PRIVATE KEY-----\n${'a: b\n'.repeat(10_000)}`, /50032 bytes given/],
  ])('is described: %s', async (_what, privateKey, says) => {
    const error = await loadCredentials({ ...base, privateKey }).catch((reason: Error) => reason);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toMatch(says);
    expect((error as Error).message).toMatch(/^option privateKey: /);
  });

  it('is reported as a public key if it is one', async () => {
    const { publicKey } = await keygen('-t', 'ed25519', '-N', '');
    await expect(loadCredentials({ ...base, privateKey: publicKey })).rejects.toThrow(/a public key given/);
  });

  it('is reported as missing, a folder, or not readable', async () => {
    await expect(loadCredentials({ ...base, privateKeyPath: join(folder, 'none') })).rejects.toThrow(
      /there is no file/,
    );
    await expect(loadCredentials({ ...base, privateKeyPath: folder })).rejects.toThrow(
      /cannot be read \(EISDIR\)/,
    );
    const secret = join(folder, 'secret');
    await writeFile(secret, 'x');
    await chmod(secret, 0);
    // Root reads everything: then the content decides.
    const says = process.getuid?.() === 0 ? /not a private key/ : /no permission to read/;
    await expect(loadCredentials({ ...base, privateKeyPath: secret })).rejects.toThrow(says);
  });
});

describe('the agent', () => {
  it('is that of the environment with `true`', async () => {
    vi.stubEnv('SSH_AUTH_SOCK', '/run/agent.sock');
    expect((await loadCredentials({ ...base, agent: true })).agent).toBe('/run/agent.sock');
    vi.unstubAllEnvs();
    expect((await loadCredentials({ ...base, agent: '/x' })).agent).toBe('/x');
    expect((await loadCredentials(base)).agent).toBeUndefined();
  });
});
