import type { Readable, Writable } from 'node:stream';
import { checkArgument, checkOptions } from '../../check/options.ts';
import { wrongRange } from '../../check/wrong.ts';
import { hardLink } from '../../ssh2/sftp/extensions.ts';
import type { SftpOpener, SftpRequests } from '../../ssh2/sftp/requests.ts';
import { orAborted } from '../../time/on-abort.ts';
import { readFolder } from '../folders/read-folder.ts';
import { ensureFolders } from '../folders/remote-folders.ts';
import { removeFile, removeFolder, removeTree } from '../folders/remove-tree.ts';
import { isFolder } from '../names/file-mode.ts';
import { lookAtPath, lookThrough } from '../names/look.ts';
import { saysMissing } from '../names/missing.ts';
import { isRoot, newRemotePath, remotePath } from '../names/paths.ts';
import { putInPlace } from '../target/put-in-place.ts';
import { pursuitOf } from '../transfer/in-use.ts';
import {
  bytesOf,
  callChecks,
  mkdirChecks,
  mode as modeCheck,
  readFileChecks,
  readStreamChecks,
  removeChecks,
  secondsOf,
  writeFileChecks,
  writeStreamChecks,
} from './client-checks.ts';
import type { RemoteListEntry, RemoteStats, SftpCallOptions, SftpClient } from './client-types.ts';
import { copyRemote } from './copy.ts';
import { toListEntry, toStats } from './remote-stats.ts';
import { type SftpOptions, sftpChecks } from './sftp-options.ts';
import { type ReadStreamOptions, readStream, type WriteStreamOptions, writeStream } from './streams.ts';
import { readWhole, writeWhole } from './whole-file.ts';

