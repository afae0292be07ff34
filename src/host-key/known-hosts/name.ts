import { isIPv6 } from 'node:net';
import { type Checks, required } from '../../check/options.ts';
import { checkText, port } from '../../check/values.ts';
import { wrongRange } from '../../check/wrong.ts';
import { lowerCaseAscii } from './match.ts';

/** A host, given as in a connection's options. */
export interface HostName {
  /** Host name or address, as used to connect. */
  readonly host: string;
  /** TCP port, 22 by default. */
  readonly port?: number | undefined;
  /** HostKeyAlias: the name to look up (and record) instead of host and port. */
  readonly alias?: string | undefined;
}

/** The names under which OpenSSH looks a host up. */
export interface LookupNames {
  /** The name itself: the alias, the host, or `[host]:port` for a port other than 22. */
  readonly name: string;
  /** The host without its port, used if `name` is not known at all; absent for port 22 and for an alias. */
  readonly withoutPort?: string;
}

const DEFAULT_PORT = 22;
/** Longest name that the C library returns (NI_MAXHOST). */
const MAX_NAME_BYTES = 1025;

export const hostNameChecks: Checks<HostName> = {
  host: required(checkName),
  port,
  alias: checkName,
};

/** Forms the names to look up, with one character for each byte of their UTF-8 encoding. */
export function lookupNames({ host, port = DEFAULT_PORT, alias }: HostName): LookupNames {
  const name = toBytes(canonicalAddress(host));
  if (alias !== undefined) return { name: toBytes(alias) };
  return port === DEFAULT_PORT ? { name } : { name: `[${name}]:${port}`, withoutPort: name };
}

function checkName(name: string, value: unknown): void {
  const right = 'a host name or address';
  checkText(name, value, right);
  if (Buffer.byteLength(value) > MAX_NAME_BYTES) {
    throw wrongRange(name, value, `${right} of at most ${MAX_NAME_BYTES} bytes`);
  }
  if (/[\p{Cc}\p{Z}]/u.test(value)) {
    throw wrongRange(name, value, `${right} without blanks or control characters`);
  }
}

function toBytes(name: string): string {
  return Buffer.from(lowerCaseAscii(name), 'utf8').toString('latin1');
}

/** OpenSSH looks an IPv6 address up in its shortest form, however it was written: `2001:DB8:0::1` as `2001:db8::1`. */
function canonicalAddress(host: string): string {
  const [address = '', zone] = host.split('%', 2);
  // Not needed for the answer, but for the time: Node's expression takes 3 ms to compile.
  if (!address.includes(':') || !isIPv6(address)) return host;
  const shortest = formatIpv6(groupsOf(address));
  return zone === undefined ? shortest : `${shortest}%${zone}`;
}

/** The eight 16-bit groups of an address that `isIPv6` accepts. */
function groupsOf(address: string): number[] {
  const hex = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) =>
    [a, c].map((high, i) => (Number(high) * 256 + Number(i === 0 ? b : d)).toString(16)).join(':'),
  );
  const [head = '', tail] = hex.split('::');
  const groups = (part: string) =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  if (tail === undefined) return groups(head);
  const [left, right] = [groups(head), groups(tail)];
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
}

/** As inet_ntop writes it: the first longest run of at least two zero groups becomes `::`, IPv4 parts are dotted. */
function formatIpv6(groups: readonly number[]): string {
  const run = longestZeroRun(groups);
  const words = groups.map((group) => group.toString(16));
  if (run.start === 0 && (run.length === 6 || (run.length === 5 && groups[5] === 0xffff))) {
    const prefix = run.length === 6 ? '::' : '::ffff:';
    return (
      prefix +
      groups
        .slice(6)
        .map((group) => `${group >> 8}.${group & 255}`)
        .join('.')
    );
  }
  if (run.length < 2) return words.join(':');
  return `${words.slice(0, run.start).join(':')}::${words.slice(run.start + run.length).join(':')}`;
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: -1, length: 0 };
  for (let start = 0; start < groups.length; start += 1) {
    let length = 0;
    while (groups[start + length] === 0) length += 1;
    if (length > best.length) best = { start, length };
  }
  return best;
}
