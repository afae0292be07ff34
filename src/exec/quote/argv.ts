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
  const problem = textProblem(text);
  if (problem)
    throw new TypeError(`${name} ${problem}${typeof text === 'string' ? `: ${quoted(text)}` : ''}`);
}

/** As `checkText`, for what may be a secret: no message shows it. */
export function checkSecretText(name: string, text: unknown): asserts text is string {
  const problem = textProblem(text);
  if (problem) throw new TypeError(`${name} ${problem}`);
}

function textProblem(text: unknown): string | undefined {
  if (typeof text !== 'string') return `must be a string; got ${typeName(text)}`;
  if (text.includes('\0')) return 'contains a NUL character, which ends a string for every program';
  return text.isWellFormed() ? undefined : 'contains half of a surrogate pair, which UTF-8 cannot carry';
}

function typeName(value: unknown): string {
  return value === null ? 'null' : typeof value;
}
