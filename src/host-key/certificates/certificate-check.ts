import { printable } from '../../text/printable.ts';
import { type Certificate, withSha1 } from './certificate.ts';

/** What a certificate is to be used for. */
interface CertificateUse {
  readonly kind: 'user' | 'host';
  /** The certificate must contain one of these names. */
  readonly names: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * What prevents a certificate from being used, as a clause (`it expired at ...`), checked in OpenSSH's order; undefined
 * if nothing does. Who signed it is a separate question.
 */
export function certificateProblem(certificate: Certificate, use: CertificateUse): string | undefined {
  const { kind, validAfter, validBefore, principals, criticalOptions, signedWith } = certificate;
  const now = BigInt(Math.floor(use.now / 1_000));
  if (kind !== use.kind) return `it is a ${kind} certificate, not a ${use.kind} certificate`;
  if (now < validAfter) return `it is not valid before ${timeText(validAfter)}`;
  if (now >= validBefore) return `it expired at ${timeText(validBefore)}`;
  if (!isFor(certificate, use))
    return `it is for ${namesText(principals)}, not for ${use.names.map((name) => printable(name, 80)).join(' or ')}`;
  // A user certificate's options and signature are the server's business.
  if (use.kind === 'user') return undefined;
  if (signedWith === withSha1) return 'its authority signed it with SHA-1, which no longer proves anything';
  if (criticalOptions.length === 0) return undefined;
  return `it carries the critical option ${namesText(criticalOptions)}, which is not known`;
}

/** Critical options that OpenSSH's server supports. */
const knownOptions = ['force-command', 'source-address', 'verify-required'];

/** Why a server may reject a user certificate that looks right from here; empty for most. */
export function serverConditions({ criticalOptions, signedWith }: Certificate): string {
  if (signedWith === withSha1)
    return ' Its authority signed it with SHA-1, which OpenSSH has not accepted since 8.2 (use ssh-keygen -t rsa-sha2-512).';
  const strange = criticalOptions.filter((name) => !knownOptions.includes(name));
  if (strange.length > 0)
    return ` It carries the critical option ${namesText(strange)}: a server that does not know it refuses it.`;
  const address = criticalOptions.includes('source-address');
  return address ? ' It is for some addresses only (source-address): is this machine at one of them?' : '';
}

/** A host certificate without principals is valid for any host; a user certificate without principals for nobody. */
function isFor({ principals }: Certificate, { kind, names }: CertificateUse): boolean {
  if (principals.length === 0) return kind === 'host';
  const wanted = names.map((name) => Buffer.from(name, 'utf8').toString('latin1'));
  return principals.some((principal) => wanted.includes(principal));
}

/** The last second that a Date can represent. */
const lastSecond = 8_640_000_000_000n;

function timeText(seconds: bigint): string {
  return seconds > lastSecond ? 'the end of time' : new Date(Number(seconds) * 1_000).toISOString();
}

function namesText(names: readonly string[]): string {
  if (names.length === 0) return 'no name at all';
  const shown = names.slice(0, 5).map((name) => printable(Buffer.from(name, 'latin1'), 80));
  const more = names.length > shown.length ? ` and ${names.length - shown.length} more` : '';
  return shown.join(', ') + more;
}

/** How messages refer to a certificate: `certificate "kim" of the authority SHA256:...`. */
export function certificateText(keyId: string, authorityFingerprint: string): string {
  return `certificate "${printable(keyId, 80)}" of the authority ${authorityFingerprint}`;
}
