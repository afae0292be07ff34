import { quoted } from '../../text/printable.ts';

/** Throws unless `argv` is a program with arguments that a process can receive. */
export function checkArgv(argv: readonly string[]): asserts argv is readonly [string, ...string[]] {
  if (!Array.isArray(argv)) {
    throw new TypeError(`argv must be an array of strings, for example ["ls", "-l"]; got ${typeof argv}`);
  }
  for (const [index, word] of argv.entries()) checkText(`argv[${index}]`, word);
  if (!argv[0]) throw new TypeError('argv[0] must name the program; got an empty name or an empty array');
}

/** Throws unless `text` can be part of a command: a string without NUL that UTF-8 can carry as it is. */
export function checkText(name: string, text: unknown): asserts text is string {
  if (typeof text !== 'string') throw new TypeError(`${name} must be a string; got ${typeName(text)}`);
  if (text.includes('\0')) {
    throw new TypeError(
      `${name} contains a NUL character, which ends a string for every program: ${quoted(text)}`,
    );
  }
  if (!text.isWellFormed()) {
    throw new TypeError(
      `${name} contains half of a surrogate pair, which UTF-8 cannot carry: ${quoted(text)}`,
    );
  }
}

function typeName(value: unknown): string {
  return value === null ? 'null' : typeof value;
}
