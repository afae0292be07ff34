import { writeHeadroom } from '../../ssh2/sftp/requests.ts';
import type { WriteOrder } from '../../ssh2/sftp/write-order.ts';
import { now } from '../../time/timer.ts';
import type { BlockSource } from './block-source.ts';
import type { Flight } from './flight.ts';
import { dataOf, type FramePool } from './frames.ts';
import { mayBeOrder } from './in-order.ts';
import type { Lane, Lanes } from './lanes.ts';
import { Moving } from './moving.ts';

export interface ByteRange {
  start: number;
  end: number;
}

interface SendJob {
  source: BlockSource;
  ranges: readonly ByteRange[];
  lanes: Lanes;
  flight: Flight;
  /** Its block size is the size of the WRITE requests. */
  pool: FramePool;
  moved(bytes: number): void;
  /** Called once, when the last write has been sent but not yet acknowledged. */
  allSent?(): void;
}

/** Number of requests that one local read fills at most. */
const blocksPerRead = 4;
/** Number of concurrent local reads, so that the disk works while data is sent; they may complete out of order. */
const parallelReads = 2;

/**
 * Sends ranges of a source to an open remote file, driven by local reads and replies instead of a promise per block.
 * Writes that the server refuses as if it accepted them only in order are sent again once all are answered, in order
 * and one at a time.
 */
export class Sender extends Moving<void> {
  #job: SendJob;
  #todo: ByteRange[];
  #reading = 0;
  #unacknowledged = 0;
  #allSent = false;
  #refused: ByteRange[] = [];
  #isAgain = false;
  /** An unknown server may accept a first write only at offset 0: if it is elsewhere, send it alone. */
  #probes = false;

  constructor(job: SendJob) {
    super();
    this.#job = job;
    this.#todo = job.ranges.map((range) => ({ ...range })).filter(({ start, end }) => start < end);
    this.#probes = this.#order === 'in turn' && (this.#todo[0]?.start ?? 0) > 0;
  }

  /** Resolves when the server has acknowledged everything. */
  send(): Promise<void> {
    this.#pump();
    return this.finished.promise;
  }

  /** Called when the flight limit or the number of lanes has grown. */
  wake(): void {
    this.#pump();
  }

  get #order(): WriteOrder {
    return this.#isAgain || this.#probes ? 'one by one' : this.#job.lanes.first.sftp.writes.order;
  }

  get #isIdle(): boolean {
    return this.#reading === 0 && this.#unacknowledged === 0;
  }

  #pump(): void {
    if (this.#refused.length > 0 && this.#isIdle) this.#sendAgain();
    while (!this.finished.settled && this.#todo.length > 0 && this.#mayRead) {
      this.#readSome(this.#todo[0] as ByteRange);
    }
    if (this.finished.settled || this.#todo.length + this.#reading + this.#refused.length > 0) return;
    if (!this.#allSent) {
      this.#allSent = true;
      this.#job.allSent?.();
    }
    if (this.#unacknowledged === 0) this.finished.resolve();
  }

  get #mayRead(): boolean {
    // Other files share the flight. Each may always have one read in progress, else nothing would resume it.
    if (this.#isIdle) return true;
    const order = this.#order;
    if (order === 'one by one' || this.#refused.length > 0 || !this.#job.flight.open) return false;
    return this.#reading < (order === 'free' ? parallelReads : 1);
  }

  #sendAgain(): void {
    this.#isAgain = true;
    this.#todo = [...this.#refused.splice(0), ...this.#todo].sort((a, b) => a.start - b.start);
  }

  #readSome(range: ByteRange): void {
    const { source, flight, pool } = this.#job;
    const { blockSize } = pool;
    const room = Math.max(1, Math.floor((flight.limit - flight.inFlight) / blockSize));
    const most = this.#order === 'one by one' ? 1 : blocksPerRead;
    const length = Math.min(range.end - range.start, Math.min(most, room) * blockSize);
    const position = range.start;
    range.start += length;
    if (range.start === range.end) this.#todo.shift();
    const frames = Array.from({ length: Math.ceil(length / blockSize) }, () => pool.take());
    const views = frames.map((frame, index) =>
      dataOf(frame, Math.min(blockSize, length - index * blockSize)),
    );
    flight.take(length);
    this.#reading++;
    source.readInto(views, position, (error, bytes = 0) => {
      this.#reading--;
      if (this.finished.settled) return;
      if (error) return this.stop(error);
      if (bytes === 0) return this.stop(new Error(`it ended at byte ${position}, before its end was sent`));
      if (bytes < length) {
        flight.giveBack(length - bytes);
        this.#todo.unshift({ start: position + bytes, end: position + length });
      }
      if (this.#refused.length > 0) this.#refuse({ start: position, end: position + bytes });
      else this.#write(frames, position, bytes);
      this.#pump();
    });
  }

  #write(frames: Buffer[], position: number, bytes: number): void {
    const { pool, lanes } = this.#job;
    const { blockSize } = pool;
    for (const [index, frame] of frames.entries()) {
      const length = Math.min(blockSize, bytes - index * blockSize);
      if (length > 0) this.#writeBlock(lanes.idlest, frame, position + index * blockSize, length);
      else pool.give(frame);
    }
  }

  #refuse(range: ByteRange): void {
    this.#job.flight.giveBack(range.end - range.start);
    this.#refused.push(range);
  }

  #writeBlock(lane: Lane, frame: Buffer, position: number, length: number): void {
    const { flight, moved } = this.#job;
    const sentAt = now();
    const order = this.#order;
    this.#unacknowledged++;
    lane.unacknowledged += length;
    lane.sftp.write(lane.handle, position, { buffer: frame, start: writeHeadroom, length }, (error) => {
      this.#unacknowledged--;
      lane.unacknowledged -= length;
      if (this.finished.settled) return;
      if (error) {
        if (order === 'one by one' || !mayBeOrder(lane.sftp, error)) return this.stop(error);
        this.#refuse({ start: position, end: position + length });
        return this.#pump();
      }
      this.#probes = false;
      if (this.#isAgain) lane.sftp.writes.oneByOne(true);
      this.#job.pool.give(frame);
      flight.answered(sentAt);
      flight.done(length);
      moved(length);
      this.#pump();
    });
  }
}
