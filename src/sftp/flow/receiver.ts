import type { SftpHandle, SftpRequests } from '../../ssh2/sftp/requests.ts';
import { now } from '../../time/timer.ts';
import type { Flight } from './flight.ts';
import { Moving } from './moving.ts';

/** Bytes that the objects around a small reply take, about. */
const leastCost = 1024;

/** The consumer of received bytes. They count as in flight until it calls `done`. */
export interface BlockSink {
  accept(position: number, pieces: Buffer[], length: number, done: (error?: Error | null) => void): void;
}

interface ReceiveJob {
  sftp: SftpRequests;
  handle: SftpHandle;
  start: number;
  /** The offset to read up to; Infinity reads to the end of the file. */
  end: number;
  /** Request one byte more, to see whether the file continues. */
  probe?: boolean;
  sink: BlockSink;
  flight: Flight;
  moved(bytes: number): void;
}

export interface Received {
  /** The offset at which reading ended: the requested `end`, or less if the file ended first. */
  end: number;
  /** Whether the probe found that the file continues. */
  beyond: boolean;
}

/** Reads a range of an open remote file with many pipelined requests. The rest of a short reply is requested again. */
export class Receiver extends Moving<Received> {
  #job: ReceiveJob;
  #next: number;
  #end: number;
  #askEnd: number;
  #again: Array<{ position: number; length: number }> = [];
  #underWay = 0;
  #beyond = false;

  constructor(job: ReceiveJob) {
    super();
    this.#job = job;
    this.#next = job.start;
    this.#end = job.end;
    // The last request asks for one byte more than the expected size.
    this.#askEnd = job.end + (job.probe ? 1 : 0);
  }

  receive(): Promise<Received> {
    this.#pump();
    return this.finished.promise;
  }

  #pump(): void {
    const { flight } = this.#job;
    while (!this.finished.settled) {
      // Other files share the flight. Each may always have one request in flight, else nothing would resume it.
      if (!flight.open && this.#underWay > 0) break;
      const missing = this.#again.shift();
      if (missing) this.#read(missing.position, missing.length);
      else if (this.#next < this.#askEnd) this.#readNext();
      else break;
    }
    if (this.#again.length > 0 || this.#next < this.#askEnd) return;
    if (this.#underWay > 0) return;
    const { start, end, sftp } = this.#job;
    if (this.#beyond && this.#end < end) return this.stop(sftp.badEnd(this.#end));
    this.finished.resolve({ end: Math.max(start, this.#end), beyond: this.#beyond });
  }

  #readNext(): void {
    const length = Math.min(this.#job.sftp.maxRead, this.#askEnd - this.#next);
    const position = this.#next;
    this.#next += length;
    this.#read(position, length);
  }

  #read(position: number, length: number): void {
    const { sftp, handle, flight } = this.#job;
    const sentAt = now();
    flight.take(length);
    this.#underWay++;
    sftp.read(handle, position, length, (error, pieces, got) => {
      if (this.finished.settled) return;
      if (error) return this.stop(error);
      flight.answered(sentAt);
      flight.giveBack(length - costOf(got, length));
      if (!pieces || got === 0) this.#endAt(position);
      else this.#deliver(position, length, pieces, got);
    });
  }

  /** The file ends at `position` or before; nothing beyond it is requested any more. */
  #endAt(position: number): void {
    this.#underWay--;
    this.#end = Math.min(this.#end, position);
    this.#askEnd = this.#end;
    this.#next = Math.max(this.#next, this.#end);
    this.#again = this.#again.filter((missing) => missing.position < this.#end);
    this.#pump();
  }

  #deliver(position: number, length: number, pieces: Buffer[], got: number): void {
    const { sink, flight, moved } = this.#job;
    const wanted = Math.min(got, Math.max(0, this.#end - position));
    if (got > wanted) this.#beyond = true;
    // A reply that lacks only the extra byte has reached the end, as the protocol guarantees for regular files.
    else if (got < length && position + got < this.#end) {
      this.#again.push({ position: position + got, length: length - got });
    }
    const stored = (error?: Error | null) => {
      this.#underWay--;
      if (this.finished.settled) return;
      if (error) return this.stop(error);
      flight.done(got);
      flight.giveBack(costOf(got, length) - got);
      moved(wanted);
      this.#pump();
    };
    if (wanted === 0) stored();
    else sink.accept(position, got > wanted ? firstBytes(pieces, wanted) : pieces, wanted, stored);
    this.#pump();
  }
}

/** What a reply counts as while it is not stored: a server that sends single bytes must not make us keep millions. */
function costOf(got: number, asked: number): number {
  return got === 0 ? 0 : Math.min(asked, Math.max(got, leastCost));
}

function firstBytes(pieces: Buffer[], bytes: number): Buffer[] {
  let left = bytes;
  const kept: Buffer[] = [];
  for (const piece of pieces) {
    if (left > 0) kept.push(piece.subarray(0, left));
    left -= piece.length;
  }
  return kept;
}
