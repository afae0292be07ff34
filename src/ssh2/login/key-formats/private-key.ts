import type { ParsedKey } from 'ssh2';
import { isOutOfFiles } from '../../../errors/own-limits.ts';
import { fileText } from '../../../text/file-text.ts';
import { ssh2 } from '../../insides/client-parts.ts';
import { loadKeyReader } from '../../insides/load.ts';
import { longestKey } from '../key-files.ts';
import { KeyProblem, PassphraseProblem, unusableKind } from './errors.ts';
import { isOpenSsh, isSealed, readableOpenSsh } from './openssh.ts';
import { isPkcs8, rewritePkcs8 } from './pkcs8.ts';
import { keyInUse, sharedKey } from './shared-key.ts';

const right = 'an OpenSSH, PEM or PPK private key would be right';

/**
 * Reads and decrypts a private key: OpenSSH's format, PEM (PKCS#1, SEC1, PKCS#8) or PuTTY's.
 * @throws TypeError that distinguishes a missing passphrase, a wrong one, damage and an unreadable format.
 */
export async function parsePrivateKey(
  option: string,
  given: string | Buffer,
  passphrase: string | Buffer | undefined,
): Promise<ParsedKey> {
  if (given.length > longestKey) {
    throw wrong(option, `${given.length} bytes given, more than any private key has; ${right}`);
  }
  const text = fileText(given);
  loadKeyReader();
  try {
    return await sharedKey(text, passphrase, () => read(plainText(text), passphrase));
  } catch (error) {
    // To load the code that reads this format.
    if (isOutOfFiles(error)) throw error;
    throw problem(option, plainText(text), error, passphrase !== undefined);
  }
}

/** The key, if somebody has read it and still uses it. */
export function knownPrivateKey(
  given: string | Buffer,
  passphrase: string | Buffer | undefined,
): ParsedKey | undefined {
  return keyInUse(fileText(given), passphrase);
}

async function read(text: string, passphrase: string | Buffer | undefined): Promise<ParsedKey> {
  return usable(ssh2.parseKey(await readableText(text, passphrase), passphrase));
}

/**
 * Removes trailing blanks, which web forms add and `ssh` ignores. In a PPK file they are covered by the MAC, so they
 * stay.
 */
function plainText(text: string): string {
  if (isPpk(text)) return text;
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

function isPpk(text: string): boolean {
  return text.startsWith('PuTTY-User-Key-File-');
}

async function readableText(text: string, passphrase: string | Buffer | undefined): Promise<string | Buffer> {
  if (/BEGIN (?:SSH2 |RSA |EC )?PUBLIC KEY/.test(text)) throw publicKey();
  if (isPpk(text)) return (await import('./ppk.ts')).readPpk(text, passphrase);
  if (isPkcs8(text)) return rewritePkcs8(text, passphrase);
  return isOpenSsh(text) ? readableOpenSsh(text, passphrase) : text;
}

function usable(parsed: ParsedKey | ParsedKey[] | Error): ParsedKey {
  // OpenSSH's format has room for several keys but only ever holds one.
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (key instanceof Error || key === undefined) throw key;
  if (!key.isPrivateKey()) throw publicKey();
  if (key.type === 'ssh-dss') throw unusableKind(key.type);
  return key;
}

function publicKey(): KeyProblem {
  return new KeyProblem('a public key given; the private key of the pair would be right');
}

function problem(option: string, text: string, error: unknown, hasPassphrase: boolean): TypeError {
  const message = error instanceof Error ? error.message : '';
  if (error instanceof PassphraseProblem)
    return message === 'missing' ? missing(option) : wrongPassphrase(option);
  if (error instanceof KeyProblem) return wrong(option, message);
  if (/no passphrase given|passphrase required/i.test(message) && !hasPassphrase) return missing(option);
  const isRefused =
    /integrity check failed|bad passphrase|bad decrypt|malformed|unable to authenticate/i.test(message);
  if (isRefused && hasPassphrase && isEncrypted(text)) return wrongPassphrase(option);
  if (option === 'privateKey' && /^(?:[~.]{0,2}[\\/]|[A-Za-z]:[\\/])[^\n]{0,255}$/.test(text)) {
    return wrong(
      option,
      'something like the path of a file given; the key itself would be right, or the path in privateKeyPath',
    );
  }
  return wrong(option, `${kindOf(text)} given; ${right} (ssh-keygen -p -f FILE converts)`);
}

function isEncrypted(text: string): boolean {
  return text.includes('ENCRYPTED') || (isOpenSsh(text) && isSealed(text));
}

function kindOf(text: string): string {
  if (text.includes('---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----')) return 'a key in the format of ssh.com';
  return /BEGIN|PuTTY/.test(text)
    ? 'a key in a format, or damaged in a way, that cannot be read'
    : 'something that is not a private key';
}

function wrong(option: string, what: string): TypeError {
  return new TypeError(`option ${option}: ${what}`);
}

function missing(option: string): TypeError {
  return wrong('passphrase', `missing, but the key in ${option} is encrypted; its passphrase would be right`);
}

function wrongPassphrase(option: string): TypeError {
  return wrong('passphrase', `wrong for the key in ${option}; the passphrase of this key would be right`);
}
