import type { ParsedKey } from 'ssh2';
import { readOwnFile } from '../../files/own-file.ts';
import { type Certificate, readCertificate } from '../../host-key/certificate.ts';
import { decodeBase64, fingerprintSha256 } from '../../host-key/fingerprint.ts';
import { readPublicKey } from '../../host-key/public-key.ts';
import { expandHome, readKeyFile } from './key-files.ts';

interface CertificateOptions {
  certificate?: string | Buffer | undefined;
  certificatePath?: string | readonly string[] | undefined;
}

/**
 * The user certificates that the options name; else those that lie beside the key files, as `ssh` finds them
 * (`id_ed25519-cert.pub`).
 *
 * @param keys the private keys at hand.
 * @param hasAgent then a certificate may belong to a key that only the agent has.
 * @throws TypeError for a certificate that is named and cannot be read, is no user certificate, or when none is for a key at hand.
 */
export async function loadCertificates(
  options: CertificateOptions,
  keyPaths: readonly string[],
  { keys, hasAgent }: { keys: readonly ParsedKey[]; hasAgent: boolean },
): Promise<Certificate[]> {
  const named = await namedCertificates(options);
  if (named === undefined) return besideKeys(keyPaths, keys);
  const fitting = hasAgent
    ? named
    : named.filter(({ certificate }) => keys.some((key) => isFor(certificate, key)));
  const [first] = named;
  if (fitting.length === 0 && first) throw forAnotherKey(first, keys);
  return fitting.map(({ certificate }) => certificate);
}

/** The certificate that an agent's key is, if it is one. */
export function certificateOf(blob: Buffer): Certificate | undefined {
  return readCertificate(blob);
}

/** Whether a certificate is for a key. */
export function isFor(certificate: Certificate, key: ParsedKey): boolean {
  const identity = readPublicKey(key.getPublicSSH())?.identity;
  return identity !== undefined && certificate.key.identity.equals(identity);
}

interface Named {
  option: string;
  certificate: Certificate;
}

async function namedCertificates(options: CertificateOptions): Promise<Named[] | undefined> {
  const { certificate: given, certificatePath: paths } = options;
  if (given !== undefined) return [checked('certificate', certificateIn(given))];
  if (paths === undefined) return undefined;
  return Promise.all((typeof paths === 'string' ? [paths] : paths).map(readNamed));
}

async function readNamed(path: string): Promise<Named> {
  const where = expandHome('certificatePath', path);
  const option = `certificatePath (${where})`;
  const text = await readKeyFile('certificatePath', where);
  return checked(option, certificateIn(text));
}

function checked(option: string, certificate: Certificate | undefined): Named {
  if (certificate === undefined) {
    throw new TypeError(
      `option ${option}: something that is not a certificate, or a damaged one, given; what ssh-keygen -s writes ('ssh-ed25519-cert-v01@openssh.com AAAA...') would be right`,
    );
  }
  if (certificate.kind !== 'user') {
    throw new TypeError(
      `option ${option}: a host certificate given; a user certificate (ssh-keygen -s without -h) would be right`,
    );
  }
  return { option, certificate };
}

function forAnotherKey({ option, certificate }: Named, keys: readonly ParsedKey[]): TypeError {
  const has = keys.map((key) => fingerprintSha256(key.getPublicSSH())).join(', ');
  const given = has === '' ? 'but no private key is given' : `but the private key is ${has}`;
  return new TypeError(
    `option ${option}: a certificate for the key ${fingerprintSha256(certificate.keyBlob)} given, ${given}; certificate and privateKey of one pair would be right`,
  );
}

/** A damaged or foreign file beside a key is none of the caller's words: `ssh` passes over it too. */
async function besideKeys(paths: readonly string[], keys: readonly ParsedKey[]): Promise<Certificate[]> {
  const texts = await Promise.all(
    paths.map((path) => readOwnFile(`${path}-cert.pub`).catch(() => undefined)),
  );
  const certificates = texts.map((text) => (text === undefined ? undefined : certificateIn(text)));
  return certificates.filter(
    (one) => one !== undefined && one.kind === 'user' && keys.some((key) => isFor(one, key)),
  ) as Certificate[];
}

/** The certificate of a line `type base64 comment`; a Buffer may also hold its bare bytes. */
function certificateIn(given: string | Buffer): Certificate | undefined {
  const bare = typeof given === 'string' ? undefined : readCertificate(given);
  if (bare !== undefined) return bare;
  const [name, base64 = ''] = given
    .toString('latin1')
    .trim()
    .split(/[ \t\r\n]+/, 2);
  const blob = decodeBase64(base64);
  const certificate = blob === undefined ? undefined : readCertificate(blob);
  return certificate?.name === name ? certificate : undefined;
}
