import type { Readable, Writable } from 'node:stream';
import { SftpFailed } from '../../errors/index.ts';
import type { OpenSftpOptions, SftpOpener, SftpRequests } from '../../ssh2/sftp/requests.ts';
import { statusCode } from '../../ssh2/sftp/wire.ts';
import { latch } from '../../time/latch.ts';
import { onAbort } from '../../time/on-abort.ts';
import { readFolder } from '../folders/read-folder.ts';
import { ensureFolders } from '../folders/remote-folders.ts';
import { removeTree } from '../folders/remove-tree.ts';
import { isFolder } from '../names/file-mode.ts';
import { isRoot, remotePath } from '../names/paths.ts';
import { putInPlace } from '../target/put-in-place.ts';
import { checkData, checkDate, checkMode, checkPosition } from './client-checks.ts';
import type { RemoteListEntry, RemoteStats, SftpCallOptions, SftpClient } from './client-types.ts';
import { copyRemote } from './copy.ts';
import { toListEntry, toStats } from './remote-stats.ts';
import { type ReadStreamOptions, readStream, type WriteStreamOptions, writeStream } from './streams.ts';
import { readWhole, writeWhole } from './whole-file.ts';

/** Opens a session for the promise client; the caller closes it. */
export async function openSftpClient(opener: SftpOpener, options: OpenSftpOptions = {}): Promise<SftpClient> {
  return new PromiseClient(opener, await opener.openSftp(options));
}

class PromiseClient implements SftpClient {
  #opener: SftpOpener;
  #sftp: SftpRequests;

  constructor(opener: SftpOpener, sftp: SftpRequests) {
    this.#opener = opener;
    this.#sftp = sftp;
  }

