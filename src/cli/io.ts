import { fstatSync, writeFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { getSystemErrorMap } from 'node:util';

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

/** What was written did not arrive. */
export class OutputLost extends Error {
  override name = 'OutputLost';
  readonly code: string | undefined;
  /** The reader has gone, as in `... | head`: nobody needs to be told. Anything else is a failure, such as a full disk. */
  readonly isClosed: boolean;

  constructor(stream: ProgramOutput, error: NodeJS.ErrnoException | undefined) {
    const { code, errno, message = 'closed' } = error ?? {};
    const why = getSystemErrorMap().get(errno ?? 0)?.[1] ?? message;
    super(`${names.get(stream) ?? 'the output'}: ${why} (${code}): the output is not complete`);
    this.code = code;
    // Windows says EOF. A stream that was destroyed has said before why.
    this.isClosed = error === undefined || /^(?:EPIPE|EOF|ECONNRESET|ERR_STREAM_\w+)$/.test(code ?? '');
  }
}

const names = new WeakMap<ProgramOutput, string>();
/** What went wrong where nobody waited for it. */
const lost = new WeakMap<ProgramOutput, OutputLost>();

/** Prepares the outputs: an error of theirs is never uncaught, whoever writes finds out. */
export function watchOutputs({ stdout, stderr }: Io): void {
  for (const [name, stream] of Object.entries({ stdout, stderr })) {
    names.set(stream, name);
    stream.on('error', () => {});
    if (isFile(stream)) writeWhole(stream);
  }
}

/**
 * When the disk is nearly full, it takes a part of what is written and reports that as success. Node's stream for files
 * takes this for the whole (`SyncWriteStream` in lib/internal/fs/sync_write_stream.js): the rest would be lost without
 * an error. `writeFileSync` goes on until everything is written, or throws.
 */
function writeWhole(stream: FileOutput): void {
  stream._write = (chunk, _encoding, done) => {
    try {
      writeFileSync(stream.fd, chunk);
    } catch (error) {
      return done(error as Error);
    }
    done();
  };
}

type FileOutput = ProgramOutput & { fd: number };

/** Whether it is standard output of a process, and leads to a file or a device such as /dev/null. */
function isFile(stream: ProgramOutput): stream is FileOutput {
  const { fd, isTTY } = stream as Partial<FileOutput>;
  if (typeof fd !== 'number' || isTTY) return false;
  try {
    const stats = fstatSync(fd);
    return stats.isFile() || stats.isCharacterDevice();
  } catch {
    return false;
  }
}

/** Resolves when the stream has accepted the bytes, so that whoever writes faster than the reader reads waits. */
export function write(stream: ProgramOutput, chunk: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const before = lost.get(stream);
    if (before) return reject(before);
    if (stream.destroyed || stream.errored) {
      return reject(new OutputLost(stream, (stream.errored as NodeJS.ErrnoException | null) ?? undefined));
    }
    stream.write(chunk, (error) => {
      if (error) reject(new OutputLost(stream, error));
      else resolve();
    });
  });
}

/** Writes a line of our own. Nothing follows a line that was lost; `lossOf` tells of it. */
export function say(stream: ProgramOutput, line: string): void {
  write(stream, `${line}\n`).catch((error: OutputLost) => {
    if (!lost.has(stream)) lost.set(stream, error);
  });
}

/** Waits until everything was written. Resolves to why a line of our own was lost; a reader that has gone is no reason. */
export async function lossOf(stream: ProgramOutput): Promise<OutputLost | undefined> {
  await write(stream, '').catch(() => {});
  // A stream has its error at once, and tells whoever wrote only in the next tick.
  await new Promise<void>((resolve) => process.nextTick(resolve));
  const loss = lost.get(stream);
  return loss?.isClosed ? undefined : loss;
}
