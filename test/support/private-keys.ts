import { execFile } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ssh2 from 'ssh2';

const run = promisify(execFile);

export type KeyKind = 'ed25519' | 'ecdsa' | 'rsa';

/** A key pair in memory, for formats that Node writes. */
export function nodeKey(kind: KeyKind): { privateKey: KeyObject; publicKey: KeyObject } {
  if (kind === 'ed25519') return generateKeyPairSync('ed25519');
  if (kind === 'ecdsa') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return generateKeyPairSync('rsa', { modulusLength: 2048 });
}

/** A host key for a server of ssh2. Not RSA: making such a key takes a large part of a second. */
export function hostKey(): string {
  return nodeKey('ecdsa').privateKey.export({ type: 'sec1', format: 'pem' }) as string;
}

/** The public line of a private key in a format that ssh2 reads. */
export function publicLine(privateKey: string): string {
  const key = ssh2.utils.parseKey(privateKey);
  if (key instanceof Error) throw key;
  const one = Array.isArray(key) ? key[0] : key;
  return `${one.type} ${one.getPublicSSH().toString('base64')}`;
}

/** An ed25519 key in OpenSSH's format. About one of three hundred that ssh2 makes is one that nobody can read. */
export function openSshKey(lock: { passphrase?: string } = {}): { private: string; public: string } {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync(
      'ed25519',
      lock.passphrase === undefined ? {} : { passphrase: lock.passphrase, cipher: 'aes256-ctr', rounds: 4 },
    );
    if (!(ssh2.utils.parseKey(pair.private, lock.passphrase) instanceof Error)) return pair;
  }
}

/** A key made by ssh-keygen, with its public line. */
export async function keygen(...options: string[]): Promise<{ privateKey: string; publicKey: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'svg-key-'));
  const path = join(folder, 'key');
  try {
    await run('ssh-keygen', ['-q', '-C', 'test', '-f', path, ...options]);
    const publicKey = (await readFile(`${path}.pub`, 'utf8')).trim();
    return { privateKey: await readFile(path, 'utf8'), publicKey };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
