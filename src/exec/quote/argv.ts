import { wrongSecret, wrongType } from '../../check/wrong.ts';

const rightArgv = "an array of strings, for example ['ls', '-l'],";

/** @throws {TypeError} unless `argv` is a program name with arguments that a process can receive. */
export function checkArgv(argv: readonly string[]): asserts argv is readonly [string, ...string[]] {
  if (!Array.isArray(argv) || argv.length === 0) throw wrongType('argument argv', argv, rightArgv);
  for (const [index, word] of argv.entries()) checkText(`argument argv[${index}]`, word);
  if (argv[0] === '') throw wrongType('argument argv[0]', argv[0], 'the name of a program');
}

/** @throws {TypeError} unless `text` can be part of a command: a string without NUL or lone surrogates. */
export function checkText(name: string, text: unknown): asserts text is string {
  if (typeof text !== 'string') throw wrongType(name, text, 'a string');
  const problem = textProblem(text);
  if (problem) throw wrongType(name, text, problem);
}

/** Like `checkText`, for possible secrets: the message does not show the value. */
export function checkSecretText(name: string, text: unknown): asserts text is string {
  if (typeof text !== 'string') throw wrongSecret(name, text, 'a string');
  const problem = textProblem(text);
  if (problem) throw wrongSecret(name, text, problem);
}

function textProblem(text: string): string | undefined {
  if (text.includes('\0')) return 'a string without a NUL character, which ends a string for every program,';
  if (!text.isWellFormed()) return 'a string without lone surrogates, which UTF-8 cannot encode,';
  return undefined;
}
