import { SftpFailed } from '../../errors/index.ts';
import type { Where } from '../../ssh2/channels/link.ts';
import { copyData, copyDataName } from '../../ssh2/sftp/extensions.ts';
import type { SftpHandle, SftpRequests } from '../../ssh2/sftp/requests.ts';
import { openFlag } from '../../ssh2/sftp/wire.ts';
import { quoted } from '../../text/printable.ts';
import { Flight } from '../flow/flight.ts';
import { againInOrder } from '../flow/in-order.ts';
import { laneCapacity } from '../flow/lanes.ts';
import { orderedSink } from '../flow/ordered-sink.ts';
import { Receiver } from '../flow/receiver.ts';
import { RemoteWriter } from '../flow/remote-writer.ts';
import { isFolder, permissions, specialKind } from '../names/file-mode.ts';
import { lookBehind } from '../names/look.ts';
import {
  closeTarget,
  NotReplaced,
  openTarget,
  publish,
  type RemoteTarget,
  removeTarget,
} from '../target/remote-target.ts';
import { openInUse, pursuitOf } from '../transfer/in-use.ts';
import { sizeOfOpen } from '../verify/remote-size.ts';
import { ofFile } from './of-file.ts';

const MiB = 1024 * 1024;
/** Bytes per `copy-data` request; small enough that a slow disk finishes before the request times out. */
const copyStep = 64 * MiB;

interface Copying {
  sftp: SftpRequests;
  where: Where;
  /** Called between requests; if it throws, the copy ends with that error and leaves nothing behind. */
  throwIfAborted: () => void;
}

/** Copies a remote file to another path on the same server. The target is the old file or the complete copy. */
export async function copyRemote(copying: Copying, from: string, to: string): Promise<void> {
  await againInOrder(copying.sftp, () => copyOnce(copying, from, to));
}

async function copyOnce(copying: Copying, from: string, to: string): Promise<void> {
  const { sftp, where, throwIfAborted } = copying;
  throwIfAborted();
  // Stat first: a server that opens a FIFO blocks until its other end is opened, and answers nothing more.
  const { mode, size = 0 } = await lookBehind(sftp, from);
  const kind = isFolder(mode) ? 'a folder' : specialKind(mode);
  if (kind) throw copyFailed(where, from, `it is ${kind}`);
  const run = pursuitOf(throwIfAborted);
  const handle = await openInUse(sftp, run, () => sftp.open(from, openFlag.read));
  let target: RemoteTarget | undefined;
  try {
    const options = { atomic: true, resume: false, intoEmptyFolder: false, run };
    target = await openTarget(sftp, to, {
      ...options,
      mode: mode === undefined ? undefined : permissions(mode),
    });
    if (target.path === (await sftp.realPath(from)))
      throw copyFailed(where, from, 'source and target are the same file');
    // A size of 0 may mean that the server does not know the size.
    const copied =
      size > 0 && sftp.supports(copyDataName)
        ? await copyThere(copying, handle, target.handle, size)
        : await copyThroughUs(copying, handle, target.handle);
    const [found] = await Promise.all([sizeOfOpen(sftp, target.handle), closeTarget(sftp, target)]);
    if (copied < size || (found !== undefined && found !== copied)) {
      throw copyFailed(where, from, `${found ?? copied} of ${size} bytes were copied`);
    }
    throwIfAborted();
    await publish(sftp, target, run);
  } catch (error) {
    if (target) await removeTarget(sftp, target);
    if (error instanceof NotReplaced) throw copyFailed(where, to, error.message);
    throw ofFile(error, error instanceof SftpFailed && error.operation === 'read' ? from : to);
  } finally {
    if (!sftp.ended) void sftp.closeHandle(handle).catch(() => {});
  }
}

async function copyThere(
  { sftp, throwIfAborted }: Copying,
  from: SftpHandle,
  to: SftpHandle,
  size: number,
): Promise<number> {
  for (let position = 0; position < size; position += copyStep) {
    const length = Math.min(copyStep, size - position);
    throwIfAborted();
    await copyData(sftp, { handle: from, position, length }, to, position);
  }
  return size;
}

async function copyThroughUs(
  { sftp, throwIfAborted }: Copying,
  from: SftpHandle,
  to: SftpHandle,
): Promise<number> {
  const writing = new Flight({ start: 2 * MiB, ceiling: laneCapacity });
  const reading = new Flight({ start: 2 * MiB, ceiling: 2 * laneCapacity });
  const writer = new RemoteWriter({ sftp, handle: to, flight: writing, position: 0 });
  let last: Promise<void> = Promise.resolve();
  const sink = orderedSink(0, (pieces, done) => {
    last = last.then(async () => {
      throwIfAborted();
      for (const piece of pieces) await writer.append(piece);
    });
    last.then(() => done(), done);
  });
  const end = Number.POSITIVE_INFINITY;
  await new Receiver({ sftp, handle: from, start: 0, end, sink, flight: reading, moved: () => {} }).receive();
  await writer.finish();
  return writer.position;
}

function copyFailed(where: Where, path: string, reason: string): SftpFailed {
  return new SftpFailed(`SFTP copy of ${quoted(path)} on ${where.host}:${where.port} failed: ${reason}`, {
    ...where,
    phase: 'transfer',
    operation: 'copy',
    path,
    reason,
  });
}
