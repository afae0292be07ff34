import type { SftpHandle, SftpOpener, SftpRequests } from '../../ssh2/sftp/requests.ts';
import { openFlag } from '../../ssh2/sftp/wire.ts';
import { type Latch, latch } from '../../time/latch.ts';
import { orAborted } from '../../time/on-abort.ts';
import type { Flight } from './flight.ts';
import { type Lanes, laneCapacity, laneWindow } from './lanes.ts';

/** A round trip below this many milliseconds does not limit one session. */
const longRoundTrip = 5;
/** A session that moves this much in a round trip is held by its window, not by the line. */
const windowBound = laneWindow / 2;
/** From this many milliseconds on, a window that need not wait for another is worth a session. */
const veryLongRoundTrip = 50;
/** Files of fewer sessions' bytes are over before more sessions would help. */
const worthwhile = 4;
const mostLanes = 8;

interface OpenLane {
  sftp: SftpRequests;
  handle: SftpHandle;
}

interface LaneOptions {
  opener: SftpOpener;
  flight: Flight;
  /** Bytes to be sent. */
  size: number;
  /** The session that there is: how long its round trip is, and whether its server takes a file from several. */
  first: Pick<SftpRequests, 'roundTrip' | 'writes'>;
}

/**
 * Opens more sessions for one big upload when a single one is held back by its window, if the server's MaxSessions
 * leaves some. They are opened at the start, and the file on them as soon as it is there, so that they are ready if
 * the line can carry more. If that fails, the transfer continues with what it has.
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
    // Nobody may be waiting for it.
    file.promise.catch(() => {});
    this.#file = file;
    this.#prepared = Array.from({ length: count }, () => this.#prepare(file.promise, done.signal));
  }

  /** Whether the server takes writes of one file on several sessions; for certain once it has greeted. */
  get #mayShare(): boolean {
    return this.#options.first.writes.order === 'free';
  }

  /** The file is there: it is what the sessions are for, beside the lanes that it has. `added` is called when it has more. */
  useFor(path: string, lanes: Lanes, added: () => void): void {
    this.#lanes = lanes;
    this.#added = added;
    this.#file?.resolve(path);
  }

  /** To be called now and then with the bytes that are still to be sent. */
  consider(left: number): void {
    const { flight } = this.#options;
    if (this.#isUsing || this.#prepared.length === 0 || left < laneCapacity) return;
    if (flight.perRoundTrip < windowBound) return;
    this.#isUsing = true;
    for (const extra of this.#ready.splice(0)) this.#use(extra);
  }

  /**
   * Closes the files; rejects when the server could not store what was written. Resolves when no file is open any
   * more: Windows does not rename a file that is. Idempotent.
   */
  async close(): Promise<void> {
    this.#stop();
    await Promise.all(this.#prepared.splice(0).map(async (prepared) => this.#finish(await prepared)));
  }

  /** Ends the sessions with whatever is under way on them. */
  abandon(): void {
    this.#stop();
    for (const prepared of this.#prepared.splice(0)) void prepared.then((extra) => extra?.sftp.close());
  }

  /** Whoever is not ready yet will not be used. */
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
      // A server that does not greet is not waited for.
      await orAborted(sftp.greeted, signal);
      const extra = { sftp, handle: await opening };
      if (this.#isUsing) {
        this.#use(extra);
        this.#added();
      } else this.#ready.push(extra);
      return extra;
    } catch {
      // One lane less, on which the file may have been opened meanwhile.
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
