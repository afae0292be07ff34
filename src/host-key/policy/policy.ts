import {
  HandshakeFailed,
  type HostKeyDetails,
  HostKeyMismatch,
  HostKeyRevoked,
  HostKeyUnknown,
  isSshError,
  type SshError,
} from '../../errors/index.ts';
import { outOfFiles } from '../../errors/own-limits.ts';
import type { AuthorityOption, HostKeyInfo, HostKeyOption, KnownHostsOption } from '../../options/types.ts';
import { printable } from '../../text/printable.ts';
import { readCertificate } from '../certificates/certificate.ts';
import { equalInConstantTime, fingerprintSha256, parsePublicKeyLine } from '../keys/fingerprint.ts';
import { certificateMatters, lookupCertificate } from '../known-hosts/authority.ts';
import { defaultKnownHostsFiles, expandPath, isSystemFile } from '../known-hosts/files.ts';
import { type HostKeyVerdict, lookupHostKey, shownName } from '../known-hosts/lookup.ts';
import { knownHostKeyTypes, orderHostKeyAlgorithms } from '../known-hosts/order.ts';
import { type OtherName, otherNameOf } from '../known-hosts/other-name.ts';
import type { KnownHostsUpdate } from '../known-hosts/update.ts';
import { certificateError, orderCertificates, refuseWithoutAuthority } from './certificate-policy.ts';
import { at, detailsOf, type HostKeyTarget } from './key-details.ts';

/**
 * Acceptance, with something to record once the server has proved that it owns the key, or with entries that it may
 * keep up to date; or a refusal.
 */
type HostKeyDecision =
  | { accepted: true; record?: () => Promise<void>; update?: KnownHostsUpdate }
  | { accepted: false; error: SshError };

/** How the host keys of one connection are judged. */
export interface HostKeyPolicy {
  /** Moves the types of keys that can be checked to the front. */
  order(algorithms: readonly string[], target: HostKeyTarget): Promise<string[]>;
  judge(key: Buffer, target: HostKeyTarget): Promise<HostKeyDecision>;
  /** Whether a decision may contain an `update`. */
  updates?: boolean;
}

const accepted: HostKeyDecision = { accepted: true };

export function hostKeyPolicy(option: HostKeyOption = {}): HostKeyPolicy {
  if (option === 'insecure-accept-any') return policy(async () => accepted);
  if ('fingerprint' in option) return pinnedFingerprint(list(option.fingerprint));
  if ('key' in option) return pinnedKey(list(option.key));
  if ('authority' in option) return certifiedBy(option);
  if ('verify' in option) return userDecides(option.verify);
  return knownHosts(option);
}

function policy(judge: HostKeyPolicy['judge'], order?: HostKeyPolicy['order']): HostKeyPolicy {
  return { judge, order: order ?? (async (algorithms) => orderCertificates(algorithms, false)) };
}

function certifiedBy({ authority, principals }: AuthorityOption): HostKeyPolicy {
  const option = {
    authority: list(authority),
    principals: principals === undefined ? undefined : list(principals),
  };
  return policy(
    async (key, target) => {
      const error = refuseWithoutAuthority(key, target, option);
      return error ? refused(error) : accepted;
    },
    // Plain keys too, so that the error can say that the server has no certificate.
    async (algorithms) => orderCertificates(algorithms, true),
  );
}

function pinnedFingerprint(pins: readonly string[]): HostKeyPolicy {
  const wanted = pins.map((pin) => Buffer.from(pin.replace(/=+$/, '')));
  return policy(async (key, target) => {
    const shown = Buffer.from(fingerprintSha256(key));
    if (wanted.some((pin) => equalInConstantTime(pin, shown))) return accepted;
    return refused(new HostKeyMismatch(...pinMessage(key, target, pins.join(' or '))));
  });
}

function pinnedKey(lines: readonly string[]): HostKeyPolicy {
  const pins = lines.map((line) => parsePublicKeyLine(line));
  return policy(
    async (key, target) => {
      if (pins.some((pin) => equalInConstantTime(pin.blob, key))) return accepted;
      return refused(
        new HostKeyMismatch(
          ...pinMessage(key, target, pins.map((pin) => fingerprintSha256(pin.blob)).join(' or ')),
        ),
      );
    },
    async (algorithms) =>
      orderHostKeyAlgorithms(
        orderCertificates(algorithms, false),
        pins.map((pin) => pin.type),
      ),
  );
}

