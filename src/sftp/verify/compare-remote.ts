import type { SftpHandle, SftpRequests } from '../../ssh2/sftp/requests.ts';
import type { BlockSource } from '../flow/block-source.ts';
import { Flight } from '../flow/flight.ts';
import { type BlockSink, Receiver } from '../flow/receiver.ts';
import type { ByteRange } from '../flow/sender.ts';
import type { TransferRun } from '../transfer/run.ts';

interface Comparison {
  sftp: SftpRequests;
  handle: SftpHandle;
  source: BlockSource;
  /** The bytes to compare. */
  range: ByteRange;
  run: TransferRun;
  /**
   * Stops comparing when more than this many bytes differ; everything from the first difference on then counts.
   */
  patience: number;
}

const inFlight = 16 * 1024 * 1024;
const startInFlight = 2 * 1024 * 1024;

class TooDifferent extends Error {}

/** Reads a remote file back and returns the ranges that differ from the source, in order. */
export async function differingRanges(comparison: Comparison): Promise<ByteRange[]> {
  const { sftp, handle, range, run, patience, source } = comparison;
  const { start, end } = range;
  const different: ByteRange[] = [];
  let bytes = 0;
  const sink = comparingSink(source, (found) => {
    different.push(found);
    bytes += found.end - found.start;
    if (bytes > patience) receiver.stop(new TooDifferent());
  });
  const flight = new Flight({ start: startInFlight, ceiling: inFlight });
  const receiver = new Receiver({ sftp, handle, start, end, sink, flight, moved: () => run.alive() });
  const forget = run.onFailed(() => receiver.stop(run.error));
  try {
    const received = await receiver.receive();
    if (received.end < end) different.push({ start: received.end, end });
  } catch (error) {
    if (!(error instanceof TooDifferent)) throw error;
    const first = Math.min(...different.map((range) => range.start));
    return [{ start: first, end }];
  } finally {
    forget();
  }
  return joined(different);
}

function comparingSink(source: BlockSource, onDifferent: (range: ByteRange) => void): BlockSink {
  return {
    accept(position, pieces, length, done) {
      const local = Buffer.allocUnsafe(length);
      source.readInto([local], position, (error, bytes) => {
        if (error) return done(error);
        const same =
          bytes === length &&
          local.equals(pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces));
        if (!same) onDifferent({ start: position, end: position + length });
        done();
      });
    },
  };
}

function joined(ranges: ByteRange[]): ByteRange[] {
  const sorted = ranges.sort((a, b) => a.start - b.start);
  const result: ByteRange[] = [];
  for (const range of sorted) {
    const last = result.at(-1);
    if (last && last.end >= range.start) last.end = Math.max(last.end, range.end);
    else result.push({ ...range });
  }
  return result;
}
