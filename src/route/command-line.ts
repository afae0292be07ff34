import { wrongAs } from '../check/wrong.ts';
import { quoted } from '../text/printable.ts';
import { isSafeHostName, isSafeUserName } from './safe-names.ts';

/**
 * Splits a command line into words without any shell. Words are separated by blanks. Between single quotes, everything
 * is literal; between double quotes, only `\"` is special. Elsewhere, a backslash makes a following blank or quote
 * literal and is otherwise a plain character, so that `C:\bin\cloudflared.exe` works as it is. Nothing else is special:
 * no variables, no globs, no pipes.
 *
 * @throws {TypeError} for an unclosed quote, no words at all, or a word that only a shell could interpret.
 */
export function splitCommandLine(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < line.length; ) {
    const piece = nextPiece(line, at);
    at += piece.length;
    if (piece.text === undefined) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + piece.text;
  }
  if (word !== undefined) words.push(word);
  if (words.length === 0) throw wrongAs('argument command', 'only blanks', 'a command line');
  rejectShellSyntax(line);
  return words;
}

/** One blank (no text), one quoted stretch, or one character. */
function nextPiece(line: string, at: number): { text: string | undefined; length: number } {
  const character = line.charAt(at);
  if (/\s/.test(character)) return { text: undefined, length: 1 };
  if (character === "'" || character === '"') return quotedPiece(line, at, character);
  const next = line.charAt(at + 1);
  if (character === '\\' && /[\s'"]/.test(next)) return { text: next, length: 2 };
  return { text: character, length: 1 };
}

function quotedPiece(line: string, start: number, quote: string): { text: string; length: number } {
  let text = '';
  for (let at = start + 1; at < line.length; at++) {
    if (line.charAt(at) === quote) return { text, length: at + 1 - start };
    if (quote === '"' && line.startsWith('\\"', at)) at++;
    text += line.charAt(at);
  }
  throw wrongAs(
    'argument command',
    `a quote (${quote}) at character ${start + 1} that is never closed`,
    'another one at its end',
  );
}

/** A pipe silently passed on as an argument would be baffling. */
function rejectShellSyntax(line: string): void {
  const unquoted = line.replace(/'[^']*'|"(?:\\"|[^"])*"/g, '""');
  const operator = unquoted.split(/\s+/).find((word) => /^(?:\||\|\||&&?|;|\d?[<>]{1,2}.*)$/.test(word));
  if (operator === undefined) return;
  throw wrongAs(
    'argument command',
    `${operator}, which needs a shell, and there is none,`,
    `quotes around it (as an argument) or the words of a shell's command line, ['sh', '-c', '...'],`,
  );
}

/** What `%h`, `%p` and `%r` stand for. */
interface CommandValues {
  host: string;
  port: number;
  username: string;
}

/**
 * Substitutes the values after splitting: whatever a value contains, it stays within its word. A word may be a command
 * line for a shell (`sh -c '...'`), so a name that is special to a shell is rejected, as in ssh.
 *
 * @throws {TypeError} if a value is such a name, or would turn a word into an option.
 */
export function expandWords(words: readonly string[], values: CommandValues): string[] {
  checkNames(words, values);
  const meaning: Record<string, string> = {
    '%%': '%',
    '%h': values.host,
    '%p': String(values.port),
    '%r': values.username,
  };
  return words.map((word) => {
    const expanded = word.replace(/%./g, (token) => meaning[token] ?? token);
    if (expanded.startsWith('-') && !word.startsWith('-')) {
      throw new TypeError(
        `proxyCommand: ${JSON.stringify(expanded)} (from ${word}) would be taken for an option; a host or user name must not begin with -`,
      );
    }
    return expanded;
  });
}

function checkNames(words: readonly string[], { host, username }: CommandValues): void {
  const used = new Set(words.flatMap((word) => word.match(/%./g) ?? []));
  if (used.has('%h') && !isSafeHostName(host)) throw unsafeName('%h', 'host', host);
  if (used.has('%r') && !isSafeUserName(username)) throw unsafeName('%r', 'user', username);
}

function unsafeName(token: string, what: string, name: string): TypeError {
  return new TypeError(
    `proxyCommand: the ${what} name ${quoted(name)} (${token}) has a character that a shell or a program could take for more than a name`,
  );
}

/** @throws {TypeError} for an unknown `%` token. */
export function checkTokens(words: readonly string[]): void {
  for (const word of words) {
    for (const token of word.match(/%.?/g) ?? []) {
      if (['%%', '%h', '%p', '%r'].includes(token)) continue;
      throw wrongAs(
        'argument command',
        `${token} in ${JSON.stringify(word)}, which is not known,`,
        '%h (host), %p (port), %r (user) or %% (percent)',
      );
    }
  }
}
