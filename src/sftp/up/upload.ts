import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { ConnectionLost, isSshError } from '../../errors/index.ts';
import { toRead } from '../../files/own-file.ts';
import type { SftpOpener } from '../../ssh2/sftp/requests.ts';
import { bufferSource, fileSource } from '../flow/block-source.ts';
import { laneCapacity, laneWindow } from '../flow/lanes.ts';
import { transfer } from '../flow/transfer.ts';
import type { TransferContext } from '../flow/transfer-context.ts';
import { openHere } from '../transfer/local-in-use.ts';
import type { TransferOptions, TransferResult } from '../transfer/options.ts';
import { explain } from '../transfer/transfer-errors.ts';
import { type PlannedUpload, planUpload } from './plan-upload.ts';
import { attributesOf, uploadFile } from './upload-file.ts';

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
  return uploadAsPlanned(opener, await planUpload(opener, source, remotePath, options));
}

export async function uploadAsPlanned(opener: SftpOpener, plan: PlannedUpload): Promise<TransferResult> {
  const { source, settings, what } = plan;
  const work = (context: TransferContext) => send(context, plan);
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

async function send(context: TransferContext, { source, stats, remotePath }: PlannedUpload): Promise<void> {
  const { progress } = context.run;
  context.run.isOneFile = !stats?.isDirectory();
  const attributes = stats ? attributesOf(stats) : {};
  const item = { remotePath, attributes, intoEmptyFolder: false };
  if (source instanceof Readable) {
    const { uploadStream } = await import('./upload-stream.ts');
    return uploadStream(context, source, remotePath);
  }
  if (typeof source !== 'string') {
    progress.setTotal(source.byteLength);
    return uploadFile(context, { ...item, name: 'the buffer', source: bufferSource(source) });
  }
  if (stats?.isDirectory()) {
    const { uploadFolder } = await import('./upload-folder.ts');
    return uploadFolder(context, source, remotePath);
  }
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
