/**
 * Compares one text with many patterns of `*` (any characters) and `?` (one character).
 *
 * A pattern is processed once, character by character, while a bit set holds all the positions in the text that it can
 * have reached. So the cost of a pattern is at most its length times the number of words in that set: a file full of
 * patterns such as `*a*a*a*b`, which would take a backtracking matcher (or a regular expression) minutes, takes
 * milliseconds.
 */
export class WildcardMatcher {
  readonly #text: string;
  /** For each character, its positions in the text. */
  readonly #places = new Map<string, Uint32Array>();
  /** Bit i: the pattern so far matches the first i characters of the text. */
  readonly #reached: Uint32Array;

  constructor(text: string) {
    const words = (text.length >>> 5) + 1;
    this.#text = text;
    this.#reached = new Uint32Array(words);
    for (let i = 0; i < text.length; i += 1) {
      const char = text.charAt(i);
      const places = this.#places.get(char) ?? new Uint32Array(words);
      places[i >>> 5]! |= 1 << (i & 31);
      this.#places.set(char, places);
    }
  }

  /** Whether the whole text matches the whole pattern. */
  matches(pattern: string): boolean {
    if (!/[*?]/.test(pattern)) return pattern === this.#text;
    this.#reached.fill(0);
    this.#reached[0] = 1;
    for (let i = 0; i < pattern.length; i += 1) {
      if (!this.#step(pattern.charAt(i))) return false;
    }
    const end = this.#text.length;
    return ((this.#reached[end >>> 5]! >>> (end & 31)) & 1) === 1;
  }

  /** Processes one character of the pattern. False if no position is reachable any more. */
  #step(char: string): boolean {
    if (char === '*') return fillUpwards(this.#reached);
    if (char === '?') return moveOn(this.#reached, this.#reached);
    const places = this.#places.get(char);
    return places !== undefined && moveOn(this.#reached, places);
  }
}

/** From each reached position that is allowed to the next one. */
function moveOn(reached: Uint32Array, allowed: Uint32Array): boolean {
  let carry = 0;
  let any = 0;
  for (let word = 0; word < reached.length; word += 1) {
    const moving = reached[word]! & allowed[word]!;
    const moved = (moving << 1) | carry;
    carry = moving >>> 31;
    reached[word] = moved;
    any |= moved;
  }
  return any !== 0;
}

/** From the first reached position to all later ones. */
function fillUpwards(reached: Uint32Array): boolean {
  const first = reached.findIndex((word) => word !== 0);
  if (first === -1) return false;
  const word = reached[first]!;
  reached[first] = word | -word;
  reached.fill(0xffffffff, first + 1);
  return true;
}
