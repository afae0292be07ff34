import type { SftpHandle, SftpOpener, SftpRequests } from '../ssh2/sftp-requests.ts';
import { openFlag } from '../ssh2/sftp-wire.ts';
import type { Flight } from './flight.ts';
import { type Lanes, laneCapacity } from './lanes.ts';

/** A round trip below this many milliseconds does not limit one session. */
const longRoundTrip = 5;
/** A session that moves this much in a round trip is held by its 2 MiB window, not by the line. */
const windowBound = 1024 * 1024;
/** Files below this size are over before more sessions would help. */
const bigFile = 16 * 1024 * 1024;
const mostLanes = 8;

interface Extra {
  sftp: SftpRequests;
  handle: SftpHandle;
}

export interface LaneOptions {
  opener: SftpOpener;
  lanes: Lanes;
  flight: Flight;
  path: string;
  /** Bytes to be sent. */
  size: number;
  /** Milliseconds of a round trip, as measured so far. */
  roundTrip: number;
}

/**
 * Opens more sessions for one big upload when a single one is held back by its window, if the server's MaxSessions
 * leaves some. The sessions are opened at the start, and used only when the line turns out to carry more. Whatever
 * goes wrong with that, the transfer goes on with what it has.
 */
export class LaneOpener {
  #options: LaneOptions;
  #done: AbortController | undefined;
  #sessions: Promise<SftpRequests | undefined>[] = [];
  #extras: Extra[] = [];
  #using: Promise<unknown> | undefined;

  constructor(options: LaneOptions) {
    this.#options = options;
    const { size, roundTrip, opener } = options;
    if (size < bigFile || roundTrip < longRoundTrip) return;
    const count = Math.min(mostLanes - 1, Math.floor(size / laneCapacity));
    this.#done = new AbortController();
    const { signal } = this.#done;
    this.#sessions = Array.from({ length: count }, () =>
      opener.openSftp({ spare: true, signal }).catch(() => undefined),
    );
  }

  /** To be called now and then with the bytes that are still to be sent. */
  consider(left: number): void {
    const { flight } = this.#options;
    if (this.#using || this.#sessions.length === 0 || left < laneCapacity) return;
    if (flight.perRoundTrip < windowBound) return;
    this.#using = Promise.all(this.#sessions.map((session) => this.#use(session)));
  }

  /** Closes the files; rejects when the server could not store what was written. Idempotent. */
  async close(): Promise<void> {
    this.#done?.abort();
    await this.#using;
    await Promise.all(this.#extras.splice(0).map(({ sftp, handle }) => sftp.closeHandle(handle)));
    for (const session of this.#sessions.splice(0)) void session.then((sftp) => sftp?.release());
  }

  /** Ends the sessions with whatever is under way on them. */
  abandon(): void {
    this.#done?.abort();
    for (const session of this.#sessions.splice(0)) void session.then((sftp) => sftp?.close());
  }

  async #use(opening: Promise<SftpRequests | undefined>): Promise<void> {
    const { path, lanes, flight } = this.#options;
    const sftp = await opening;
    if (!sftp || this.#done?.signal.aborted) return;
    try {
      const handle = await sftp.open(path, openFlag.write);
      this.#extras.push({ sftp, handle });
      if (this.#done?.signal.aborted) return;
      lanes.add({ sftp, handle });
      flight.raiseCeiling(lanes.count * laneCapacity);
    } catch {
      // One lane less.
    }
  }
}