/** Opens an SFTP session and its promise client. The caller must close it. */
export async function openSftpClient(opener: SftpOpener, options: SftpOptions = {}): Promise<SftpClient> {
  checkOptions(options, sftpChecks);
  return new PromiseClient(opener, await opener.openSftp({ ...options, limitsWait: true }));
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
    return toStats(await this.#call(options, () => lookThrough(this.#sftp, where)));
  }

  async lstat(path: string, options?: SftpCallOptions): Promise<RemoteStats> {
    const where = this.#path(path);
    return toStats(await this.#call(options, () => this.#sftp.lstat(where)));
  }

  async exists(path: string, options?: SftpCallOptions): Promise<boolean> {
    try {
      await this.stat(path, options);
      return true;
    } catch (error) {
      if (saysMissing(error)) return false;
      throw error;
    }
  }

  async list(path: string, options?: SftpCallOptions): Promise<RemoteListEntry[]> {
    const where = this.#path(path);
    const entries = await this.#call(options, (onNames) =>
      readFolder(this.#sftp, where, { where: this.#opener.where, onNames }),
    );
    return entries.map(toListEntry).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  readFile(path: string, options?: SftpCallOptions & { encoding?: undefined }): Promise<Buffer>;
  readFile(path: string, options: SftpCallOptions & { encoding: BufferEncoding }): Promise<string>;
  async readFile(path: string, options?: SftpCallOptions & { encoding?: BufferEncoding | undefined }) {
    const where = this.#path(path);
    if (options !== undefined) checkOptions(options, readFileChecks);
    const bytes = await whileWanted(options?.signal, () => readWhole(this.#sftp, where, options?.signal));
    return options?.encoding === undefined ? bytes : bytes.toString(options.encoding);
  }

  async writeFile(
    path: string,
    data: string | Uint8Array,
    options: SftpCallOptions & { mode?: number | undefined; encoding?: BufferEncoding | undefined } = {},
  ): Promise<void> {
    const where = this.#newPath(path);
    checkOptions(options, writeFileChecks);
    const { mode, encoding, signal } = options;
    const bytes = bytesOf(data, encoding);
    await whileWanted(signal, () => writeWhole(this.#sftp, where, bytes, { mode, signal }));
  }

  async mkdir(
    path: string,
    options: SftpCallOptions & { recursive?: boolean | undefined; mode?: number | undefined } = {},
  ) {
    const where = this.#newPath(path);
    checkOptions(options, mkdirChecks);
    const attributes = options.mode === undefined ? {} : { mode: options.mode };
    await whileWanted(options.signal, async () => {
      if (options.recursive) await ensureFolders(this.#sftp, where, attributes);
      else await this.#sftp.mkdir(where, attributes);
    });
  }

  async remove(
    path: string,
    options: SftpCallOptions & { recursive?: boolean | undefined } = {},
  ): Promise<void> {
    const where = this.#path(path);
    checkOptions(options, removeChecks);
    if (options.recursive && isRoot(where)) {
      throw wrongRange('argument path', path, 'a folder that is not a root (it would be emptied)');
    }
    await whileWanted(options.signal, async (throwIfAborted) => {
      const { mode } = await lookAtPath(this.#sftp, where);
      const removal = { sftp: this.#sftp, where: this.#opener.where, throwIfAborted };
      if (!isFolder(mode)) return removeFile(removal, where, mode);
      throwIfAborted();
      if (options.recursive) return removeTree(removal, where);
      return removeFolder(removal, where);
    });
  }

  async rename(from: string, to: string, options?: SftpCallOptions): Promise<void> {
    const [source, target] = [this.#path(from, 'from'), this.#newPath(to, 'to')];
    await this.#call(options, (throwIfAborted) =>
      putInPlace(this.#sftp, source, target, pursuitOf(throwIfAborted)),
    );
  }

  async realPath(path: string, options?: SftpCallOptions): Promise<string> {
    const where = this.#path(path);
    return this.#call(options, () => this.#sftp.realPath(where));
  }

  async chmod(path: string, mode: number, options?: SftpCallOptions): Promise<void> {
    const where = this.#path(path);
    checkArgument('mode', mode, modeCheck);
    const attributes = { mode };
    await this.#call(options, () => this.#sftp.setstat(where, attributes));
  }

  async utimes(path: string, atime: Date | number, mtime: Date | number, options?: SftpCallOptions) {
    const where = this.#path(path);
    const attributes = { atime: secondsOf('atime', atime), mtime: secondsOf('mtime', mtime) };
    await this.#call(options, () => this.#sftp.setstat(where, attributes));
  }

  async readLink(path: string, options?: SftpCallOptions): Promise<string> {
    const where = this.#path(path);
    return this.#call(options, () => this.#sftp.readLink(where));
  }

  async symlink(target: string, path: string, options?: SftpCallOptions): Promise<void> {
    const [to, where] = [this.#path(target, 'target'), this.#path(path)];
    await this.#call(options, () => this.#sftp.symlink(to, where));
  }

  async hardLink(existing: string, path: string, options?: SftpCallOptions): Promise<void> {
    const [first, second] = [this.#path(existing, 'existing'), this.#path(path)];
    await this.#call(options, () => hardLink(this.#sftp, first, second));
  }

  async copy(from: string, to: string, options?: SftpCallOptions): Promise<void> {
    const [source, target] = [this.#path(from, 'from'), this.#newPath(to, 'to')];
    await this.#call(options, (throwIfAborted) =>
      copyRemote({ sftp: this.#sftp, where: this.#opener.where, throwIfAborted }, source, target),
    );
  }

  createReadStream(path: string, options: ReadStreamOptions = {}): Readable {
    const where = this.#path(path);
    checkOptions(options, readStreamChecks);
    return readStream(this.#sftp, where, options);
  }

  createWriteStream(path: string, options: WriteStreamOptions = {}): Writable {
    const where = this.#newPath(path);
    checkOptions(options, writeStreamChecks);
    return writeStream({ sftp: this.#sftp, where: this.#opener.where }, where, options);
  }

  close(): Promise<void> {
    return this.#sftp.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** A call whose only option is `signal`. */
  async #call<T>(
    options: SftpCallOptions | undefined,
    work: (throwIfAborted: () => void) => Promise<T>,
  ): Promise<T> {
    if (options !== undefined) checkOptions(options, callChecks);
    return whileWanted(options?.signal, work);
  }

  #newPath(path: unknown, name = 'path'): string {
    return newRemotePath(path, name, this.#opener.serverVersion);
  }

  #path(path: unknown, name = 'path'): string {
    return remotePath(path, name, this.#opener.serverVersion);
  }
}

/**
 * Runs `work`, and rejects with `signal.reason` as soon as the signal aborts. Work that sends several requests calls
 * the function it is passed between them, so that nothing more is sent after an abort.
 */
async function whileWanted<T>(
  signal: AbortSignal | undefined,
  work: (throwIfAborted: () => void) => Promise<T>,
): Promise<T> {
  if (!signal) return work(() => {});
  signal.throwIfAborted();
  return orAborted(
    work(() => signal.throwIfAborted()),
    signal,
  );
}
