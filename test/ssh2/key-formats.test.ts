import { execFile } from 'node:child_process';
import crypto from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { poly1305 } from '../../src/ssh2/login/key-formats/chacha20-poly1305.ts';
import { parsePrivateKey } from '../../src/ssh2/login/key-formats/private-key.ts';
import { keygen, nodeKey } from '../support/private-keys.ts';
import fromPuttygen from './puttygen-0.78-keys.json' with { type: 'json' };

/** What this runtime is said to have. */
const cryptoOf: { ciphers?: string[] | undefined } = {};
vi.mock('node:crypto', async (original) => {
  const whole = await original<typeof import('node:crypto')>();
  return { ...whole, getCiphers: () => cryptoOf.ciphers ?? whole.getCiphers() };
});

const run = promisify(execFile);
const pass = 'Geheim-93!';

const read = (key: string | Buffer, passphrase?: string | Buffer) =>
  parsePrivateKey('privateKey', key, passphrase);
const saidOf = (key: string | Buffer, passphrase?: string | Buffer) =>
  read(key, passphrase).then(
    () => 'read',
    (error: Error) => {
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).not.toContain(pass);
      return error.message;
    },
  );

/** A key of each format, with and without a passphrase. */
interface Sample {
  plain?: string;
  encrypted?: string;
  publicKey: string;
}

