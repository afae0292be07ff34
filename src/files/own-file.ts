import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { now, sleep } from '../time/timer.ts';

/** For keys, certificates, passwords, and files of settings: a hundred times what any of them has. */
export const smallFile = 4 * 1024 * 1024;

/** How long (milliseconds) a pipe or a terminal may give nothing. */
const patience = 10_000;
const pause = 10;

/** Why a file is not read although the system would do it; `message` goes on after the file's name. */
class UnusualFile extends Error {
  override readonly name = 'UnusualFile';
  readonly code: 'EFBIG' | 'ETIMEDOUT';

  constructor(code: 'EFBIG' | 'ETIMEDOUT', message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Reads a whole file of this machine that somebody named. It may be a pipe (`<(vault read ...)`, `/dev/stdin`), but
 * neither fills the memory, as `/dev/zero` would, nor waits for ever, as a named pipe does that nobody writes into.
 *
 * @throws Error of the system, or `EFBIG` and `ETIMEDOUT` of our own; see {@link whyUnread}. The signal's reason where
 * it is aborted while nothing has come yet.
 */
export async function readOwnFile(
  path: string,
  { most = smallFile, signal }: { most?: number; signal?: AbortSignal | undefined } = {},
): Promise<Buffer> {
  // Without O_NONBLOCK the opening of a named pipe would wait for a writer, and keep a thread of libuv's.
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    return await readAll(handle, most, signal);
  } finally {
    await handle.close();
  }
}

/** In a few words, for a message that names the file: `EACCES`, or what is unusual about it. */
export function whyUnread(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return error instanceof UnusualFile ? message : (code ?? message);
}

async function readAll(handle: FileHandle, most: number, signal?: AbortSignal): Promise<Buffer> {
  const stats = await handle.stat();
  const isPipe = stats.isFIFO();
  const chunk = Buffer.allocUnsafe(Math.min(most, Math.max(stats.size, 65_535)) + 1);
  const chunks: Buffer[] = [];
  let total = 0;
  for (let last = now(); ; ) {
    const bytes = await readSome(handle, chunk);
    if (bytes > 0) {
      total += bytes;
      if (total > most) throw new UnusualFile('EFBIG', `it is larger than ${most} bytes`);
      chunks.push(Buffer.from(chunk.subarray(0, bytes)));
      last = now();
      continue;
    }
    // A pipe is also at its end before somebody has opened it for writing.
    if (bytes === 0 && !(isPipe && total === 0)) return Buffer.concat(chunks);
    if (now() - last > patience) {
      const what = isPipe ? 'it is a pipe, and nothing was written into it' : 'it gave nothing';
      throw new UnusualFile('ETIMEDOUT', `${what} for ${patience / 1_000} s`);
    }
    await sleep(pause, signal);
  }
}

/** -1 where there is nothing yet. */
async function readSome(handle: FileHandle, into: Buffer): Promise<number> {
  try {
    return (await handle.read(into, 0, into.length, null)).bytesRead;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return -1;
    throw error;
  }
}
