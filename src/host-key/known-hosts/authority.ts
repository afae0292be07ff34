import type { Certificate } from '../certificates/certificate.ts';
import { certificateProblem } from '../certificates/certificate-check.ts';
import { entriesFor, type KnownHostEntry, type KnownHostsQuery, prepareQuery } from './entries.ts';
import { type KnownHostsFile, readKnownHostsFiles } from './files.ts';
import { lowerCaseAscii } from './match.ts';

/** What `@cert-authority` and `@revoked` lines say about a host certificate. */
export type AuthorityVerdict =
  | { verdict: 'match'; file: string; line: number }
  | { verdict: 'revoked'; file: string; line: number; what: 'key' | 'authority' }
  /** Its authority is trusted for the host, but it cannot be used. */
  | { verdict: 'invalid'; file: string; line: number; problem: string }
  /** No line trusts its authority for the host. */
  | { verdict: 'unknown' };

/**
 * Whether a line trusts an authority for the host, or revokes something that it may send; if so, a certificate is
 * requested. As in `ssh`, a revocation for the host without its port does not matter for a key that is known with the
 * port.
 */
export async function certificateMatters(query: KnownHostsQuery): Promise<boolean> {
  const { paths, names } = prepareQuery(query);
  const files = await readKnownHostsFiles(paths);
  if (entriesFor(files, names.name).some((entry) => isAuthority(entry) || isRevoked(entry))) return true;
  return names.withoutPort !== undefined && entriesFor(files, names.withoutPort).some(isAuthority);
}

/**
 * Judges a host certificate by known_hosts files as OpenSSH's client does (check_host_key in its sshconnect.c): first
 * by the name with its port, then, if no line trusts the authority for that, by the name without. `unknown` and
 * `invalid` are not final: ssh then looks the certified key up as a plain one.
 *
 * @param now Milliseconds since 1970.
 */
export async function lookupCertificate(
  query: KnownHostsQuery,
  certificate: Certificate,
  now: number,
): Promise<AuthorityVerdict> {
  const { paths, names } = prepareQuery(query);
  const files = await readKnownHostsFiles(paths);
  const name = lowerCaseAscii(query.alias ?? query.host);
  const judge = (lookedUp: string) => judgeUnder(files, lookedUp, certificate, { name, now });
  const verdict = judge(names.name);
  if (verdict.verdict !== 'unknown' || names.withoutPort === undefined) return verdict;
  return judge(names.withoutPort);
}

function judgeUnder(
  files: readonly KnownHostsFile[],
  lookedUp: string,
  certificate: Certificate,
  { name, now }: { name: string; now: number },
): AuthorityVerdict {
  const entries = entriesFor(files, lookedUp);
  const { key, authority } = certificate;
  const has = (entry: KnownHostEntry, identity: Buffer) => entry.key.identity.equals(identity);
  const revoked = entries.find(
    (entry) => isRevoked(entry) && (has(entry, key.identity) || has(entry, authority.identity)),
  );
  if (revoked) {
    const what = has(revoked, key.identity) ? 'key' : 'authority';
    return { verdict: 'revoked', what, ...placeOf(revoked) };
  }
  const trusted = entries.find((entry) => isAuthority(entry) && has(entry, authority.identity));
  if (!trusted) return { verdict: 'unknown' };
  const problem = certificateProblem(certificate, { kind: 'host', names: [name], now });
  if (problem === undefined) return { verdict: 'match', ...placeOf(trusted) };
  return { verdict: 'invalid', problem, ...placeOf(trusted) };
}

function isRevoked({ marker }: KnownHostEntry): boolean {
  return marker === 'revoked';
}

function isAuthority({ marker, key }: KnownHostEntry): boolean {
  return marker === 'cert-authority' && !key.certificate;
}

function placeOf({ file, line }: KnownHostEntry): { file: string; line: number } {
  return { file, line };
}