const ciphers = [
  ...['3des-cbc', 'aes128-cbc', 'aes192-cbc', 'aes256-cbc', 'aes128-ctr', 'aes192-ctr', 'aes256-ctr'],
  ...['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'chacha20-poly1305@openssh.com'],
];
const kinds: Record<string, string[]> = {
  'ssh-ed25519': ['-t', 'ed25519'],
  'ecdsa-sha2-nistp256': ['-t', 'ecdsa', '-b', '256'],
  'ecdsa-sha2-nistp384': ['-t', 'ecdsa', '-b', '384'],
  'ecdsa-sha2-nistp521': ['-t', 'ecdsa', '-b', '521'],
  'ssh-rsa': ['-t', 'rsa', '-b', '2048'],
};
const others: Record<string, string> = {
  'ecdsa-sha2-nistp256': 'chacha20-poly1305@openssh.com',
  'ecdsa-sha2-nistp384': 'aes256-gcm@openssh.com',
  'ecdsa-sha2-nistp521': '3des-cbc',
  'ssh-rsa': 'chacha20-poly1305@openssh.com',
};
const formats: Record<string, string[]> = { PEM: ['-m', 'PEM'], 'PKCS#8': ['-m', 'PKCS8'] };

/** The names of all samples, and how each is made. */
const samples: Record<string, () => Promise<Sample>> = {};
for (const [kind, options] of Object.entries(kinds)) {
  // Which key is inside makes no difference to the cipher: all of them for one kind, one each for the others.
  const some = kind === 'ssh-ed25519' ? ciphers : [others[kind]!];
  for (const cipher of some) {
    samples[`OpenSSH ${kind}, ${cipher}`] = async () => {
      const { privateKey: encrypted, publicKey } = await keygen(
        ...options,
        '-a',
        '2',
        '-Z',
        cipher,
        '-N',
        pass,
      );
      return { encrypted, publicKey };
    };
  }
  samples[`OpenSSH ${kind}`] = async () => {
    const { privateKey: plain, publicKey } = await keygen(...options, '-N', '');
    return { plain, publicKey };
  };
  for (const [format, options2] of Object.entries(formats)) {
    if (kind === 'ssh-ed25519') continue; // ssh-keygen writes it in its own format, whatever it is asked for
    samples[`${format} ${kind}`] = async () => {
      const { privateKey: plain, publicKey } = await keygen(...options, ...options2, '-N', '');
      return { plain, publicKey };
    };
    samples[`${format} ${kind}, encrypted`] = async () => {
      const { privateKey: encrypted, publicKey } = await keygen(...options, ...options2, '-N', pass);
      return { encrypted, publicKey };
    };
  }
}
const unusable = /ed448|dsab/;
for (const [name, { ppk, publicKey }] of Object.entries(fromPuttygen)) {
  if (unusable.test(name.replace('ecdsa', ''))) continue;
  const sample = name.includes('-enc') ? { encrypted: ppk, publicKey } : { plain: ppk, publicKey };
  samples[`PPK ${name}`] = async () => sample;
}

describe.each(Object.entries(samples))('a key as %s', (_name, make) => {
  it('is read with its passphrase, and reports a missing or wrong one', async () => {
    const { plain, encrypted, publicKey } = await make();
    const [, right = ''] = publicKey.split(' ');
    const publicOf = async (key: string | Buffer, passphrase?: string | Buffer) =>
      (await read(key, passphrase)).getPublicSSH().toString('base64');
    if (plain) {
      expect(await publicOf(plain)).toBe(right);
      expect(await publicOf(Buffer.from(plain), 'not needed')).toBe(right);
    }
    if (encrypted) {
      expect(await publicOf(encrypted, pass)).toBe(right);
      expect(await publicOf(Buffer.from(encrypted), Buffer.from(pass))).toBe(right);
      expect(await saidOf(encrypted)).toBe(
        'option passphrase: missing, but the key in privateKey is encrypted; its passphrase would be right',
      );
      for (const wrong of ['wrong', `${pass} `]) {
        expect(await saidOf(encrypted, wrong)).toBe(
          'option passphrase: wrong for the key in privateKey; the passphrase of this key would be right',
        );
      }
    }
    for (const text of [plain, encrypted].filter((one) => one !== undefined)) {
      for (const [how, disguise] of Object.entries(disguises)) {
        if (how === 'blanks' && text.startsWith('PuTTY')) continue;
        expect(await publicOf(disguise(text), encrypted ? pass : undefined), how).toBe(right);
      }
    }
  });
});

/** What editors, forms and shells make of a file. */
const disguises: Record<string, (text: string) => string | Buffer> = {
  'Windows line ends': (text) => text.replaceAll('\n', '\r\n'),
  'a byte order mark': (text) => `\ufeff${text}`,
  'a byte order mark in bytes': (text) => Buffer.from(`\ufeff${text}`),
  'UTF-16': (text) => Buffer.from(`\ufeff${text}`, 'utf16le'),
  blanks: (text) => text.replaceAll('\n', ' \t\n'),
  'no line end': (text) => text.trimEnd(),
};

describe('a key that is read', () => {
  it('signs what its public half verifies', async () => {
    for (const name of ['v3-rsab1024-enc', 'v3-ecdsab521-enc', 'v2-ed25519'] as const) {
      const key = await read(fromPuttygen[name].ppk, pass);
      const data = Buffer.from('data');
      expect(key.verify(data, key.sign(data) as Buffer), name).toBe(true);
    }
  });

  it("of PuTTY uses the runtime's Argon2 if it has one", async () => {
    const asked: unknown[] = [];
    const native = (
      algorithm: string,
      parameters: object,
      done: (error: Error | null, bytes?: Buffer) => void,
    ) => {
      asked.push({ algorithm, ...parameters });
      done(null, Buffer.alloc(80));
    };
    const had = Object.getOwnPropertyDescriptor(crypto, 'argon2');
    Object.defineProperty(crypto, 'argon2', { value: native, configurable: true, writable: true });
    try {
      // In bytes, with which no key is shared: this one has been read before.
      const said = await saidOf(fromPuttygen['v3-ed25519-argon2i-enc'].ppk, Buffer.from(pass));
      expect(said).toMatch(/^option passphrase: wrong/);
    } finally {
      if (had) Object.defineProperty(crypto, 'argon2', had);
      else Reflect.deleteProperty(crypto, 'argon2');
    }
    expect(asked).toEqual([
      expect.objectContaining({
        algorithm: 'argon2i',
        memory: 100,
        passes: 2,
        parallelism: 3,
        tagLength: 80,
      }),
    ]);
  });
});

describe('a key that cannot be used', () => {
  let rfc4716: string;
  let dsa: string;
  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'svg-rfc4716-'));
    try {
      await writeFile(join(folder, 'key.pub'), (await keygen('-t', 'ed25519', '-N', '')).publicKey);
      rfc4716 = (await run('ssh-keygen', ['-e', '-m', 'RFC4716', '-f', join(folder, 'key.pub')])).stdout;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    dsa = (await keygen('-t', 'dsa', '-N', '')).privateKey;
  });

  const p8 = (kind: 'ed25519' | 'rsa', passphrase?: string) =>
    nodeKey(kind).privateKey.export({
      ...{ type: 'pkcs8', format: 'pem' },
      ...(passphrase ? { cipher: 'aes-256-cbc', passphrase } : {}),
    } as never) as unknown as string;
  const spki = () => nodeKey('rsa').publicKey.export({ type: 'spki', format: 'pem' }) as string;
  const encrypted3 = fromPuttygen['v3-ed25519-enc'].ppk;
  const damaged = /damaged/;
  const damagedPlain =
    '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----\n';

  it.each<[string, () => string, RegExp]>([
    ['a public key of RFC 4716', () => rfc4716, /a public key given/],
    ['a public key of OpenSSL', spki, /a public key given/],
    ['a damaged one that needs no passphrase', () => damagedPlain, damaged],
    ['DSA', () => dsa, /of type ssh-dss given; one of Ed25519, ECDSA/],
    ['DSA of PuTTY', () => fromPuttygen['v2-dsab1024'].ppk, /of type ssh-dss given/],
    ['Ed448 of PuTTY', () => fromPuttygen['v3-ed448-enc'].ppk, /of type ssh-ed448 given; one of Ed25519/],
    [
      'X25519',
      () =>
        crypto.generateKeyPairSync('x25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      /of type x25519 given/,
    ],
    [
      'a key of ssh.com',
      () => '---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nAAAA\n',
      /in the format of ssh\.com given/,
    ],
    ['half of PKCS#8', () => p8('rsa').slice(0, 800), damaged],
    [
      'half of encrypted PKCS#8',
      () => `${p8('rsa', pass).slice(0, 800)}\n-----END ENCRYPTED PRIVATE KEY-----\n`,
      damaged,
    ],
    [
      'PPK of the future',
      () => encrypted3.replace('File-3', 'File-4'),
      /version 4 given.*-O private-openssh-new/,
    ],
    [
      'PPK with another cipher',
      () => encrypted3.replace('aes256-cbc', 'aes256-ocb'),
      /encrypted with aes256-ocb given/,
    ],
    ['PPK with a wrong salt', () => encrypted3.replace(/Salt: ./, 'Salt: x'), /passphrase: wrong|damaged/],
    [
      'PPK that asks for much memory',
      () => encrypted3.replace('Memory: 64', 'Memory: 4194304'),
      /4194304 KiB and 1 passes/,
    ],
    [
      'PPK that asks for much time',
      () => encrypted3.replace('Passes: 1', 'Passes: 99999999'),
      /99999999 passes of Argon2 given/,
    ],
    ['PPK without a pass', () => encrypted3.replace('Passes: 1', 'Passes: 0'), damaged],
    ['PPK with another derivation', () => encrypted3.replace('Argon2id', 'scrypt'), damaged],
    ['PPK with a changed comment', () => fromPuttygen['v2-ed25519'].ppk.replace('a comment', 'x'), damaged],
    ['PPK cut short', () => encrypted3.slice(0, 200), damaged],
  ])('is named: %s', async (_what, key, says) => {
    expect(await saidOf(key(), pass)).toMatch(says);
  });

  it('is encrypted with an algorithm that OpenSSL no longer supports', async () => {
    // openssl pkcs8 -topk8 -v1 PBE-MD5-DES -provider legacy
    const md5des = [
      '-----BEGIN ENCRYPTED PRIVATE KEY-----',
      'MFcwGwYJKoZIhvcNAQUDMA4ECGBbEiWIw59NAgIIAAQ4+8/toPzH4Z+N9FwNaZF2yrMv46kAzirNSFRE6gWrNUEqo+trTCD321zQwBwm+dHm1Jkldp0giXk=',
      '-----END ENCRYPTED PRIVATE KEY-----',
    ].join('\n');
    expect(await saidOf(md5des, pass)).toMatch(
      /cipher that the crypto of this runtime does not have.*openssl pkcs8/,
    );
  });

  it('has a key derivation that would take hours', async () => {
    const { privateKey } = await keygen('-t', 'ed25519', '-a', '2', '-N', pass);
    const bytes = Buffer.from(privateKey.replace(/-----.*-----/g, ''), 'base64');
    const at = bytes.indexOf('bcrypt') + 6 + 4 + 4 + 16;
    expect(bytes.readUInt32BE(at)).toBe(2);
    bytes.writeUInt32BE(4_000_000_000, at);
    const text = `-----BEGIN OPENSSH PRIVATE KEY-----\n${bytes.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----\n`;
    expect(await saidOf(text, pass)).toMatch(/takes 4000000000 rounds, more than 1000 given.*-a 100/);
  });

  it("is not supported by this runtime's crypto (BoringSSL, FIPS)", async () => {
    const { privateKey } = await keygen(
      '-t',
      'ed25519',
      '-a',
      '2',
      '-Z',
      'chacha20-poly1305@openssh.com',
      '-N',
      pass,
    );
    cryptoOf.ciphers = ['aes-256-cbc'];
    try {
      expect(await saidOf(privateKey, pass)).toMatch(
        /chacha20-poly1305@openssh\.com given, which the crypto of this runtime cannot read.*-Z aes256-ctr/,
      );
    } finally {
      cryptoOf.ciphers = undefined;
    }
  });
});

