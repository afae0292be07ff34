import { parseArguments } from './msvcrt-argv.ts';

/**
 * What PowerShell makes of the few forms that our quoting uses: assignments of string literals, and a call with `&`
 * whose words are literals. Literals follow the language specification (2.3.5.2: all of U+2018 to U+201B delimit,
 * two in a row are one). Arguments are pasted together as NativeCommandParameterBinder does it:
 * `5.1` counts every double quote, `7` (in Legacy mode) passes over one behind a backslash.
 */
export interface PowerShellCall {
  program: string;
  arguments: string[];
  /** What CreateProcess gets behind the program. */
  pasted: string;
  lookedUp: boolean;
}

const literal = "['\u2018-\u201b](?:[^'\u2018-\u201b]|['\u2018-\u201b]{2})*['\u2018-\u201b]";

export function callByPowerShell(statement: string, version: '5.1' | '7'): PowerShellCall {
  const reader = new Reader(statement);
  const variables = new Map<string, string>();
  for (;;) {
    const assignment = reader.take(new RegExp(`\\$([\\w:]+)=(${literal});`, 'y'));
    if (!assignment) break;
    variables.set(assignment[1] ?? '', literalText(assignment[2] ?? ''));
  }
  const program = reader.take(
    new RegExp(
      `& (?:(${literal})|\\(Get-Command -CommandType Application -TotalCount 1 -ErrorAction Stop (${literal})\\))`,
      'y',
    ),
  );
  if (!program) throw new Error(`no call in ${statement}`);
  const words: string[] = [];
  for (;;) {
    const word = reader.take(new RegExp(` (${literal})(?=$| )`, 'y'));
    if (!word) break;
    words.push(literalText(word[1] ?? ''));
  }
  if (!reader.atEnd) throw new Error(`not understood: ${reader.rest}`);
  const name = literalText(program[1] ?? program[2] ?? '');
  const isScript = name.endsWith('.ps1');
  const legacy = variables.get('PSNativeCommandArgumentPassing') === 'Legacy';
  const pasted = paste(words, version, variables);
  const received = isScript || (version === '7' && !legacy) ? words : parseArguments(pasted);
  return { program: name, arguments: received, pasted, lookedUp: program[2] !== undefined };
}

class Reader {
  #position = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#position;
    const found = pattern.exec(this.#text);
    if (found) this.#position = pattern.lastIndex;
    return found;
  }

  get atEnd(): boolean {
    return this.#position === this.#text.length;
  }

  get rest(): string {
    return this.#text.slice(this.#position);
  }
}

function literalText(source: string): string {
  return source.slice(1, -1).replace(/(['\u2018-\u201b])['\u2018-\u201b]/g, '$1');
}

function paste(words: string[], version: '5.1' | '7', variables: Map<string, string>): string {
  let verbatim = false;
  const parts: string[] = [];
  for (const word of words) {
    if (word === '--%') {
      verbatim = true;
    } else if (verbatim) {
      parts.push(word.replace(/%(\w+)%/g, (all, name: string) => variables.get(`env:${name}`) ?? all));
    } else if (needsQuotes(word, version)) {
      const doubled = version === '7' ? (/\\*$/.exec(word)?.[0] ?? '') : '';
      parts.push(`"${word}${doubled}"`);
    } else {
      parts.push(word);
    }
  }
  return parts.join(' ');
}

function needsQuotes(word: string, version: '5.1' | '7'): boolean {
  let quotes = 0;
  let behindBackslash = false;
  for (const character of word) {
    if (character === '"' && !(version === '7' && behindBackslash)) quotes += 1;
    else if (/[\s\u0085]/.test(character) && quotes % 2 === 0) return true;
    behindBackslash = character === '\\';
  }
  return false;
}
