import type { SftpRequests } from '../../ssh2/sftp/requests.ts';
import { openFlag } from '../../ssh2/sftp/wire.ts';
import { onAbort } from '../../time/on-abort.ts';
import { Flight } from '../flow/flight.ts';
import { againInOrder } from '../flow/in-order.ts';
import { laneCapacity } from '../flow/lanes.ts';
import { orderedSink } from '../flow/ordered-sink.ts';
import { Receiver } from '../flow/receiver.ts';
import { RemoteWriter } from '../flow/remote-writer.ts';
import { openInUse, pursuitOf } from '../transfer/in-use.ts';
import { ofFile } from './of-file.ts';

const MiB = 1024 * 1024;
/** The longest Buffer that Node can create on every platform. */
const most = 2 ** 31 - 1;
/** Bytes. Pieces of at least this size are kept as they are; the overhead of a separate Buffer is then small. */
const smallPiece = 4_096;

/** The whole content of a remote file. It is read to its end; the size that the server reports is not trusted. */
export async function readWhole(
  sftp: SftpRequests,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  const run = pursuitOf(() => signal?.throwIfAborted());
  const handle = await openInUse(sftp, run, () => sftp.open(path, openFlag.read));
  const content = new Content();
  const sink = orderedSink(0, (some, done) => {
    for (const piece of some) content.add(piece);
    done(
      content.size > most
        ? new Error(`the file is larger than the ${most} bytes of a Buffer; use createReadStream`)
        : null,
    );
  });
  const flight = new Flight({ start: MiB, ceiling: 16 * MiB });
  const end = Number.POSITIVE_INFINITY;
  const receiver = new Receiver({ sftp, handle, start: 0, end, sink, flight, moved: () => {} });
  try {
    await stoppedBy(signal, receiver, () => receiver.receive());
  } catch (error) {
    throw ofFile(error, path);
  } finally {
    if (!sftp.ended) void sftp.closeHandle(handle).catch(() => {});
  }
  return content.whole();
}

/** Joins small pieces: with a server that answers a few bytes at a time they would take 100 times the memory. */
class Content {
  size = 0;
  readonly #pieces: Buffer[] = [];
  #joined = Buffer.alloc(0);
  #used = 0;

  add(piece: Buffer): void {
    this.size += piece.length;
    if (piece.length >= smallPiece) {
      this.#end();
      this.#pieces.push(piece);
      return;
    }
    if (this.#used + piece.length > this.#joined.length) {
      this.#end();
      this.#joined = Buffer.allocUnsafeSlow(16 * smallPiece);
    }
    this.#used += piece.copy(this.#joined, this.#used);
  }

  whole(): Buffer {
    this.#end();
    return Buffer.concat(this.#pieces);
  }

  #end(): void {
    if (this.#used > 0) this.#pieces.push(this.#joined.subarray(0, this.#used));
    this.#joined = this.#joined.subarray(this.#used);
    this.#used = 0;
  }
}

/** Runs `work` and stops `worker` when the signal aborts, so that no more requests are sent. */
async function stoppedBy<T>(
  signal: AbortSignal | undefined,
  worker: { stop(error: unknown): void },
  work: () => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const forget = onAbort(signal, () => worker.stop(signal?.reason));
  return work().finally(forget);
}

/** Replaces the content of a remote file, in place. */
export async function writeWhole(
  sftp: SftpRequests,
  path: string,
  data: Uint8Array,
  options: { mode: number | undefined; signal: AbortSignal | undefined },
): Promise<void> {
  await againInOrder(sftp, () => writeOnce(sftp, path, data, options));
}

async function writeOnce(
  sftp: SftpRequests,
  path: string,
  data: Uint8Array,
  { mode, signal }: { mode: number | undefined; signal: AbortSignal | undefined },
): Promise<void> {
  signal?.throwIfAborted();
  const flags = openFlag.write | openFlag.create | openFlag.truncate;
  const attributes = mode === undefined ? {} : { mode };
  const run = pursuitOf(() => signal?.throwIfAborted());
  const handle = await openInUse(sftp, run, () => sftp.open(path, flags, attributes));
  const flight = new Flight({ start: MiB, ceiling: laneCapacity });
  const writer = new RemoteWriter({ sftp, handle, flight, position: 0 });
  try {
    await stoppedBy(signal, writer, () => writer.append(data).then(() => writer.finish()));
  } catch (error) {
    if (!sftp.ended) void sftp.closeHandle(handle).catch(() => {});
    throw ofFile(error, path);
  }
  await sftp.closeHandle(handle).catch((error) => {
    throw ofFile(error, path);
  });
}
