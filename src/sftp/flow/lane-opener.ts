import type { SftpHandle, SftpOpener, SftpRequests } from '../../ssh2/sftp/requests.ts';
import { openFlag } from '../../ssh2/sftp/wire.ts';
import { type Latch, latch } from '../../time/latch.ts';
import { orAborted } from '../../time/on-abort.ts';
import type { Flight } from './flight.ts';
import { type Lanes, laneCapacity, laneWindow } from './lanes.ts';

/** Round trip in milliseconds below which a single session is not limited by its window. */
const longRoundTrip = 5;
/** Bytes per round trip from which a session is limited by its window, not by the line. */
const windowBound = laneWindow / 2;
/** Round trip in milliseconds from which a session is worth opening for a single window of data. */
const veryLongRoundTrip = 50;
/** Smaller files, in multiples of a session's bytes, are sent before more sessions would help. */
const worthwhile = 4;
const mostLanes = 8;

interface OpenLane {
  sftp: SftpRequests;
  handle: SftpHandle;
}

interface LaneOptions {
  opener: SftpOpener;
  flight: Flight;
  /** Bytes to send. */
  size: number;
  /** The transfer's own session: its round trip, and whether its server accepts writes to a file from several. */
  first: Pick<SftpRequests, 'roundTrip' | 'writes'>;
}

/**
 * Opens more sessions for one large upload whose single session is limited by its window, as far as the server's
 * MaxSessions allows. The sessions are opened at the start, and the file in them as soon as it exists, so that they are
 * ready if the line can carry more. If that fails, the upload continues with the sessions it has.
 */
export class LaneOpener {
  #options: LaneOptions;
  #done: AbortController | undefined;
  #lanes: Lanes | undefined;
  #file: Latch<string> | undefined;
  #prepared: Promise<OpenLane | undefined>[] = [];
  #ready: OpenLane[] = [];
  #used: OpenLane[] = [];
  #isUsing = false;
  #added: () => void = () => {};

  constructor(options: LaneOptions) {
    this.#options = options;
    const { size, first } = options;
    const { roundTrip } = first;
    const perLane = roundTrip < veryLongRoundTrip ? laneCapacity : laneWindow;
    if (size < worthwhile * perLane || roundTrip < longRoundTrip || !this.#mayShare) return;
    const count = Math.min(mostLanes, Math.floor(size / perLane)) - 1;
    const done = new AbortController();
    this.#done = done;
    const file = latch<string>();
    // Possibly nothing awaits it.
    file.promise.catch(() => {});
    this.#file = file;
    this.#prepared = Array.from({ length: count }, () => this.#prepare(file.promise, done.signal));
  }

  /** Whether the server accepts writes to one file from several sessions; certain once it has sent its version. */
  get #mayShare(): boolean {
    return this.#options.first.writes.order === 'free';
  }

  /** Opens the file, which now exists, in the prepared sessions. `added` is called when `lanes` has gained one. */
  useFor(path: string, lanes: Lanes, added: () => void): void {
    this.#lanes = lanes;
    this.#added = added;
    this.#file?.resolve(path);
  }

  /** Decides whether the extra sessions are needed. Called as the transfer proceeds, with the bytes still to send. */
  consider(left: number): void {
    const { flight } = this.#options;
    if (this.#isUsing || this.#prepared.length === 0 || left < laneCapacity) return;
    if (flight.perRoundTrip < windowBound) return;
    this.#isUsing = true;
    for (const extra of this.#ready.splice(0)) this.#use(extra);
  }

  /**
   * Closes the file in all extra sessions; rejects if the server could not store what was written. Resolves when none
   * has it open any more: Windows does not rename an open file. Idempotent.
   */
  async close(): Promise<void> {
    this.#stop();
    await Promise.all(this.#prepared.splice(0).map(async (prepared) => this.#finish(await prepared)));
  }

  /** Closes the extra sessions and discards their pending requests. */
  abandon(): void {
    this.#stop();
    for (const prepared of this.#prepared.splice(0)) void prepared.then((extra) => extra?.sftp.close());
  }

  /** Sessions that are not ready yet will not be used. */
  #stop(): void {
    this.#done?.abort();
    this.#file?.reject(this.#done?.signal.reason);
  }

  async #prepare(file: Promise<string>, signal: AbortSignal): Promise<OpenLane | undefined> {
    let sftp: SftpRequests | undefined;
    try {
      sftp = await this.#options.opener.openSftp({ spare: true, atOnce: true, signal });
      const path = await file;
      if (!this.#mayShare) throw new Error('the server may want the writes of a file on one session');
      const opening = sftp.open(path, openFlag.write);
      opening.catch(() => {});
      // Do not wait for a server that never sends its version.
      await orAborted(sftp.greeted, signal);
      const extra = { sftp, handle: await opening };
      if (this.#isUsing) {
        this.#use(extra);
        this.#added();
      } else this.#ready.push(extra);
      return extra;
    } catch {
      // Continue without this lane; closing the session also closes the file if it was opened.
      await sftp?.close();
      return undefined;
    }
  }

  #use(extra: OpenLane): void {
    const lanes = this.#lanes;
    if (this.#done?.signal.aborted || !lanes) return;
    const { flight } = this.#options;
    this.#used.push(extra);
    lanes.add(extra);
    flight.widen(lanes.count * laneCapacity, lanes.count * laneWindow);
  }

  async #finish(extra: OpenLane | undefined): Promise<void> {
    if (!extra) return;
    try {
      await extra.sftp.closeHandle(extra.handle);
      extra.sftp.release();
    } catch (error) {
      void extra.sftp.close();
      if (this.#used.includes(extra)) throw error;
    }
  }
}
