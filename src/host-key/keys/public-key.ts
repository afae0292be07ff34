import { createPublicKey } from 'node:crypto';
import { MalformedWireData, WireReader } from './wire-reader.ts';

/** A public key as found in a known_hosts file or sent by a server. */
export interface PublicKey {
  /** Name of the plain key type, such as `ssh-ed25519`; for a certificate, the type of the certified key. */
  readonly type: string;
  /** True for a certificate; the key is then the one that it certifies. */
  readonly certificate: boolean;
  /** Bytes that are equal for equal keys, regardless of zero bytes that pad their numbers. */
  readonly identity: Buffer;
}

/** What a key type name in a file, a blob or a list of algorithms stands for. */
interface KeyTypeName {
  readonly type: string;
  readonly certificate: boolean;
}

type KeyReader = (reader: WireReader) => readonly Buffer[];

const ED25519_BYTES = 32;
/** OpenSSH ignores shorter RSA keys (sshkey.h, SSH_RSA_MINIMUM_MODULUS_SIZE). */
const MIN_RSA_BITS = 1024;

/** How to read the fields after the type name, for each plain key type. */
const FIELDS: ReadonlyMap<string, KeyReader> = new Map<string, KeyReader>([
  ['ssh-ed25519', readEd25519],
  ['sk-ssh-ed25519@openssh.com', withApplication(readEd25519)],
  ['ecdsa-sha2-nistp256', ecdsaReader('nistp256', 'P-256', 32)],
  ['ecdsa-sha2-nistp384', ecdsaReader('nistp384', 'P-384', 48)],
  ['ecdsa-sha2-nistp521', ecdsaReader('nistp521', 'P-521', 66)],
  ['sk-ecdsa-sha2-nistp256@openssh.com', withApplication(ecdsaReader('nistp256', 'P-256', 32))],
  ['ssh-rsa', readRsa],
  ['ssh-dss', readDss],
]);

/** Signature algorithms whose names OpenSSH accepts in place of the key type (sshkey.c, keyimpls). */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['rsa-sha2-256', 'ssh-rsa'],
  ['rsa-sha2-512', 'ssh-rsa'],
  ['webauthn-sk-ecdsa-sha2-nistp256@openssh.com', 'sk-ecdsa-sha2-nistp256@openssh.com'],
]);

const CERTIFICATE_SUFFIX = '-cert-v01@openssh.com';

/** The names that were asked for and are known, which are few: each connection asks for dozens. */
const known = new Map<string, KeyTypeName>();

/** The key type that a name stands for; undefined for a name that OpenSSH does not know. */
export function resolveKeyType(name: string): KeyTypeName | undefined {
  let found = known.get(name);
  if (found) return found;
  found = keyTypeOf(name);
  if (found) known.set(name, found);
  return found;
}

function keyTypeOf(name: string): KeyTypeName | undefined {
  const plain = resolvePlainName(name);
  if (plain !== undefined) return { type: plain, certificate: false };
  if (!name.endsWith(CERTIFICATE_SUFFIX)) return undefined;
  const stem = name.slice(0, -CERTIFICATE_SUFFIX.length);
  const certified = resolvePlainName(stem) ?? resolvePlainName(`${stem}@openssh.com`);
  return certified === undefined ? undefined : { type: certified, certificate: true };
}

function resolvePlainName(name: string): string | undefined {
  return FIELDS.has(name) ? name : ALIASES.get(name);
}

/**
 * Reads the fields of a key of that type, which follow its name (in a certificate, the nonce).
 * @throws MalformedWireData if they are not such a key.
 */
export function readKeyFields(type: string, reader: WireReader): readonly Buffer[] {
  const readFields = FIELDS.get(type);
  if (readFields === undefined) throw new MalformedWireData('is of an unknown type');
  return readFields(reader);
}