function pinMessage(key: Buffer, target: HostKeyTarget, pinned: string): [string, HostKeyDetails] {
  const details = detailsOf(key, target);
  return [
    `${at(target)} shows the ${details.keyType} key ${details.fingerprint}, but hostKey pins ${pinned}`,
    {
      ...details,
      hint: 'Another machine answers at this address, the server was re-installed, or somebody is in between. Compare the fingerprint on the machine itself (ssh-keygen -l) before you change the pin.',
    },
  ];
}

type Verify = (key: Buffer, info: HostKeyInfo) => boolean | Promise<boolean>;

function userDecides(verify: Verify): HostKeyPolicy {
  return policy(async (key, target) => {
    const details = detailsOf(key, target);
    const { host, port, over } = target;
    try {
      const { keyType, fingerprint } = details;
      // Only `true` accepts: a function that forgets to return a value must not open the door.
      if (
        (await verify(Buffer.from(key), { host, port, keyType, fingerprint, signal: over.signal })) === true
      )
        return accepted;
    } catch (error) {
      return refused(
        new HandshakeFailed(`hostKey.verify threw for ${at(target)}`, {
          ...details,
          cause: error,
          retryable: false,
        }),
      );
    }
    return refused(
      new HostKeyUnknown(
        `hostKey.verify refused the ${details.keyType} key ${details.fingerprint} of ${at(target)}`,
        details,
      ),
    );
  });
}

function knownHosts({
  knownHosts: files,
  alias,
  hash,
  onUnknown = 'reject',
  update = false,
}: KnownHostsOption): HostKeyPolicy {
  const paths = files === undefined ? defaultKnownHostsFiles() : list(files);
  const own = ownFiles(update, paths);
  const query = ({ host, port }: HostKeyTarget) => ({
    knownHosts: paths,
    host,
    port,
    ...(alias === undefined ? {} : { alias }),
  });
  const judgePlain = async (key: Buffer, target: HostKeyTarget): Promise<HostKeyDecision> => {
    const verdict = await lookupHostKey({ ...query(target), key }).catch((error: Error) =>
      unreadable(error, key, target),
    );
    if (isSshError(verdict)) return refused(verdict);
    if (verdict.verdict === 'match') {
      // Only if it is recorded under its own name, not as the host of another port.
      const isOwn = own.includes(verdict.file) && verdict.name === shownName(query(target));
      const entries = { ...query(target), files: own, hash };
      return isOwn ? { accepted: true, update: entries } : accepted;
    }
    if (verdict.verdict === 'unknown' && onUnknown === 'accept-new') {
      return { accepted: true, record: () => record({ file: paths[0] ?? '', alias, hash }, key, target) };
    }
    const other =
      verdict.verdict === 'unknown'
        ? await otherNameOf(query(target), key).catch(() => undefined)
        : undefined;
    return refused(verdictError(verdict, key, target, { paths, other }));
  };
  const byFiles = policy(
    async (key, target) => {
      const certificate = readCertificate(key);
      if (!certificate) return judgePlain(key, target);
      const verdict = await lookupCertificate(query(target), certificate, Date.now()).catch((error: Error) =>
        unreadable(error, key, target),
      );
      if (isSshError(verdict)) return refused(verdict);
      if (verdict.verdict === 'match') return accepted;
      const error = certificateError(certificate, verdict, target);
      if (verdict.verdict === 'revoked') return refused(error);
      // As in ssh: what is invalid as a certificate may still contain a known key.
      const plain = await judgePlain(certificate.keyBlob, target);
      return plain.accepted || plain.error.code !== 'SSH_HOST_KEY_UNKNOWN' ? plain : refused(error);
    },
    async (algorithms, target) => {
      const [types, wantsCertificate] = await Promise.all([
        knownHostKeyTypes(query(target)).catch((error) => unlessOutOfFiles(error, target, [])),
        certificateMatters(query(target)).catch((error) => unlessOutOfFiles(error, target, false)),
      ]);
      const plain = orderHostKeyAlgorithms(orderCertificates(algorithms, false), types);
      const certificates = algorithms.filter((one) => !plain.includes(one));
      return wantsCertificate ? [...certificates, ...plain] : plain;
    },
  );
  return { ...byFiles, updates: own.length > 0 };
}

