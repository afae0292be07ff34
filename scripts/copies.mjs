// Finds copies in the code: six consecutive lines that are the same in two places. Lines without a word, comments and
// imports do not count. `node scripts/copies.mjs` lists them.
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const run = 6;

/** The lines of a file that count, each with its number. */
export function linesOf(text) {
  const lines = [];
  let isImport = false;
  for (const [index, line] of text.split('\n').entries()) {
    const words = line.trim();
    isImport ||= /^(?:import\b|export (?:\*|\{|type \{))/.test(words);
    const counts = !isImport && /\w/.test(words) && !/^(?:\/\/|\/?\*)/.test(words);
    if (counts) lines.push({ number: index + 1, words });
    // An import ends with its module, `export { a };` with its brace.
    if (isImport && /['}];$/.test(words)) isImport = false;
  }
  return lines;
}

/** Places with the same lines: `a.ts:3 b.ts:9`, each with the lines. `texts` are keyed by path. */
export function copiesIn(texts) {
  const places = new Map();
  for (const [path, text] of Object.entries(texts)) {
    const lines = linesOf(text);
    for (let at = 0; at + run <= lines.length; at++) {
      const words = lines.slice(at, at + run).map((line) => line.words);
      const key = words.join('\n');
      places.set(key, [...(places.get(key) ?? []), `${path}:${lines[at].number}`]);
    }
  }
  return [...places]
    .filter(([, where]) => where.length > 1)
    .map(([lines, where]) => ({ where: where.join(' '), lines }));
}

/** The code of this checkout by path, without generated files. */
export function sources() {
  const src = resolve(import.meta.dirname, '../src');
  const names = readdirSync(src, { recursive: true, encoding: 'utf8' });
  const paths = names.filter((name) => /(?<!\.generated)\.ts$/.test(name));
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(src, path), 'utf8')]));
}

if (process.argv[1] === import.meta.filename) {
  const copies = copiesIn(sources());
  for (const { where, lines } of copies) console.log(`${where}\n    ${lines.replaceAll('\n', '\n    ')}`);
  process.exitCode = copies.length > 0 ? 1 : 0;
}
