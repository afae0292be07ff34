import { Readable, Writable } from 'node:stream';
import { SftpFailed } from '../../errors/index.ts';
import type { Where } from '../../ssh2/channels/link.ts';
import type { SftpHandle, SftpRequests } from '../../ssh2/sftp/requests.ts';
import { openFlag } from '../../ssh2/sftp/wire.ts';
import { printable, quoted } from '../../text/printable.ts';
import { Flight } from '../flow/flight.ts';
import { withOrderHint } from '../flow/in-order.ts';
import { laneCapacity } from '../flow/lanes.ts';
import { orderedSink } from '../flow/ordered-sink.ts';
import { Receiver } from '../flow/receiver.ts';
import { RemoteWriter } from '../flow/remote-writer.ts';
import { lookBehind } from '../names/look.ts';
import { openInUse, type Pursuit, pursuitOf } from '../transfer/in-use.ts';
import { sizeOfOpen } from '../verify/remote-size.ts';
import { ofFile } from './of-file.ts';

const MiB = 1024 * 1024;

/** Options of `createReadStream`. */
export interface ReadStreamOptions {
  /** Offset of the first byte. Default 0. */
  start?: number | undefined;
  /** Offset of the last byte, inclusive, as in Node's `fs`. Default: the end of the file. */
  end?: number | undefined;
  /** Maximum bytes to read ahead. Default 4 MiB. */
  highWaterMark?: number | undefined;
}

/** Options of `createWriteStream`. */
export interface WriteStreamOptions {
  /**
   * `'w'` (default) replaces the content, `'wx'` fails if the file exists, `'a'` appends, `'r+'` writes into an
   * existing file.
   */
  flags?: 'w' | 'wx' | 'a' | 'r+' | undefined;
  /** Permissions of a new file, subject to the server's umask. Default: chosen by the server. */
  mode?: number | undefined;
  /** Offset of the first byte to write, with `'r+'` and `'w'`. Default 0. */
  start?: number | undefined;
  /** Send writes one at a time, in order; see `TransferOptions`. Default `false`. */
  writesInOrder?: boolean | undefined;
}

/** A remote file as a Readable. Reads ahead, and stops when its consumer stops reading. */
export function readStream(sftp: SftpRequests, path: string, options: ReadStreamOptions = {}): Readable {
  const { start = 0, end = Number.POSITIVE_INFINITY, highWaterMark = 4 * MiB } = options;
  let receiver: Receiver | undefined;
  let opened: SftpHandle | undefined;
  let held: Array<() => void> = [];
  const stream = new Readable({
    highWaterMark: MiB,
    read() {
      for (const release of held.splice(0)) release();
    },
    construct(done) {
      openInUse(sftp, whileOpen(stream), () => sftp.open(path, openFlag.read)).then(
        (handle) => {
          opened = handle;
          done();
          if (!stream.destroyed) begin(handle);
        },
        failedToOpen(stream, done),
      );
    },
    destroy(error, done) {
      receiver?.stop(error ?? new Error('the stream was destroyed'));
      held = [];
      if (!opened || sftp.ended) return done(error);
      sftp.closeHandle(opened).then(
        () => done(error),
        () => done(error),
      );
    },
  });
  const begin = (handle: SftpHandle) => {
    const sink = orderedSink(start, (pieces, done) => {
      const results = pieces.map((piece) => stream.push(piece));
      // The next request is sent only when the consumer has taken this piece.
      if (results.at(-1)) done();
      else held.push(done);
    });
    const flight = new Flight({ start: Math.min(highWaterMark, MiB), ceiling: highWaterMark });
    receiver = new Receiver({ sftp, handle, start, end: end + 1, sink, flight, moved: () => {} });
    receiver.receive().then(
      () => stream.push(null),
      (error) => stream.destroy(ofFile(error, path) as Error),
    );
  };
  return stream;
}

/** A remote file as a Writable. If any write fails, the stream emits `error`. */
export function writeStream(
  { sftp, where }: { sftp: SftpRequests; where: Where },
  path: string,
  options: WriteStreamOptions = {},
): Writable {
  const { flags = 'w', mode, start = 0, writesInOrder } = options;
  let writer: RemoteWriter | undefined;
  let opened: SftpHandle | undefined;
  const settle = (promise: Promise<void> | undefined, done: (error?: Error | null) => void) => {
    (promise ?? Promise.resolve()).then(
      () => done(),
      (error) => done(ofFile(withOrderHint(sftp, error, flags === 'a' || start > 0), path) as Error),
    );
  };
  const begin = async () => {
    if (writesInOrder) sftp.writes.oneByOne(true);
    const open = () => sftp.open(path, openFlags(flags), mode === undefined ? {} : { mode });
    // With `wx`, an existing file is an error at once: do not wait for it to be closed elsewhere.
    opened = await (flags === 'wx' ? open() : openInUse(sftp, whileOpen(stream), open));
    const position = flags === 'a' ? await endOf(sftp, opened, path, where) : start;
    const flight = new Flight({ start: MiB, ceiling: laneCapacity });
    writer = new RemoteWriter({ sftp, handle: opened, flight, position, appends: flags === 'a' });
  };
  const close = async () => {
    const handle = opened;
    opened = undefined;
    if (handle && !sftp.ended) await sftp.closeHandle(handle);
  };
  const stream = new Writable({
    highWaterMark: MiB,
    construct: (done) => void begin().then(() => done(), failedToOpen(stream, done)),
    write: (chunk: Buffer, _encoding, done) => settle(writer?.append(chunk), done),
    final: (done) => settle(writer?.finish().then(close), done),
    destroy(error, done) {
      writer?.stop(error ?? new Error('the stream was destroyed'));
      close().then(
        () => done(error),
        () => done(error),
      );
    },
  });
  return stream;
}

/** The offset at which appending begins. On a server that ignores the append flag, a guess would overwrite data. */
async function endOf(sftp: SftpRequests, handle: SftpHandle, path: string, where: Where): Promise<number> {
  const size = (await sizeOfOpen(sftp, handle)) ?? (await lookBehind(sftp, path)).size;
  if (size !== undefined) return size;
  const reason = 'the server does not report the size of the file, so nothing can be appended';
  throw new SftpFailed(`SFTP append to ${quoted(path)} on ${where.host}:${where.port} failed: ${reason}`, {
    ...where,
    phase: 'transfer',
    operation: 'append',
    path: printable(path),
    reason,
  });
}

/** Stops waiting for the file once the stream is destroyed. */
function whileOpen(stream: Readable | Writable): Pursuit {
  return pursuitOf(() => {
    if (stream.destroyed) throw new Error('the stream was destroyed');
  });
}

/** A stream that has been destroyed meanwhile does not report that opening failed. */
function failedToOpen(stream: Readable | Writable, done: (error?: Error | null) => void) {
  return (error: Error) => done(stream.destroyed ? null : error);
}

function openFlags(flags: WriteStreamOptions['flags']): number {
  const { write, create, truncate, exclusive, append } = openFlag;
  if (flags === 'wx') return write | create | exclusive;
  if (flags === 'a') return write | create | append;
  if (flags === 'r+') return write;
  return write | create | truncate;
}
