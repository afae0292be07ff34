import type { SftpHandle, SftpRequests } from '../../ssh2/sftp/requests.ts';

/** A remote file open in one of several SFTP sessions. */
export interface Lane {
  sftp: SftpRequests;
  handle: SftpHandle;
  /** Bytes sent on this lane and not yet acknowledged. */
  unacknowledged: number;
}

/** Bytes that OpenSSH's server accepts on one session before it answers: its channel window. */
export const laneWindow = 2 * 1024 * 1024;
/** Bytes that one session may have in flight: the server's window, and as much queued behind it. */
export const laneCapacity = 2 * laneWindow;

/** Several SFTP sessions for one file. Each has its own window, and moves at most one window per round trip. */
export class Lanes {
  #lanes: Lane[] = [];

  constructor(first: { sftp: SftpRequests; handle: SftpHandle }) {
    this.add(first);
  }

  get count(): number {
    return this.#lanes.length;
  }

  get first(): Lane {
    return this.#lanes[0] as Lane;
  }

  add(lane: { sftp: SftpRequests; handle: SftpHandle }): void {
    this.#lanes.push({ ...lane, unacknowledged: 0 });
  }

  /** The lane with the fewest unacknowledged bytes. */
  get idlest(): Lane {
    return this.#lanes.reduce((best, lane) => (lane.unacknowledged < best.unacknowledged ? lane : best));
  }
}
