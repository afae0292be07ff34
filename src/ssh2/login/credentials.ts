import type { ParsedKey } from 'ssh2';
import type { Certificate } from '../../host-key/certificate.ts';
import type { ConnectOptions, KeyboardInteractive } from '../../options/types.ts';
import { ssh2 } from '../insides/client-parts.ts';
import { expandHome, longestKey, readKeyFile } from './key-files.ts';
import { rewritePkcs8 } from './pkcs8.ts';
import { loadCertificates } from './user-certificates.ts';

/** What a login can be tried with, read and decrypted before any socket opens. */
export interface Credentials {
  readonly username: string;
  /** Private keys, in the order in which they are tried. */
  readonly keys: readonly ParsedKey[];
  /** User certificates: of these keys, or of keys that only the agent has. */
  readonly certificates: readonly Certificate[];
  readonly password: string | undefined;
  /** Path of the agent's socket or pipe. */
  readonly agent: string | undefined;
  readonly keyboardInteractive: KeyboardInteractive | undefined;
}

type CredentialOptions = Pick<
  ConnectOptions,
  | 'username'
  | 'privateKey'
  | 'privateKeyPath'
  | 'passphrase'
  | 'certificate'
  | 'certificatePath'
  | 'password'
  | 'agent'
  | 'keyboardInteractive'
>;

/**
 * Reads and decrypts the private keys once, so that no attempt pays for them again.
 * @throws TypeError that tells an unreadable file, a missing passphrase, a wrong one and an unknown format apart.
 */
export async function loadCredentials(options: CredentialOptions): Promise<Credentials> {
  const { username, password, keyboardInteractive } = options;
  const agent = options.agent === true ? process.env['SSH_AUTH_SOCK'] : options.agent;
  const paths = pathsOf(options.privateKeyPath);
  const keys = await loadKeys(options, paths);
  const certificates = await loadCertificates(options, paths, { keys, hasAgent: agent !== undefined });
  return { username, password, agent, keyboardInteractive, keys, certificates };
}

function pathsOf(paths: string | readonly string[] = []): string[] {
  return (typeof paths === 'string' ? [paths] : paths).map((path) => expandHome('privateKeyPath', path));
}

async function loadKeys(options: CredentialOptions, paths: readonly string[]): Promise<ParsedKey[]> {
  const { privateKey, passphrase } = options;
  if (privateKey !== undefined) return [parsePrivateKey('privateKey', privateKey, passphrase)];
  return Promise.all(
    paths.map(async (path) =>
      parsePrivateKey(`privateKeyPath (${path})`, await readKeyFile('privateKeyPath', path), passphrase),
    ),
  );
}

function parsePrivateKey(
  option: string,
  bytes: string | Buffer,
  passphrase: string | Buffer | undefined,
): ParsedKey {
  if (bytes.length > longestKey) throw tooLong(option, bytes.length);
  const text = withoutTrailingBlanks(bytes.toString('utf8'));
  if (isSealedWithChaCha(text)) throw sealedWithChaCha(option);
  const readable = readableFormat(option, text, passphrase) ?? (text.includes('-----BEGIN') ? text : bytes);
  const parsed = ssh2.parseKey(readable, passphrase);
  // OpenSSH's format has room for several keys; it only ever holds one.
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (key instanceof Error || key === undefined)
    throw keyProblem(option, text, key, passphrase !== undefined);
  if (!key.isPrivateKey()) {
    throw new TypeError(`option ${option}: a public key given; the private key of the pair would be right`);
  }
  return key;
}

/** What a form or an editor leaves at the ends of lines, which `ssh` overlooks. A PPK file's are signed with it. */
function withoutTrailingBlanks(text: string): string {
  if (!text.includes('-----BEGIN')) return text;
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** OpenSSH's format names its cipher behind a magic word and a length. */
function isSealedWithChaCha(text: string): boolean {
  const [, base64 = ''] = text.split('-----BEGIN OPENSSH PRIVATE KEY-----', 2);
  return Buffer.from(base64.slice(0, 100), 'base64').toString('latin1', 19).startsWith('chacha20-');
}

function sealedWithChaCha(option: string): TypeError {
  return new TypeError(
    `option ${option}: a key encrypted with chacha20-poly1305@openssh.com given, which cannot be read here; one encrypted with aes256-ctr (ssh-keygen -p -Z aes256-ctr -f FILE) would be right`,
  );
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
  if (option === 'privateKey' && /^(?:[~.]{0,2}[\\/]|[A-Za-z]:[\\/])[^\n]{0,255}$/.test(text)) {
    return new TypeError(
      `option ${option}: something like the path of a file given; the key itself would be right, or the path in privateKeyPath`,
    );
  }
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
