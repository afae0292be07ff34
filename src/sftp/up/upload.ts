import type { Stats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { checkArgument } from '../../check/options.ts';
import { text } from '../../check/values.ts';
import { wrongRange, wrongType } from '../../check/wrong.ts';
import { ConnectionLost, isSshError, TransferFailed } from '../../errors/index.ts';
import type { SftpOpener } from '../../ssh2/sftp/requests.ts';
import { printable, quoted } from '../../text/printable.ts';
import { bufferSource, fileSource } from '../flow/block-source.ts';
import { laneCapacity, laneWindow } from '../flow/lanes.ts';
import { toRead } from '../flow/small-files.ts';
import { transfer } from '../flow/transfer.ts';
import type { TransferContext } from '../flow/transfer-context.ts';
import { checkNewName, joinRemote, namesFolder, remotePath as readRemotePath } from '../names/paths.ts';
import { openHere } from '../transfer/local-in-use.ts';
import { readTransferOptions, type TransferOptions, type TransferResult } from '../transfer/options.ts';
import { explain } from '../transfer/transfer-errors.ts';
import { attributesOf, uploadFile } from './upload-file.ts';
import { uploadFolder } from './upload-folder.ts';
import { uploadStream } from './upload-stream.ts';

/** `start` is what the server's window accepts at once, which a far line needs. */
const flight = { start: laneWindow, ceiling: laneCapacity, waitsThere: true };

/**
 * Uploads a local file or folder, bytes, or the content of a stream to `remotePath`. The content of a folder goes into
 * the remote folder `remotePath`, which is created if necessary. If `remotePath` ends with a slash (`in/`) or is `~`, a
 * file goes into that folder, which must exist.
 *
 * @throws {TransferFailed} if it failed; `cause` says why.
 * @throws {TransferStalled} after `stallTimeout` ms without progress.
 * @throws {UnsafeRemotePath} for a name that the PC cannot store.
 * @throws {ConnectionLost} if the connection was lost.
 * @throws {TypeError | RangeError} for invalid arguments.
 * @throws `signal.reason` when the signal aborts.
 */
export async function upload(
  opener: SftpOpener,
  source: string | Uint8Array | Readable,
  remotePath: string,
  options?: TransferOptions,
): Promise<TransferResult> {
  const settings = readTransferOptions(options);
  const given = readRemotePath(remotePath, 'remotePath', opener.serverVersion);
  const isInto = namesFolder(remotePath, opener.serverVersion);
  if (isInto && typeof source !== 'string' && !/(?:^|\/)\.{1,2}$/.test(remotePath)) {
    throw wrongRange(
      'argument remotePath',
      remotePath,
      'the whole path, with a name for the file (bytes and streams have none that could go into a folder)',
    );
  }
  settings.signal?.throwIfAborted();
  const stats = typeof source === 'string' ? await lookLocally(opener, source) : undefined;
  const path = isInto && stats?.isFile() ? joinRemote(given, basename(source as string)) : given;
  checkNewName(path, 'remotePath', opener.serverVersion);
  const what = `upload of ${nameOf(source)} to ${quoted(path)}`;
  if (source instanceof Readable && settings.resume) {
    throw wrongType('resume', true, 'false (a stream cannot be read from the middle)');
  }
  const work = (context: TransferContext) => send(context, source, stats, path);
  const result = transfer(opener, { what, settings, flight, work });
  return source instanceof Readable ? result.catch((error) => Promise.reject(spent(error))) : result;
}

/** The error of a stream's upload is not retryable: what was read from the stream cannot be sent again. */
function spent(error: unknown): unknown {
  if (!isSshError(error) || !error.retryable) return error;
  // The connection's error is shared by everything that was pending on it, so it is copied.
  if (!(error instanceof ConnectionLost)) return Object.assign(error, { retryable: false });
  const { message, phase, host, port, hop, hint, why, reason } = error;
  const details = { phase, host, port, hop, hint, why, reason, cause: error };
  return new ConnectionLost(message, { ...details, retryable: false });
}

async function send(
  context: TransferContext,
  source: string | Uint8Array | Readable,
  stats: Stats | undefined,
  remotePath: string,
): Promise<void> {
  const { progress } = context.run;
  context.run.isOneFile = !stats?.isDirectory();
  const attributes = stats ? attributesOf(stats) : {};
  const item = { remotePath, attributes, intoEmptyFolder: false };
  if (source instanceof Readable) return uploadStream(context, source, remotePath);
  if (typeof source !== 'string') {
    progress.setTotal(source.byteLength);
    return uploadFile(context, { ...item, name: 'the buffer', source: bufferSource(source) });
  }
  if (stats?.isDirectory()) return uploadFolder(context, source, remotePath);
  const unreadable = (error: unknown): never => {
    throw explain(context.run, source, error);
  };
  const file = await openHere(source, () => open(source, toRead), { run: context.run }).catch(unreadable);
  try {
    const content = await fileSource(file).catch(unreadable);
    progress.setTotal(content.size);
    await uploadFile(context, { ...item, name: source, source: content });
  } finally {
    await file.close();
  }
}

function nameOf(source: unknown): string {
  if (typeof source === 'string') return quoted(source);
  if (source instanceof Uint8Array) return 'a buffer';
  if (source instanceof Readable) return 'a stream';
  throw wrongType('argument source', source, 'a path, a Buffer or a Readable stream');
}

/** Stats the local path. @throws {TransferFailed} before anything is opened on the server. */
async function lookLocally(opener: SftpOpener, path: string): Promise<Stats> {
  const problem = (reason: string, cause?: unknown) =>
    new TransferFailed(`The local file ${quoted(path)} cannot be sent: ${reason}`, {
      ...opener.where,
      phase: 'transfer',
      path: printable(path),
      transferred: 0,
      reason,
      cause,
    });
  checkArgument('source', path, text('a path on this machine, a Buffer or a Readable stream'));
  const stats = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw problem(error.code === 'ENOENT' ? 'it does not exist' : printable(error.message), error);
  });
  if (stats.isFile() || stats.isDirectory()) return stats;
  throw problem('it is neither a file nor a folder; a pipe or device can be sent as a stream');
}
