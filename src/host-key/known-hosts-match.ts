import { createHmac } from 'node:crypto';

/** A single pattern of this length or more ends the reading of its line without a match (match.c, `sub[1024]`). */
const PATTERN_LIMIT = 1023;
const HASH_MAGIC = '|1|';
const SHA1_BYTES = 20;

/**
 * Whether the name field of a known_hosts line is about a host, as OpenSSH means it: a list of patterns with `*`,
 * `?` and `!`, upper and lower case alike, or one hashed name.
 *
 * @param hosts the name field, one character for each byte.
 * @param name the name that is looked up, as {@link import('./known-hosts-name.ts').lookupName} forms it.
 */
export function matchesHosts(hosts: string, name: string): boolean {
  return hosts.startsWith('|') ? matchesHashedName(hosts, name) : matchesPatternList(hosts, name);
}

/** One `!pattern` that matches refuses the line, whatever else it lists. */
function matchesPatternList(hosts: string, name: string): boolean {
  const lowerHosts = lowerCaseAscii(hosts);
  const lowerName = lowerCaseAscii(name);
  let matched = false;
  for (let start = 0; start < lowerHosts.length; ) {
    const negated = lowerHosts[start] === '!';
    if (negated) start += 1;
    const comma = lowerHosts.indexOf(',', start);
    const end = comma === -1 ? lowerHosts.length : comma;
    if (end - start >= PATTERN_LIMIT) return false;
    if (matchesWildcard(lowerHosts.slice(start, end), lowerName)) {
      if (negated) return false;
      matched = true;
    }
    start = end + 1;
  }
  return matched;
}

/**
 * Whether a whole text matches a pattern with `*` (any characters) and `?` (one character).
 *
 * Goes back to the last `*` only, which is enough for this grammar: no pattern takes more than pattern length times
 * text length steps.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p += 1;
      t += 1;
    } else if (star !== -1) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}

/** OpenSSH compares the text of a hashed name with its own, so only canonical base64 can match. */
function matchesHashedName(hosts: string, name: string): boolean {
  if (!hosts.startsWith(HASH_MAGIC)) return false;
  const saltEnd = hosts.indexOf('|', HASH_MAGIC.length);
  if (saltEnd === -1) return false;
  const encodedSalt = hosts.slice(HASH_MAGIC.length, saltEnd);
  const salt = Buffer.from(encodedSalt.slice(0, 2 * SHA1_BYTES), 'base64');
  return salt.length === SHA1_BYTES && hashHostName(name, salt) === hosts;
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
