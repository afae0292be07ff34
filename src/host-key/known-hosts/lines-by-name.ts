import type { KnownHostsFile } from './files.ts';
import { HostMatcher, lowerCaseAscii, PATTERN_LIMIT } from './match.ts';
import { type KnownHostsLine, knownHostsLines } from './parse.ts';

/** Answers for names in files with hashed ones are kept: each costs an HMAC per line. More than these are forgotten. */
const mostAnswers = 10_000;

/**
 * The lines of one file, found by name: plain names through a map; patterns, negations and hashed names one after
 * another. Thousands of PCs on record, each looked up several times while it connects, would otherwise cost more than
 * connecting.
 */
class LinesByName {
  readonly #plain = new Map<string, KnownHostsLine[]>();
  readonly #others: KnownHostsLine[] = [];
  readonly #answers = new Map<string, readonly KnownHostsLine[]>();

  constructor(text: string) {
    for (const line of knownHostsLines(text)) {
      const { hosts } = line;
      if (/[*?!|]/.test(hosts) || hosts.length >= PATTERN_LIMIT) this.#others.push(line);
      else if (!hosts.includes(',')) this.#add(lowerCaseAscii(hosts), line);
      else for (const name of new Set(lowerCaseAscii(hosts).split(','))) this.#add(name, line);
    }
  }

  #add(name: string, line: KnownHostsLine): void {
    const lines = this.#plain.get(name);
    if (lines) lines.push(line);
    else this.#plain.set(name, [line]);
  }

  /** In the order of the file. */
  about(name: string): readonly KnownHostsLine[] {
    const plain = this.#plain.get(lowerCaseAscii(name)) ?? [];
    if (this.#others.length === 0) return plain;
    const known = this.#answers.get(name);
    if (known) return known;
    const matcher = new HostMatcher(name);
    const others = this.#others.filter(({ hosts }) => matcher.matches(hosts));
    const lines = [...plain, ...others].sort((a, b) => a.line - b.line);
    if (this.#answers.size >= mostAnswers) this.#answers.clear();
    this.#answers.set(name, lines);
    return lines;
  }
}

const known = new WeakMap<KnownHostsFile, LinesByName>();

/** The lines of a file about a name, one character per byte, as `lookupNames` forms it. */
export function linesAbout(file: KnownHostsFile, name: string): readonly KnownHostsLine[] {
  let lines = known.get(file);
  if (!lines) {
    lines = new LinesByName(file.text);
    known.set(file, lines);
  }
  return lines.about(name);
}
