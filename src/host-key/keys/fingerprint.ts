import { createHash, timingSafeEqual } from 'node:crypto';
import { readPublicKey, resolveKeyType } from './public-key.ts';
import { MalformedWireData, WireReader } from './wire-reader.ts';

/** A line such as `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5… comment`, split into its parts. */
interface PublicKeyLine {
  /** The key type named by the line. */
  readonly type: string;
  /** The key in SSH wire format. */
  readonly blob: Buffer;
  /** What follows the key, or `''`. */
  readonly comment: string;
}

/** At most this much of a wrong text is shown: it may be a private key given by mistake. */
const SHOWN_CHARACTERS = 24;

/**
 * The fingerprint of a public key as `ssh-keygen -l` prints it: `SHA256:` and 43 characters of base64, no padding.
 *
 * @param blob The key in SSH wire format, as a server sends it.
 */
export function fingerprintSha256(blob: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/**
 * The type name in a key blob, such as `ssh-ed25519`.
 *
 * @throws TypeError if the bytes do not begin with a name and so cannot be a key.
 */
export function keyTypeOf(blob: Uint8Array): string {
  const name = nameAtFront(Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength));
  if (name === undefined || !/^[!-~]{1,64}$/.test(name)) {
    throw new TypeError(
      `the key must be a public key in SSH wire format, got ${blob.byteLength} bytes of something else`,
    );
  }
  return name;
}

function nameAtFront(blob: Buffer): string | undefined {
  try {
    return new WireReader(blob).text();
  } catch (error) {
    if (error instanceof MalformedWireData) return undefined;
    throw error;
  }
}

/**
 * Splits a public key line as found in a `.pub` file: type, base64, comment. The type must match the one inside the
 * key.
 *
 * @throws TypeError if the text is not such a line, or the key is damaged.
 */
export function parsePublicKeyLine(text: string): PublicKeyLine {
  const known = lately.get(text);
  if (known) return known;
  const parsed = parseLine(text);
  lately.set(text, parsed);
  if (lately.size > mostLines) lately.delete(lately.keys().next().value as string);
  return parsed;
}

/** Each connect reads the line of its option twice, and many connects have the same. */
const lately = new Map<string, PublicKeyLine>();
const mostLines = 20;

function parseLine(text: string): PublicKeyLine {
  const line = text.trim();
  const [, type = '', base64 = '', comment = ''] =
    /^([^ \t]+)[ \t]+([^ \t]+)(?:[ \t]+(.*))?$/.exec(line) ?? [];
  const blob = decodeBase64(base64);
  if (blob === undefined || blob.length === 0 || !isKeyOfType(blob, type)) {
    const firstWord = JSON.stringify(line.split(/\s/, 1)[0]?.slice(0, SHOWN_CHARACTERS) ?? '');
    throw new TypeError(
      `a public key must look like 'ssh-ed25519 AAAAC3Nza... comment', got ${text.length} characters beginning with ${firstWord}`,
    );
  }
  return { type, blob, comment };
}

function isKeyOfType(blob: Buffer, type: string): boolean {
  const expected = resolveKeyType(type);
  if (expected === undefined) return nameAtFront(blob) === type; // a type of tomorrow: its name is all we can check
  const key = readPublicKey(blob);
  return key !== undefined && key.type === expected.type && key.certificate === expected.certificate;
}

/**
 * Decodes base64 as OpenSSH does (b64_pton): correct padding, no stray bits, no foreign characters; carriage returns
 * and form feeds are skipped. Undefined for anything else.
 */
export function decodeBase64(text: string): Buffer | undefined {
  const packed = text.replace(/[\n\v\f\r]+/g, '');
  const bytes = Buffer.from(packed, 'base64');
  return bytes.toString('base64') === packed ? bytes : undefined;
}

/** Compares bytes in a time that depends only on their length. */
export function equalInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
}
