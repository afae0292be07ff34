import type { Readable, Writable } from 'node:stream';

/** An input that may be a terminal. */
export type ProgramInput = Readable & {
  isTTY?: boolean;
  isRaw?: boolean;
  setRawMode?: (raw: boolean) => unknown;
};

/** An output that may be a terminal. */
export type ProgramOutput = Writable & { isTTY?: boolean; columns?: number; rows?: number };

/** Everything of the process that a command uses; tests pass their own. */
export interface Io {
  stdin: ProgramInput;
  stdout: ProgramOutput;
  stderr: ProgramOutput;
  env: Readonly<Record<string, string | undefined>>;
  /** Aborts when the user wants to stop; its reason is a `Stopped`. */
  signal: AbortSignal;
}

/** The reader of our output has gone, as in `... | head`. */
export class OutputGone extends Error {
  override name = 'OutputGone';
}

/** Resolves when the stream has accepted the bytes, so that whoever writes faster than the reader reads waits. */
export function write(stream: ProgramOutput, chunk: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    if (stream.destroyed || stream.errored) return reject(new OutputGone('The output was closed'));
    stream.write(chunk, (error) => {
      if (error) reject(new OutputGone(error.message));
      else resolve();
    });
  });
}

/** Writes a line of our own. */
export function say(stream: ProgramOutput, line: string): void {
  if (!stream.destroyed && !stream.errored) stream.write(`${line}\n`);
}
