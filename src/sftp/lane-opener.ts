import type { SftpHandle, SftpOpener, SftpRequests } from '../ssh2/sftp-requests.ts';
import { openFlag } from '../ssh2/sftp-wire.ts';
import type { Flight } from './flight.ts';
import { type Lanes, laneCapacity } from './lanes.ts';

/** A round trip below this many milliseconds does not limit one session. */
const longRoundTrip = 5;
/** A session that moves this much in a round trip is held by its 2 MiB window, not by the line. */
const windowBound = 1024 * 1024;
const mostLanes = 6;

interface Extra {
  sftp: SftpRequests;
  handle: SftpHandle;
}

/**
 * Opens more sessions for one big upload when a single one is held back by its window, if the server's MaxSessions
 * leaves some. Whatever goes wrong with that, the transfer goes on with what it has.
 */
export class LaneOpener {
  #opener: SftpOpener;
  #lanes: Lanes;
  #flight: Flight;
  #path: string;
  #asked = false;
  #done = new AbortController();
  #extras: Extra[] = [];
  #opening: Promise<unknown> = Promise.resolve();

  constructor(opener: SftpOpener, lanes: Lanes, flight: Flight, path: string) {
    this.#opener = opener;
    this.#lanes = lanes;
    this.#flight = flight;
    this.#path = path;
  }

  /** To be called now and then with the bytes that are still to be sent. */
  consider(left: number): void {
    if (this.#asked || this.#flight.roundTrip < longRoundTrip || this.#flight.perRoundTrip < windowBound)
      return;
    const useful = Math.floor(left / (2 * laneCapacity));
    if (useful < 1) return;
    this.#asked = true;
    const count = Math.min(mostLanes - 1, useful);
    this.#opening = Promise.all(Array.from({ length: count }, () => this.#open().catch(() => {})));
  }

  /** Closes the extra sessions; rejects when the server could not store what they wrote. */
  async close(): Promise<void> {
    this.#done.abort();
    await this.#opening;
    const closing = this.#extras.map(async ({ sftp, handle }) => {
      try {
        await sftp.closeHandle(handle);
      } finally {
        void sftp.close();
      }
    });
    await Promise.all(closing);
  }

  async #open(): Promise<void> {
    const sftp = await this.#opener.openSftp({ spare: true, signal: this.#done.signal });
    try {
      const handle = await sftp.open(this.#path, openFlag.write);
      if (this.#done.signal.aborted) throw this.#done.signal.reason;
      this.#extras.push({ sftp, handle });
      this.#lanes.add({ sftp, handle });
      this.#flight.raiseCeiling(this.#lanes.count * laneCapacity);
    } catch (error) {
      void sftp.close();
      throw error;
    }
  }
}
