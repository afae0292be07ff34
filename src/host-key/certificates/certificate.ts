import { type PublicKey, readKeyFields, readPublicKey, resolveKeyType } from '../keys/public-key.ts';
import { isSignedBy } from '../keys/signature.ts';
import { MalformedWireData, WireReader } from '../keys/wire-reader.ts';
import { wireString } from '../keys/wire-string.ts';

/** An OpenSSH certificate (PROTOCOL.certkeys in its source): a key, and what its authority says about it. */
export interface Certificate {
  /** The whole certificate in wire format. */
  readonly blob: Buffer;
  /** Its own type name, such as `ssh-ed25519-cert-v01@openssh.com`. */
  readonly name: string;
  /** The certified key. */
  readonly key: PublicKey;
  /** The certified key in wire format, as a plain key. */
  readonly keyBlob: Buffer;
  readonly kind: 'user' | 'host';
  /** The name given by the authority (`ssh-keygen -I`): untrusted text. */
  readonly keyId: string;
  /**
   * User or host names it is valid for; a host certificate without any is valid for all hosts. Untrusted text, latin1.
   */
  readonly principals: readonly string[];
  /** Seconds since 1970: the first second in which it is valid, and the first in which it no longer is. */
  readonly validAfter: bigint;
  readonly validBefore: bigint;
  /** Names of critical options: untrusted text. */
  readonly criticalOptions: readonly string[];
  readonly authority: PublicKey;
  readonly authorityBlob: Buffer;
  /** The algorithm of the authority's signature, such as `rsa-sha2-512`. Untrusted text. */
  readonly signedWith: string;
}

/** The name of RSA signatures with SHA-1. */
export const withSha1 = 'ssh-rsa';

/** Same as OpenSSH's SSHKEY_CERT_MAX_PRINCIPALS. */
const maxPrincipals = 256;

/**
 * Reads a certificate as strictly as OpenSSH does, and verifies its signature. Undefined if it is not a certificate, is
 * damaged, or was not signed by the authority that it names. An SHA-1 signature (`signedWith` is `ssh-rsa`) is not
 * verified: `certificateProblem` rejects such a host certificate, and a user certificate is judged by the server.
 */
export function readCertificate(blob: Buffer): Certificate | undefined {
  const { certificate, signature, signed } = parts(blob) ?? {};
  if (!certificate || !signature || !signed) return undefined;
  if (certificate.signedWith === withSha1) return certificate;
  return isSignedBy(certificate.authorityBlob, signature, signed) ? certificate : undefined;
}

function parts(blob: Buffer): ReturnType<typeof parse> {
  if (readPublicKey(blob)?.certificate !== true) return undefined;
  try {
    return parse(blob);
  } catch (error) {
    if (error instanceof MalformedWireData) return undefined;
    throw error;
  }
}

function parse(blob: Buffer): { certificate: Certificate; signature: Buffer; signed: Buffer } | undefined {
  const reader = new WireReader(blob);
  const name = reader.text();
  const type = resolveKeyType(name)?.type ?? '';
  reader.string(); // nonce
  const keyStart = reader.offset;
  readKeyFields(type, reader);
  const keyBlob = Buffer.concat([wireString(type), reader.since(keyStart)]);
  reader.uint64(); // serial
  const kind = reader.uint32() === 1 ? 'user' : 'host';
  const keyId = Buffer.from(reader.text(), 'latin1').toString('utf8');
  const principals = textsOf(reader.string());
  const validAfter = reader.uint64();
  const validBefore = reader.uint64();
  const criticalOptions = namesOf(reader.string());
  namesOf(reader.string()); // extensions: for servers, but they must be well-formed
  reader.string(); // reserved
  const authorityBlob = reader.string();
  const signed = reader.since(0);
  const key = readPublicKey(keyBlob);
  const authority = readPublicKey(authorityBlob);
  if (key === undefined || authority === undefined) return undefined;
  const signature = reader.string();
  const signedWith = new WireReader(signature).text();
  const said = { kind, keyId, principals, validAfter, validBefore, criticalOptions, signedWith } as const;
  const certificate = { blob, name, key, keyBlob, ...said, authority, authorityBlob };
  return { certificate, signature, signed };
}

function textsOf(packed: Buffer): string[] {
  const reader = new WireReader(packed);
  const texts: string[] = [];
  while (!reader.atEnd) {
    if (texts.length === maxPrincipals) throw new MalformedWireData('has too many principals');
    texts.push(reader.text());
  }
  return texts;
}

/** The names in a list of names and values. */
function namesOf(packed: Buffer): string[] {
  const reader = new WireReader(packed);
  const names: string[] = [];
  while (!reader.atEnd) {
    names.push(reader.text());
    reader.string();
  }
  return names;
}
