import type { ParsedKey } from 'ssh2';
import { isOutOfFiles } from '../../errors/own-limits.ts';
import { readOwnFile, whyUnread } from '../../files/own-file.ts';
import { type Certificate, readCertificate } from '../../host-key/certificates/certificate.ts';
import { isPlainKeyText, readCertificateText } from '../../host-key/certificates/certificate-text.ts';
import { fingerprintSha256 } from '../../host-key/keys/fingerprint.ts';
import { readPublicKey } from '../../host-key/keys/public-key.ts';
import type { ConnectOptions } from '../../options/types.ts';
import { quoted } from '../../text/printable.ts';
import type { Stoppable } from '../../time/on-abort.ts';
import { expandHome, readKeyFile } from './key-files.ts';

type CertificateOptions = Pick<ConnectOptions, 'certificate' | 'certificatePath'>;

interface Loaded {
  certificates: Certificate[];
  /** Sentences about unusable files. */
  notes: string[];
}

/**
 * The user certificates that the options name; otherwise those beside the key files, where `ssh` looks for them too
 * (`id_ed25519-cert.pub`).
 *
 * @param keys The private keys at hand.
 * @param hasAgent If true, a certificate may belong to a key that only the agent has.
 * @throws TypeError for a named certificate that cannot be read or is not a user certificate, or if none of them
 * belongs to a key at hand.
 */
export async function loadCertificates(
  options: CertificateOptions,
  keyPaths: readonly string[],
  {
    keys,
    hasAgent,
    signal,
  }: { keys: readonly ParsedKey[]; hasAgent: boolean; signal?: Stoppable | undefined },
): Promise<Loaded> {
  const named = await namedCertificates(options, signal);
  if (named === undefined) return besideKeys(keyPaths, keys, signal);
  const fitting = hasAgent
    ? named
    : named.filter(({ certificate }) => keys.some((key) => isFor(certificate, key)));
  const [first] = named;
  if (fitting.length === 0 && first) throw forAnotherKey(first, keys);
  const others = named.filter((one) => !fitting.includes(one));
  const notes = others.map(({ option, certificate }) => unused(option, unfitness(certificate, keys)));
  return { certificates: fitting.map(({ certificate }) => certificate), notes };
}

/** The certificate in an agent's blob, if it is one. */
export function certificateOf(blob: Buffer): Certificate | undefined {
  return readCertificate(blob);
}

/** Whether a certificate belongs to a key. */
export function isFor(certificate: Certificate, key: ParsedKey): boolean {
  const identity = readPublicKey(key.getPublicSSH())?.identity;
  return identity !== undefined && certificate.key.identity.equals(identity);
}

/** Why a certificate stays behind whose key may be in the agent. */
export function keyMissing({ keyId, keyBlob }: Certificate): string {
  return `The certificate ${quoted(keyId, 60)} was not offered: the agent does not hold its key ${fingerprintSha256(keyBlob)}.`;
}

interface Named {
  option: string;
  certificate: Certificate;
}

async function namedCertificates(
  options: CertificateOptions,
  signal?: Stoppable,
): Promise<Named[] | undefined> {
  const { certificate: given, certificatePath: paths } = options;
  if (given !== undefined) return [checked('certificate', given)];
  if (paths === undefined) return undefined;
  return Promise.all([paths].flat().map((path) => readNamed(path, signal)));
}

async function readNamed(path: string, signal?: Stoppable): Promise<Named> {
  const where = expandHome('certificatePath', path);
  const option = `certificatePath (${where})`;
  const text = await readKeyFile('certificatePath', where, signal);
  return checked(option, text);
}

function checked(option: string, text: string | Buffer): Named {
  const certificate = readCertificateText(text);
  if (certificate === undefined) {
    const what = isPlainKeyText(text)
      ? 'a plain public key, which is not a certificate,'
      : 'something that is not a certificate, or a damaged one,';
    throw new TypeError(
      `option ${option}: ${what} given; what ssh-keygen -s writes ('ssh-ed25519-cert-v01@openssh.com AAAA...') would be right`,
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

/**
 * The caller did not ask for the files beside a key, so a damaged or foreign one is skipped, as `ssh` does; what is
 * wrong with it is reported if the login fails.
 */
async function besideKeys(
  paths: readonly string[],
  keys: readonly ParsedKey[],
  signal?: Stoppable,
): Promise<Loaded> {
  const certificates: Certificate[] = [];
  const notes: string[] = [];
  for (const path of paths.map((key) => `${key}-cert.pub`)) {
    const text = await readOwnFile(path, { signal }).catch((error: unknown) => {
      if (isOutOfFiles(error)) throw error;
      const why = whyUnread(error);
      if (why !== 'ENOENT') notes.push(unused(path, `it cannot be read (${why})`));
    });
    if (text === undefined) continue;
    const certificate = readCertificateText(text);
    const problem = certificate ? unfitness(certificate, keys) : whyNone(text);
    if (problem === undefined) certificates.push(certificate!);
    else notes.push(unused(path, problem));
  }
  return { certificates, notes };
}

function unused(where: string, problem = ''): string {
  return `The certificate in ${where} was not used: ${problem}.`;
}

function unfitness(certificate: Certificate, keys: readonly ParsedKey[]): string | undefined {
  if (certificate.kind !== 'user') return 'it is a host certificate, not a user certificate';
  if (keys.some((key) => isFor(certificate, key))) return undefined;
  return `it is for the key ${fingerprintSha256(certificate.keyBlob)}, which is not the one beside it`;
}

function whyNone(text: Buffer): string {
  return isPlainKeyText(text)
    ? 'its first line is a plain public key, not a certificate'
    : 'it is not a certificate, or a damaged one';
}
