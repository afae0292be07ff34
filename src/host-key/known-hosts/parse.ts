import { decodeBase64 } from '../keys/fingerprint.ts';
import { type PublicKey, readPublicKey, resolveKeyType } from '../keys/public-key.ts';

/** What a line says about its key: that it is the host's, that it signs host certificates, or that it is revoked. */
export type KnownHostsMarker = 'none' | 'cert-authority' | 'revoked';

/** A line of a known_hosts file, as far as OpenSSH parses it before comparing the name. */
export interface KnownHostsLine {
  /** Line number in its file, from 1. */
  readonly line: number;
  readonly marker: KnownHostsMarker;
  /** The name field: a comma-separated list of patterns, or one hashed name. */
  readonly hosts: string;
  /** Everything after the name field, not yet parsed: key type, key, comment. */
  readonly keyText: string;
}

/** OpenSSH copies a marker into a buffer of this size and ignores the line if it does not fit (hostfile.c). */
const MARKER_BUFFER = 32;

/**
 * The lines of a known_hosts file that OpenSSH considers, read as its `hostkeys_foreach_file` does. Comments, empty
 * lines and lines with an error before their key are skipped, as they have no effect.
 *
 * @param text The file, one character per byte (latin1), as patterns are compared byte by byte.
 */
export function* knownHostsLines(text: string): Generator<KnownHostsLine> {
  let start = 0;
  for (let line = 1; start < text.length; line += 1) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    const parsed = parseKnownHostsLine(text.slice(start, end), line);
    if (parsed !== undefined) yield parsed;
    start = end + 1;
  }
}

/** Parses one line, without its newline. Undefined if it has no entry. */
export function parseKnownHostsLine(rawLine: string, line: number): KnownHostsLine | undefined {
  const content = skipBlanks(cutAtNul(rawLine));
  if (content === '' || content.startsWith('#')) return undefined;
  const marked = takeMarker(content);
  if (marked === undefined) return undefined;
  const hostsEnd = marked.rest.search(/[ \t]/);
  if (hostsEnd === -1) return undefined;
  const hosts = marked.rest.slice(0, hostsEnd);
  const keyText = skipBlanks(marked.rest.slice(hostsEnd));
  if (keyText === '' || keyText.startsWith('#')) return undefined;
  return { line, marker: marked.marker, hosts, keyText };
}

/** OpenSSH reads lines as C strings. */
function cutAtNul(text: string): string {
  const nul = text.indexOf('\0');
  return nul === -1 ? text : text.slice(0, nul);
}

function skipBlanks(text: string): string {
  return text.replace(/^[ \t]+/, '');
}

interface Marked {
  readonly marker: KnownHostsMarker;
  readonly rest: string;
}

/** Removes the marker from the front. Undefined for an unknown or a second marker: OpenSSH ignores such a line. */
function takeMarker(content: string): Marked | undefined {
  if (!content.startsWith('@')) return { marker: 'none', rest: content };
  // A marker ends at the first space; a tab ends it only in a line without spaces (check_markers in hostfile.c).
  const space = content.indexOf(' ');
  const end = space === -1 ? content.indexOf('\t') : space;
  if (end === -1 || end >= MARKER_BUFFER) return undefined;
  const marker = markerNamed(content.slice(0, end));
  const rest = skipBlanks(content.slice(end));
  return marker === undefined || rest.startsWith('@') ? undefined : { marker, rest };
}

function markerNamed(name: string): KnownHostsMarker | undefined {
  if (name === '@revoked') return 'revoked';
  return name === '@cert-authority' ? 'cert-authority' : undefined;
}

/**
 * Parses the key of a line: type, base64, comment. Undefined if the type is unknown, the key damaged, or the two do not
 * match; OpenSSH skips such a line, so it neither trusts, refuses nor revokes anything.
 */
export function parseHostKey(keyText: string): PublicKey | undefined {
  const [, name = '', base64 = ''] = /^([^ \t]+)[ \t]+([^ \t]+)/.exec(keyText) ?? [];
  const expected = resolveKeyType(name);
  const blob = expected === undefined ? undefined : decodeBase64(base64);
  const key = blob === undefined ? undefined : readPublicKey(blob);
  const agrees = key?.type === expected?.type && key?.certificate === expected?.certificate;
  return agrees ? key : undefined;
}
