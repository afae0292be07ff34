import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import type { ParsedKey } from 'ssh2';
import type { ConnectOptions, KeyboardInteractive } from '../../options/types.ts';
import { ssh2 } from '../insides/client-parts.ts';
import { rewritePkcs8 } from './pkcs8.ts';

/** An RSA key of 16,384 bits, the longest that OpenSSH takes, has 13,000; ssh2 reads the headers of a long text slowly. */
const longestKey = 32_768;

/** What a login can be tried with, read and decrypted before any socket opens. */
export interface Credentials {
  readonly username: string;
  readonly key: ParsedKey | undefined;
  readonly password: string | undefined;
  /** Path of the agent's socket or pipe. */
  readonly agent: string | undefined;
  readonly keyboardInteractive: KeyboardInteractive | undefined;
}

type CredentialOptions = Pick<
  ConnectOptions,
  'username' | 'privateKey' | 'privateKeyPath' | 'passphrase' | 'password' | 'agent' | 'keyboardInteractive'
>;

/**
 * Reads and decrypts the private key once, so that no attempt pays for it again.
 * @throws TypeError that tells an unreadable file, a missing passphrase, a wrong one and an unknown format apart.
 */
export async function loadCredentials(options: CredentialOptions): Promise<Credentials> {
  const { username, password, keyboardInteractive } = options;
  const agent = options.agent === true ? process.env['SSH_AUTH_SOCK'] : options.agent;
  return { username, password, agent, keyboardInteractive, key: await loadKey(options) };
}

async function loadKey(options: CredentialOptions): Promise<ParsedKey | undefined> {
  const { privateKey, privateKeyPath, passphrase } = options;
  if (privateKey !== undefined) return parsePrivateKey('privateKey', privateKey, passphrase);
  if (privateKeyPath === undefined) return undefined;
  const path = privateKeyPath.replace(/^~(?=$|[/\\])/, homedir());
  const bytes = await readKeyFile(path);
  return parsePrivateKey(`privateKeyPath (${path})`, bytes, passphrase);
}

async function readKeyFile(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT'
        ? `there is no file ${path}`
        : code === 'EACCES'
          ? `no permission to read ${path}`
          : `${path} cannot be read (${code})`;
    throw new TypeError(`option privateKeyPath: ${why}; the path of a readable private key would be right`, {
      cause: error,
    });
  }
}

function parsePrivateKey(
  option: string,
  bytes: string | Buffer,
  passphrase: string | Buffer | undefined,
): ParsedKey {
  if (bytes.length > longestKey) throw tooLong(option, bytes.length);
  const text = bytes.toString('utf8');
  const parsed = ssh2.parseKey(readableFormat(option, text, passphrase) ?? bytes, passphrase);
  // OpenSSH's format has room for several keys; it only ever holds one.
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (key instanceof Error || key === undefined)
    throw keyProblem(option, text, key, passphrase !== undefined);
  if (!key.isPrivateKey()) {
    throw new TypeError(`option ${option}: a public key given; the private key of the pair would be right`);
  }
  return key;
}

function readableFormat(
  option: string,
  text: string,
  passphrase: string | Buffer | undefined,
): string | Buffer | undefined {
  const encrypted = text.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----');
  if (!encrypted && !text.includes('-----BEGIN PRIVATE KEY-----')) return undefined;
  if (encrypted && passphrase === undefined) throw needsPassphrase(option);
  try {
    return rewritePkcs8(text, passphrase);
  } catch {
    if (encrypted) throw wrongPassphrase(option);
    throw keyProblem(option, text, undefined, false);
  }
}

function keyProblem(option: string, text: string, error: unknown, hasPassphrase: boolean): TypeError {
  const message = error instanceof Error ? error.message : '';
  if (/no passphrase given|passphrase required/i.test(message) && !hasPassphrase)
    return needsPassphrase(option);
  if (/integrity check failed|bad passphrase|bad decrypt|malformed/i.test(message) && hasPassphrase) {
    return wrongPassphrase(option);
  }
  const format = /^PuTTY-User-Key-File-3/m.test(text)
    ? 'a PPK version 3 key'
    : /BEGIN|PuTTY/.test(text)
      ? 'a key in a format, or damaged in a way, that cannot be read'
      : 'something that is not a private key';
  return new TypeError(
    `option ${option}: ${format} given; an OpenSSH, PEM or PPK version 2 private key would be right (ssh-keygen -p -f FILE converts)`,
  );
}

function tooLong(option: string, length: number): TypeError {
  return new TypeError(
    `option ${option}: ${length} bytes given, more than any private key has; an OpenSSH, PEM or PPK private key would be right`,
  );
}

function needsPassphrase(option: string): TypeError {
  return new TypeError(
    `option passphrase: missing, but the key in ${option} is encrypted; its passphrase would be right`,
  );
}

function wrongPassphrase(option: string): TypeError {
  return new TypeError(
    `option passphrase: wrong for the key in ${option}; the passphrase of this key would be right`,
  );
}