describe('a key that is damaged anywhere', () => {
  it.each([
    ['OpenSSH', () => keygen('-t', 'ed25519', '-N', '').then(({ privateKey }) => privateKey)],
    [
      'chacha20',
      () =>
        keygen('-t', 'ed25519', '-a', '1', '-Z', 'chacha20-poly1305@openssh.com', '-N', pass).then(
          ({ privateKey }) => privateKey,
        ),
    ],
    ['PPK 2', async () => fromPuttygen['v2-ecdsab256-enc'].ppk],
    ['PPK 3', async () => fromPuttygen['v3-rsab1024'].ppk],
    ['PPK 3, encrypted', async () => fromPuttygen['v3-ecdsab384-enc'].ppk],
    ['PKCS#8', async () => nodeKey('ecdsa').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string],
  ])('leads to a TypeError, or is the same key: %s', async (_format, make) => {
    const text = await make();
    let damagedOnes = 0;
    for (let at = 0; at < text.length; at += 23) {
      const changed = text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
      const said = await saidOf(changed, pass);
      if (said !== 'read') expect(said).toMatch(/^option (privateKey|passphrase): .* would be right/);
      if (said !== 'read') damagedOnes++;
    }
    expect(damagedOnes).toBeGreaterThan(3);
  });
});

it('poly1305 matches RFC 8439, section 2.5.2', () => {
  const key = Buffer.from('85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b', 'hex');
  const tag = poly1305(key, Buffer.from('Cryptographic Forum Research Group'));
  expect(tag.toString('hex')).toBe('a8061dc1305136c6c22b8baf0c0127a9');
});
