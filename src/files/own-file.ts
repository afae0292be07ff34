import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Stoppable } from '../time/on-abort.ts';
import { now, sleep } from '../time/timer.ts';

/** Limit in bytes for keys, certificates, passwords and configuration files: far more than any of them needs. */
export const smallFile = 4 * 1024 * 1024;

/** Milliseconds that a pipe or a terminal may deliver nothing. */
const patience = 10_000;
/** Milliseconds between two attempts to read. */
const pause = 10;

/** Flags to open a local file with: a named pipe without a writer would otherwise block a thread of libuv's pool. */
export const toRead = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** Why a readable file was not read; `message` continues a sentence that begins with the file's name. */
class UnusualFile extends Error {
  override readonly name = 'UnusualFile';
  readonly code: 'EFBIG' | 'ETIMEDOUT';

  constructor(code: 'EFBIG' | 'ETIMEDOUT', message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Reads a whole local file that the user named. It may be a pipe (`<(vault read ...)`, `/dev/stdin`). An endless file
 * such as `/dev/zero` does not fill the memory, and a named pipe without a writer does not block for ever.
 *
 * @throws the system's error, or an error with code `EFBIG` (more than `most` bytes) or `ETIMEDOUT` (no data for
 *   10 s); see {@link whyUnread}. `signal.reason` if the signal aborts while waiting for data.
 */
export async function readOwnFile(
  path: string,
  { most = smallFile, signal }: { most?: number; signal?: Stoppable | undefined } = {},
): Promise<Buffer> {
  const handle = await open(path, toRead);
  try {
    return await readAll(handle, most, signal);
  } finally {
    await handle.close();
  }
}

/** A short reason for a message that names the file: `EACCES`, or what is unusual about the file. */
export function whyUnread(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return error instanceof UnusualFile ? message : (code ?? message);
}

async function readAll(handle: FileHandle, most: number, signal?: Stoppable): Promise<Buffer> {
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
    // A pipe also reports its end before anyone has opened it for writing.
    if (bytes === 0 && !(isPipe && total === 0)) return Buffer.concat(chunks);
    if (now() - last > patience) {
      const what = isPipe ? 'it is a pipe, and nothing was written into it' : 'it gave nothing';
      throw new UnusualFile('ETIMEDOUT', `${what} for ${patience / 1_000} s`);
    }
    await sleep(pause, signal);
  }
}

/** The number of bytes read; -1 if there is no data yet. */
async function readSome(handle: FileHandle, into: Buffer): Promise<number> {
  try {
    return (await handle.read(into, 0, into.length, null)).bytesRead;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return -1;
    throw error;
  }
}