  async stat(path: string, options?: SftpCallOptions): Promise<RemoteStats> {
    const where = this.#path(path);
    return toStats(await orAborted(options, () => this.#sftp.stat(where)));
  }

  async lstat(path: string, options?: SftpCallOptions): Promise<RemoteStats> {
    const where = this.#path(path);
    return toStats(await orAborted(options, () => this.#sftp.lstat(where)));
  }

  async exists(path: string, options?: SftpCallOptions): Promise<boolean> {
    try {
      await this.stat(path, options);
      return true;
    } catch (error) {
      if (error instanceof SftpFailed && error.status === statusCode.noSuchFile) return false;
      throw error;
    }
  }

  async list(path: string, options?: SftpCallOptions): Promise<RemoteListEntry[]> {
    const where = this.#path(path);
    const entries = await orAborted(options, (onNames) =>
      readFolder(this.#sftp, where, { where: this.#opener.where, onNames }),
    );
    return entries.map(toListEntry).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  readFile(path: string, options?: SftpCallOptions & { encoding?: undefined }): Promise<Buffer>;
  readFile(path: string, options: SftpCallOptions & { encoding: BufferEncoding }): Promise<string>;
  async readFile(path: string, options?: SftpCallOptions & { encoding?: BufferEncoding | undefined }) {
    const where = this.#path(path);
    const bytes = await orAborted(options, () => readWhole(this.#sftp, where, options?.signal));
    return options?.encoding === undefined ? bytes : bytes.toString(options.encoding);
  }

  async writeFile(
    path: string,
    data: string | Uint8Array,
    options: SftpCallOptions & { mode?: number; encoding?: BufferEncoding } = {},
  ): Promise<void> {
    const where = this.#path(path);
    const mode = options.mode === undefined ? undefined : checkMode(options.mode, 'Option mode');
    const bytes = checkData(data, options.encoding);
    await orAborted(options, () => writeWhole(this.#sftp, where, bytes, { mode, signal: options.signal }));
  }

  async mkdir(path: string, options: SftpCallOptions & { recursive?: boolean; mode?: number } = {}) {
    const where = this.#path(path);
    const attributes = options.mode === undefined ? {} : { mode: checkMode(options.mode, 'Option mode') };
    await orAborted(options, async () => {
      if (options.recursive) await ensureFolders(this.#sftp, where, attributes);
      else await this.#sftp.mkdir(where, attributes);
    });
  }

  async remove(path: string, options: SftpCallOptions & { recursive?: boolean } = {}): Promise<void> {
    const where = this.#path(path);
    if (options.recursive && isRoot(where))
      throw new RangeError(`remove will not empty ${JSON.stringify(path)}`);
    await orAborted(options, async () => {
      const { mode } = await this.#sftp.lstat(where);
      if (!isFolder(mode)) return this.#sftp.remove(where);
      options.signal?.throwIfAborted();
      const removal = { sftp: this.#sftp, where: this.#opener.where, signal: options.signal };
      if (options.recursive) return removeTree(removal, where);
      return this.#sftp.rmdir(where);
    });
  }

  async rename(from: string, to: string, options?: SftpCallOptions): Promise<void> {
    const [source, target] = [this.#path(from, 'from'), this.#path(to, 'to')];
    await orAborted(options, () => putInPlace(this.#sftp, source, target));
  }

  async realPath(path: string, options?: SftpCallOptions): Promise<string> {
    const where = this.#path(path);
    return orAborted(options, () => this.#sftp.realPath(where));
  }

  async chmod(path: string, mode: number, options?: SftpCallOptions): Promise<void> {
    const where = this.#path(path);
    const attributes = { mode: checkMode(mode, 'mode') };
    await orAborted(options, () => this.#sftp.setstat(where, attributes));
  }

  async utimes(path: string, atime: Date | number, mtime: Date | number, options?: SftpCallOptions) {
    const where = this.#path(path);
    const attributes = { atime: checkDate(atime, 'atime'), mtime: checkDate(mtime, 'mtime') };
    await orAborted(options, () => this.#sftp.setstat(where, attributes));
  }

  async readLink(path: string, options?: SftpCallOptions): Promise<string> {
    const where = this.#path(path);
    return orAborted(options, () => this.#sftp.readLink(where));
  }

  async symlink(target: string, path: string, options?: SftpCallOptions): Promise<void> {
    const [to, where] = [this.#path(target, 'target'), this.#path(path)];
    await orAborted(options, () => this.#sftp.symlink(to, where));
  }

  async copy(from: string, to: string, options?: SftpCallOptions): Promise<void> {
    const [source, target] = [this.#path(from, 'from'), this.#path(to, 'to')];
    await orAborted(options, (throwIfAborted) =>
      copyRemote({ sftp: this.#sftp, where: this.#opener.where, throwIfAborted }, source, target),
    );
  }

  createReadStream(path: string, options: ReadStreamOptions = {}): Readable {
    const where = this.#path(path);
    for (const name of ['start', 'end', 'highWaterMark'] as const) checkPosition(options[name], name);
    return readStream(this.#sftp, where, options);
  }

  createWriteStream(path: string, options: WriteStreamOptions = {}): Writable {
    const where = this.#path(path);
    checkPosition(options.start, 'start');
    if (options.mode !== undefined) checkMode(options.mode, 'Option mode');
    return writeStream(this.#sftp, where, options);
  }

  close(): Promise<void> {
    return this.#sftp.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #path(path: unknown, name = 'path'): string {
    return remotePath(path, name, this.#opener.serverVersion);
  }
}

/**
 * The work, or the caller's `signal.reason` as soon as the signal aborts. Work of many requests calls what it is given
 * between them, so that nothing more is asked behind the caller's back.
 */
async function orAborted<T>(
  options: SftpCallOptions | undefined,
  work: (throwIfAborted: () => void) => Promise<T>,
): Promise<T> {
  const signal = options?.signal;
  if (!signal) return work(() => {});
  signal.throwIfAborted();
  const aborted = latch<never>();
  const unsubscribe = onAbort(signal, () => aborted.reject(signal.reason));
  return Promise.race([work(() => signal.throwIfAborted()), aborted.promise]).finally(unsubscribe);
}