/**
 * Reads a public key blob as strictly as OpenSSH's `sshkey_from_blob`: undefined for an unknown type, a missing or
 * surplus byte, a point that is not on its curve, or an RSA key below 1024 bits.
 *
 * There is one difference, on the safe side: the contents and the signature of a certificate are not checked here but
 * in `readCertificate`; an invalid one can only cause a refusal (through a `@revoked` line, or as a key that does not
 * match).
 */
export function readPublicKey(blob: Buffer): PublicKey | undefined {
  try {
    return parseBlob(new WireReader(blob));
  } catch (error) {
    if (error instanceof MalformedWireData) return undefined;
    throw error;
  }
}

function parseBlob(reader: WireReader): PublicKey {
  const name = resolveKeyType(reader.text());
  if (name === undefined) throw new MalformedWireData('is of an unknown type');
  if (name.certificate) reader.string(); // the nonce that precedes the key in a certificate
  const fields = readKeyFields(name.type, reader);
  if (name.certificate) skipCertificate(reader);
  if (!reader.atEnd) throw new MalformedWireData('has surplus bytes');
  return { ...name, identity: identityOf(name.type, fields) };
}

function identityOf(type: string, fields: readonly Buffer[]): Buffer {
  const parts = [Buffer.from(type, 'latin1'), ...fields].flatMap((field) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(field.length);
    return [length, field];
  });
  return Buffer.concat(parts);
}

function readEd25519(reader: WireReader): readonly Buffer[] {
  const point = reader.string();
  if (point.length !== ED25519_BYTES) throw new MalformedWireData('is not an Ed25519 key');
  return [point];
}

function readRsa(reader: WireReader): readonly Buffer[] {
  const exponent = reader.mpint();
  const modulus = reader.mpint();
  const bits = modulus.length === 0 ? 0 : modulus.length * 8 - Math.clz32(modulus[0]!) + 24;
  if (bits < MIN_RSA_BITS) throw new MalformedWireData('is too short an RSA key');
  return [exponent, modulus];
}

function readDss(reader: WireReader): readonly Buffer[] {
  return [reader.mpint(), reader.mpint(), reader.mpint(), reader.mpint()];
}

/** Security keys have the name of their application (usually `ssh:`) after the key. */
function withApplication(readKey: KeyReader): KeyReader {
  return (reader) => [...readKey(reader), Buffer.from(reader.text(), 'latin1')];
}

function ecdsaReader(curve: string, jwkCurve: string, coordinateBytes: number): KeyReader {
  return (reader) => {
    if (reader.text() !== curve) throw new MalformedWireData('is of another curve');
    const point = reader.string();
    const uncompressed = point.length === 1 + 2 * coordinateBytes && point[0] === 0x04;
    if (!uncompressed || !isOnCurve(point.subarray(1), jwkCurve)) {
      throw new MalformedWireData('is not a point of its curve');
    }
    return [point];
  };
}

function isOnCurve(coordinates: Buffer, crv: string): boolean {
  const half = coordinates.length / 2;
  const x = coordinates.subarray(0, half).toString('base64url');
  const y = coordinates.subarray(half).toString('base64url');
  try {
    createPublicKey({ key: { kty: 'EC', crv, x, y }, format: 'jwk' });
    return true;
  } catch {
    return false;
  }
}

/** Skips the rest of a certificate after its key (PROTOCOL.certkeys); the authority's key must be a plain key. */
function skipCertificate(reader: WireReader): void {
  reader.take(8); // serial
  const kind = reader.uint32();
  if (kind !== 1 && kind !== 2) throw new MalformedWireData('is neither a user nor a host certificate');
  reader.text(); // key id
  reader.string(); // principals
  reader.take(16); // valid after, valid before
  reader.string(); // critical options
  reader.string(); // extensions
  reader.string(); // reserved
  const authority = readPublicKey(reader.string());
  if (authority === undefined || authority.certificate) throw new MalformedWireData('has no authority');
  reader.string(); // signature
}
