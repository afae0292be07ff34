import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { checkArgument } from '../../check/options.ts';
import { text } from '../../check/values.ts';
import { wrongRange, wrongType } from '../../check/wrong.ts';
import { TransferFailed } from '../../errors/index.ts';
import type { Where } from '../../ssh2/channels/link.ts';
import { printable, quoted } from '../../text/printable.ts';
import { checkNewName, joinRemote, namesFolder, remotePath as readRemotePath } from '../names/paths.ts';
import { readTransferOptions, type TransferOptions, type TransferSettings } from '../transfer/options.ts';

/** An upload whose arguments are valid and whose source exists. */
export interface PlannedUpload {
  source: string | Uint8Array | Readable;
  /** Of a source on this machine. */
  stats: Stats | undefined;
  remotePath: string;
  settings: TransferSettings;
  /** For messages: `upload of "a" to "b"`. */
  what: string;
}

/** The part of an upload that needs no server. */
export async function planUpload(
  { where, serverVersion }: { where: Where; serverVersion?: string | undefined },
  source: string | Uint8Array | Readable,
  remotePath: string,
  options?: TransferOptions,
): Promise<PlannedUpload> {
  const settings = readTransferOptions(options);
  const given = readRemotePath(remotePath, 'remotePath', serverVersion);
  const isInto = namesFolder(remotePath, serverVersion);
  if (isInto && typeof source !== 'string' && !/(?:^|\/)\.{1,2}$/.test(remotePath)) {
    throw wrongRange(
      'argument remotePath',
      remotePath,
      'the whole path, with a name for the file (bytes and streams have none that could go into a folder)',
    );
  }
  settings.signal?.throwIfAborted();
  const stats = typeof source === 'string' ? await lookLocally(where, source) : undefined;
  const path = isInto && stats?.isFile() ? joinRemote(given, basename(source as string)) : given;
  checkNewName(path, 'remotePath', serverVersion);
  const what = `upload of ${nameOf(source)} to ${quoted(path)}`;
  if (source instanceof Readable && settings.resume) {
    throw wrongType('resume', true, 'false (a stream cannot be read from the middle)');
  }
  return { source, stats, remotePath: path, settings, what };
}

function nameOf(source: unknown): string {
  if (typeof source === 'string') return quoted(source);
  if (source instanceof Uint8Array) return 'a buffer';
  if (source instanceof Readable) return 'a stream';
  throw wrongType('argument source', source, 'a path, a Buffer or a Readable stream');
}

/** Stats the local path. @throws {TransferFailed} before anything is opened on the server. */
async function lookLocally(where: Where, path: string): Promise<Stats> {
  const problem = (reason: string, cause?: unknown) =>
    new TransferFailed(`The local file ${quoted(path)} cannot be sent: ${reason}`, {
      ...where,
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
