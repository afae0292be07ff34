import { createHmac } from 'node:crypto';
import { WildcardMatcher } from '../wildcard.ts';

/** A single pattern of this length or more stops the matching of its line (match.c, `sub[1024]`). */
export const PATTERN_LIMIT = 1023;
const HASH_MAGIC = '|1|';
const SHA1_BYTES = 20;

/**
 * Decides which name fields of known_hosts lines refer to a host, as OpenSSH does: a list of patterns with `*`, `?` and
 * `!`, case-insensitive, or one hashed name.
 */
export class HostMatcher {
  readonly #name: string;
  readonly #lowerName: WildcardMatcher;

  /** @param name The name to look up, one character per byte, as `lookupNames` forms it. */
  constructor(name: string) {
    this.#name = name;
    this.#lowerName = new WildcardMatcher(lowerCaseAscii(name));
  }

  /** @param hosts The name field, one character per byte. */
  matches(hosts: string): boolean {
    return hosts.startsWith('|') ? this.#matchesHashed(hosts) : this.#matchesList(lowerCaseAscii(hosts));
  }

  /** A `!pattern` that matches excludes the line, whatever else it lists. */
  #matchesList(patterns: string): boolean {
    let matched = false;
    for (let start = 0; start < patterns.length; ) {
      const negated = patterns[start] === '!';
      if (negated) start += 1;
      const comma = patterns.indexOf(',', start);
      const end = comma === -1 ? patterns.length : comma;
      if (end - start >= PATTERN_LIMIT) return false;
      if (this.#lowerName.matches(patterns.slice(start, end))) {
        if (negated) return false;
        matched = true;
      }
      start = end + 1;
    }
    return matched;
  }

  /** OpenSSH compares the text of the hashed name, so only canonical base64 can match. */
  #matchesHashed(hosts: string): boolean {
    const salt = saltOf(hosts);
    return salt !== undefined && hashHostName(this.#name, salt) === hosts;
  }
}

/** The salt of a hashed name; undefined if the name is not hashed correctly, in which case ssh ignores the line. */
export function saltOf(hosts: string): Buffer | undefined {
  const saltEnd = hosts.indexOf('|', HASH_MAGIC.length);
  if (!hosts.startsWith(HASH_MAGIC) || saltEnd === -1) return undefined;
  const encodedSalt = hosts.slice(HASH_MAGIC.length, Math.min(saltEnd, HASH_MAGIC.length + 2 * SHA1_BYTES));
  const salt = Buffer.from(encodedSalt, 'base64');
  return salt.length === SHA1_BYTES ? salt : undefined;
}

/** The hashed form of a name: `|1|salt|HMAC-SHA1`, as HashKnownHosts writes it. */
export function hashHostName(name: string, salt: Buffer): string {
  const hash = createHmac('sha1', salt).update(name, 'latin1').digest('base64');
  return `${HASH_MAGIC}${salt.toString('base64')}|${hash}`;
}

/** Like C's tolower: non-ASCII letters keep their case, and no letter changes its length. */
export function lowerCaseAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
