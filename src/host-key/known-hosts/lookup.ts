import { type Checks, checkOptions, required } from '../../check/options.ts';
import { wrongAs, wrongType } from '../../check/wrong.ts';
import { fingerprintSha256, keyTypeOf, parsePublicKeyLine } from '../keys/fingerprint.ts';
import { type PublicKey, readPublicKey } from '../keys/public-key.ts';
import {
  entriesFor,
  type KnownHostEntry,
  type KnownHostsQuery,
  prepareQuery,
  queryChecks,
} from './entries.ts';
import type { KnownHostsFile } from './files.ts';
import { readKnownHostsFiles } from './files.ts';
import { type HostName, type LookupNames, lookupNames } from './name.ts';

/** What to look up; see {@link lookupHostKey}. */
export interface LookupHostKeyOptions extends KnownHostsQuery {
  /** The host's public key: in SSH wire format, or as text (`ssh-ed25519 AAAA…`). */
  readonly key: Uint8Array | string;
}

/** Common to every verdict. */
interface VerdictBase {
  /** The name that was looked up: the alias, the host, or `[host]:port`. */
  readonly name: string;
  /** Type of the key, such as `ssh-ed25519`. */
  readonly keyType: string;
  /** Its fingerprint, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
}

/** The verdict of a line in a file. */
export interface HostKeyOnRecord extends VerdictBase {
  /**
   * - `match`: this key is on record for the host.
   * - `mismatch`: only other keys are on record for it, of whatever type ("host key has changed").
   * - `revoked`: a `@revoked` line names this key for the host.
   */
  readonly verdict: 'match' | 'mismatch' | 'revoked';
  /** The file that decided. */
  readonly file: string;
  /** The line that decided, from 1; for `mismatch` the last line with another key, which ssh calls the offending key. */
  readonly line: number;
  /** Type of the key on that line. */
  readonly recordedType: string;
}

/** No line is about the host. */
export interface HostKeyNotOnRecord extends VerdictBase {
  /** No entry for this host. */
  readonly verdict: 'unknown';
  /** Absent: no entry decided. */
  readonly file?: undefined;
  /** Absent: no entry decided. */
  readonly line?: undefined;
}

/** The result of {@link lookupHostKey}. Trust only `match`. */
export type HostKeyVerdict = HostKeyOnRecord | HostKeyNotOnRecord;

const checks: Checks<LookupHostKeyOptions> = { ...queryChecks, key: required(checkPlainKey) };

/**
 * Checks a host key against known_hosts files, without a connection, and gives the verdict of OpenSSH's client
 * (`StrictHostKeyChecking=yes`), including hashed names, wildcards, negation, `[host]:port`, `@revoked` and
 * `HostKeyAlias`. `@cert-authority` lines never match a plain key. An unknown host on a port other than 22 is also
 * looked up without its port; then only a match or a revocation counts.
 *
 * A missing file counts as empty.
 *
 * @throws TypeError or RangeError for wrong options.
 * @throws Error (with `code`, `path` and `cause`) if a file exists but cannot be read.
 */
export async function lookupHostKey(options: LookupHostKeyOptions): Promise<HostKeyVerdict> {
  checkOptions(options, checks);
  const { paths, names } = prepareQuery(options);
  const blob = keyBlob(options.key);
  return judgeHostKey(await readKnownHostsFiles(paths), names, blob);
}

/** Like {@link lookupHostKey}, for files that have been read already. */
export function judgeHostKey(
  files: readonly KnownHostsFile[],
  names: LookupNames,
  blob: Buffer,
): HostKeyVerdict {
  const key = plainKey('key', blob);
  const base = { name: fromBytes(names.name), keyType: key.type, fingerprint: fingerprintSha256(blob) };
  const entry = decide(entriesFor(files, names.name), key);
  if (entry !== undefined) return { ...base, ...entry };
  if (names.withoutPort !== undefined) {
    const bare = decide(entriesFor(files, names.withoutPort), key);
    // Another key under the bare name belongs to a server on another port, so ssh treats the host as unknown. A key
    // revoked under that name is refused: ssh also prints the warning for it.
    if (bare !== undefined && bare.verdict !== 'mismatch') {
      return { ...base, name: fromBytes(names.withoutPort), ...bare };
    }
  }
  return { ...base, verdict: 'unknown' };
}

type Decision = Pick<HostKeyOnRecord, 'verdict' | 'file' | 'line' | 'recordedType'>;

/** OpenSSH's check_key_in_hostkeys: a revocation wins, then the first equal key, then the last different one. */
function decide(entries: readonly KnownHostEntry[], key: PublicKey): Decision | undefined {
  const isThisKey = (entry: KnownHostEntry) => entry.key.identity.equals(key.identity);
  const revoked = entries.find((entry) => entry.marker === 'revoked' && isThisKey(entry));
  if (revoked !== undefined) return decision('revoked', revoked);
  const plain = entries.filter((entry) => entry.marker === 'none');
  const match = plain.find((entry) => !entry.key.certificate && isThisKey(entry));
  if (match !== undefined) return decision('match', match);
  const other = plain.at(-1);
  return other === undefined ? undefined : decision('mismatch', other);
}

function decision(verdict: HostKeyOnRecord['verdict'], { file, line, key }: KnownHostEntry): Decision {
  return { verdict, file, line, recordedType: key.type };
}

const rightKey = "a public key, as a Buffer or as text such as 'ssh-ed25519 AAAA...',";

/** A plain public key in SSH wire format or as text. */
export function checkPlainKey(name: string, value: unknown): void {
  if (typeof value !== 'string' && !(value instanceof Uint8Array)) throw wrongType(name, value, rightKey);
  plainKey(name, keyBlob(value, name));
}

/** The option `key` in wire format. */
export function keyBlob(key: Uint8Array | string, name = 'key'): Buffer {
  if (typeof key !== 'string') return Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  try {
    return parsePublicKeyLine(key).blob;
  } catch {
    // Its value is not shown: it may be a private key given by mistake.
    throw wrongAs(name, 'text that is not a public key', rightKey);
  }
}

function plainKey(name: string, blob: Buffer): PublicKey {
  const key = readPublicKey(blob);
  if (key === undefined) throw wrongAs(name, `a damaged or unknown ${typeIn(blob)}`, rightKey);
  if (key.certificate) throw wrongAs(name, 'a certificate', rightKey);
  return key;
}

function typeIn(blob: Buffer): string {
  try {
    return keyTypeOf(blob);
  } catch {
    return `key of ${blob.length} bytes`;
  }
}

/** The name under which a host is looked up, as verdicts show it. */
export function shownName(host: HostName): string {
  return fromBytes(lookupNames(host).name);
}

function fromBytes(name: string): string {
  return Buffer.from(name, 'latin1').toString('utf8');
}
