/**
 * How Microsoft's C runtime splits a command line, written from its documentation ("Parsing C command-line
 * arguments"), independent of the code that quotes:
 *
 * - the first word is the program: up to the closing quote if it starts with one, else up to white space;
 * - arguments are separated by space or tab outside of double quotes;
 * - 2n backslashes before a double quote give n backslashes, and the quote begins or ends a quoted part;
 * - 2n+1 backslashes before a double quote give n backslashes and a literal quote;
 * - other backslashes are literal; `""` within a quoted part is a literal quote.
 */
export function parseMsvcrt(line: string): string[] {
  const first = /^\s*(?:"([^"]*)"?|([^ \t]*))/.exec(line);
  const program = first?.[1] ?? first?.[2] ?? '';
  return [program, ...parseArguments(line.slice(first?.[0].length ?? 0))];
}

/** The same for what follows the program. */
export function parseArguments(text: string): string[] {
  const words: string[] = [];
  let position = 0;
  for (;;) {
    while (text[position] === ' ' || text[position] === '\t') position += 1;
    if (position >= text.length) return words;
    const word = readWord(text, position);
    words.push(word.value);
    position = word.end;
  }
}

function readWord(text: string, start: number): { value: string; end: number } {
  let value = '';
  let inQuotes = false;
  let position = start;
  while (position < text.length) {
    const slashes = /^\\*/.exec(text.slice(position))?.[0].length ?? 0;
    const next = text[position + slashes];
    position += slashes;
    if (next !== '"') value += '\\'.repeat(slashes);
    else value += '\\'.repeat(Math.floor(slashes / 2));
    if (next === undefined) break;
    if (next === '"' && slashes % 2 === 1) {
      value += '"';
    } else if (next === '"' && inQuotes && text[position + 1] === '"') {
      value += '"';
      position += 1;
    } else if (next === '"') {
      inQuotes = !inQuotes;
    } else if (!inQuotes && (next === ' ' || next === '\t')) {
      break;
    } else {
      value += next;
    }
    position += 1;
  }
  return { value, end: position };
}
