import { createHmac } from 'node:crypto';
import { WildcardMatcher } from '../wildcard.ts';

/** A single pattern of this length or more ends the reading of its line without a match (match.c, `sub[1024]`). */
const PATTERN_LIMIT = 1023;
const HASH_MAGIC = '|1|';
const SHA1_BYTES = 20;

/**
 * Says which name fields of known_hosts lines are about a host, as OpenSSH means it: a list of patterns with `*`,
 * `?` and `!`, upper and lower case alike, or one hashed name.
 */
export class HostMatcher {
  readonly #name: string;
  readonly #lowerName: WildcardMatcher;

  /** @param name the name that is looked up, one character for each byte, as `lookupNames` forms it. */
  constructor(name: string) {
    this.#name = name;
    this.#lowerName = new WildcardMatcher(lowerCaseAscii(name));
  }

  /** @param hosts the name field, one character for each byte. */
  matches(hosts: string): boolean {
    return hosts.startsWith('|') ? this.#matchesHashed(hosts) : this.#matchesList(lowerCaseAscii(hosts));
  }

  /** One `!pattern` that matches refuses the line, whatever else it lists. */
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

  /** OpenSSH compares the text of a hashed name with its own, so only canonical base64 can match. */
  #matchesHashed(hosts: string): boolean {
    const salt = saltOf(hosts);
    return salt !== undefined && hashHostName(this.#name, salt) === hosts;
  }
}

/** The salt of a hashed name; undefined for a name that is not rightly hashed, and whose line ssh passes over. */
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

/** As C's tolower: letters beyond ASCII keep their case, and no letter changes its length. */
export function lowerCaseAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