/** The files that a server may keep up to date, by the paths used in verdicts. */
function ownFiles(update: boolean | readonly string[], paths: readonly string[]): string[] {
  if (update === false) return [];
  const all = (update === true ? paths : update).map((path) => expandPath('hostKey.update', path));
  return update === true ? all.filter((path) => !isSystemFile(path)) : all;
}

/** In an order that does not suit the files, a server may show a key of another type, which looks like a changed key. */
function unlessOutOfFiles<T>(error: unknown, target: HostKeyTarget, otherwise: T): T {
  const lack = outOfFiles(error, { phase: 'handshake', ...target });
  if (lack) throw lack;
  return otherwise;
}

function unreadable(error: Error, key: Buffer, target: HostKeyTarget): SshError {
  const lack = outOfFiles(error, { phase: 'handshake', ...target });
  if (lack) return lack;
  return new HandshakeFailed(`The host key of ${at(target)} cannot be checked: ${printable(error.message)}`, {
    ...detailsOf(key, target),
    cause: error,
    retryable: false,
    hint: 'A known_hosts file that exists but cannot be read is never a reason to trust. Fix its permissions, or name another file in hostKey.knownHosts.',
  });
}

async function record(
  entry: { file: string; alias: string | undefined; hash: boolean | undefined },
  key: Buffer,
  target: HostKeyTarget,
): Promise<void> {
  const { host, port } = target;
  try {
    const { appendKnownHost } = await import('../known-hosts/append.ts');
    await appendKnownHost({ ...entry, host, port, key });
  } catch (error) {
    const lack = outOfFiles(error, { phase: 'handshake', ...target });
    if (lack) throw lack;
    throw new HandshakeFailed(
      `The new host key of ${at(target)} could not be recorded: ${printable((error as Error).message)}`,
      {
        ...detailsOf(key, target),
        cause: error,
        retryable: false,
        hint: "hostKey.onUnknown 'accept-new' trusts a key once and must remember it; a file that cannot be written would mean trusting anything for ever.",
      },
    );
  }
}

function verdictError(
  verdict: Exclude<HostKeyVerdict, { verdict: 'match' }> | HostKeyVerdict,
  key: Buffer,
  target: HostKeyTarget,
  { paths, other }: { paths: readonly string[]; other: OtherName | undefined },
): SshError {
  const { file, line } = verdict;
  const details = { ...detailsOf(key, target), file, line };
  const shown = `the ${details.keyType} key ${details.fingerprint}`;
  if (verdict.verdict === 'revoked') {
    return new HostKeyRevoked(`${at(target)} shows ${shown}, which ${file}:${line} revokes`, {
      ...details,
      hint: 'This key must no longer be used: the machine was compromised, or answers with an old key.',
    });
  }
  if (verdict.verdict === 'mismatch') {
    return new HostKeyMismatch(`${at(target)} shows ${shown}, but ${file}:${line} has another key for it`, {
      ...details,
      hint:
        target.hop === undefined
          ? "The port now leads to another customer's PC, the PC was re-installed, or somebody is in between. hostKey.alias pins a customer instead of a port. Compare the fingerprint on the PC itself before you replace the line."
          : 'The jump host was re-installed, its address belongs to another machine now, or somebody is in between. Compare the fingerprint on the jump host itself before you replace the line.',
    });
  }
  return new HostKeyUnknown(
    `${at(target)} shows ${shown}, and no known_hosts file has a key for ${printable(verdict.name)}`,
    {
      ...details,
      knownAs: other && printable(other.name, 100),
      hint: `${other ? knownAs(other) : ''}Looked in ${paths.join(', ')}. Compare the fingerprint on the machine itself, then add it (ssh-keyscan), pin it (hostKey.fingerprint), or record it on the first connect (hostKey.onUnknown: 'accept-new').`,
    },
  );
}

/** Recorded under a customer's name but looked up by host and port: the most common reason. */
function knownAs({ name, file, line }: OtherName): string {
  const shown = printable(name, 100);
  const give = /^[\w.-]+$/.test(name) ? `: if that is this machine, give hostKey: { alias: '${shown}' }` : '';
  return `The same key is on record as ${shown} (${file}:${line})${give}. `;
}

function refused(error: SshError): HostKeyDecision {
  return { accepted: false, error };
}

function list(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value;
}
