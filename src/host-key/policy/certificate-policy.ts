import { HostKeyRevoked, HostKeyUnknown, type SshError } from '../../errors/index.ts';
import { type Certificate, readCertificate } from '../certificates/certificate.ts';
import { certificateProblem, certificateText } from '../certificates/certificate-check.ts';
import { fingerprintSha256, parsePublicKeyLine } from '../keys/fingerprint.ts';
import { readPublicKey, resolveKeyType } from '../keys/public-key.ts';
import type { AuthorityVerdict } from '../known-hosts/authority.ts';
import { at, detailsOf, type HostKeyTarget } from './key-details.ts';

const advice =
  'Sign the host key again on the gateway or PC (ssh-keygen -s CA -h -I NAME -n HOST,NAMES -V +52w KEY.pub; HostCertificate in sshd_config).';

/** Whether a name in a list of host key algorithms requests a certificate. */
export function isCertificateAlgorithm(algorithm: string): boolean {
  return resolveKeyType(algorithm)?.certificate === true;
}

/** Certificates first, or none of them; a list of certificates alone is never emptied. */
export function orderCertificates(algorithms: readonly string[], wanted: boolean): string[] {
  const plain = algorithms.filter((one) => !isCertificateAlgorithm(one));
  if (!wanted) return plain.length > 0 ? plain : [...algorithms];
  return [...algorithms.filter(isCertificateAlgorithm), ...plain];
}

/** The refusal of a key that none of these authorities certifies; undefined if one does. */
export function refuseWithoutAuthority(
  key: Buffer,
  target: HostKeyTarget,
  option: { authority: readonly string[]; principals: readonly string[] | undefined },
): SshError | undefined {
  const certificate = readCertificate(key);
  const authorities = option.authority.map((line) => parsePublicKeyLine(line).blob);
  if (!certificate) return notCertified(key, target);
  if (!authorities.some((blob) => isSameKey(blob, certificate))) {
    const trusted = authorities.map(fingerprintSha256).join(' or ');
    return refusal(key, target, `hostKey.authority is ${trusted}`);
  }
  const names = option.principals ?? [target.host];
  const problem = certificateProblem(certificate, { kind: 'host', names, now: Date.now() });
  return problem === undefined ? undefined : refusal(key, target, problem, advice);
}

function isSameKey(blob: Buffer, { authority }: Certificate): boolean {
  return readPublicKey(blob)?.identity.equals(authority.identity) === true;
}

function notCertified(key: Buffer, target: HostKeyTarget): SshError {
  const details = detailsOf(key, target);
  return new HostKeyUnknown(
    `${at(target)} shows the plain ${details.keyType} key ${details.fingerprint}, but hostKey.authority wants a host certificate`,
    { ...details, hint: isAskedFor(details.keyType, target) ? advice : notAsked(details.keyType) },
  );
}

function isAskedFor(type: string, { algorithms }: HostKeyTarget): boolean {
  return algorithms.some((one) => isCertificateAlgorithm(one) && resolveKeyType(one)?.type === type);
}

function notAsked(type: string): string {
  return `It may have one that was not asked for: the option algorithms.serverHostKey leaves out certificates of ${type} keys.`;
}

/** What is wrong with a certificate whose key is not known by itself either. */
export function certificateError(
  certificate: Certificate,
  verdict: Exclude<AuthorityVerdict, { verdict: 'match' }>,
  target: HostKeyTarget,
): SshError {
  const key = certificate.blob;
  if (verdict.verdict === 'unknown') {
    return refusal(
      key,
      target,
      'no known_hosts file trusts this authority for the host, or knows the key itself',
      'Compare the fingerprint of the authority, then add it: "@cert-authority *.example.com ssh-ed25519 AAAA...".',
    );
  }
  const { file, line } = verdict;
  if (verdict.verdict === 'invalid') return refusal(key, target, verdict.problem, advice, { file, line });
  const what = verdict.what === 'key' ? 'its key' : 'its authority';
  return new HostKeyRevoked(`${shown(key, target)}: ${file}:${line} revokes ${what}`, {
    ...detailsOf(key, target),
    file,
    line,
    hint: 'This must no longer be trusted: the machine or the authority was compromised.',
  });
}

function refusal(
  key: Buffer,
  target: HostKeyTarget,
  why: string,
  hint = advice,
  place: { file?: string; line?: number } = {},
): SshError {
  return new HostKeyUnknown(`${shown(key, target)}: ${why}`, { ...detailsOf(key, target), ...place, hint });
}

function shown(key: Buffer, target: HostKeyTarget): string {
  const { keyType, fingerprint } = detailsOf(key, target);
  const { keyId = '', authorityBlob = Buffer.alloc(0) } = readCertificate(key) ?? {};
  const which = certificateText(keyId, fingerprintSha256(authorityBlob));
  return `${at(target)} shows the ${keyType} key ${fingerprint} with the ${which}`;
}
