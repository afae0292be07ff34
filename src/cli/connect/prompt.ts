import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { onAbort } from '../../time/on-abort.ts';
import { type Io, write } from '../io.ts';
import type { ConnectOptions } from '../library.ts';
import { Stopped } from '../stopped.ts';
import { UsageError } from '../usage-error.ts';

/** Asks on the terminal. The answer is not shown, unless `echo`. @throws {UsageError} without a terminal. */
export async function ask(io: Io, question: string, echo = false): Promise<string> {
  if (!io.stdin.isTTY) {
    throw new UsageError(`There is no terminal to ask "${question.trim()}" in`);
  }
  await write(io.stderr, question);
  const answer = await readLine(io, echo);
  if (!echo) await write(io.stderr, '\n');
  return answer;
}

function readLine(io: Io, echo: boolean): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  // `terminal: true` makes readline use raw mode: nothing is echoed but what we write.
  const lines = createInterface({ input: io.stdin, output: echo ? io.stderr : silent, terminal: true });
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      unfollow();
      // Before `close()`, which counts as an end without an answer.
      settle();
      lines.close();
      io.stdin.pause();
    };
    const unfollow = onAbort(io.signal, () => end(() => reject(io.signal.reason)));
    lines.once('line', (line) => end(() => resolve(line)));
    // In raw mode, Ctrl-C is a character, not a signal.
    lines.once('SIGINT', () => end(() => reject(new Stopped('SIGINT'))));
    lines.once('close', () => end(() => reject(new UsageError('The input ended without an answer'))));
  });
}

/** Answers a server's prompts on the terminal: one-time codes, a new password. `whose` says which server is asking. */
export function askAll(io: Io, whose = ''): NonNullable<ConnectOptions['keyboardInteractive']> {
  return async (prompts) => {
    const answers: string[] = [];
    for (const { prompt, echo } of prompts) answers.push(await ask(io, `${whose}${prompt}`, echo));
    return answers;
  };
}
