/** Common to all entries. */
export interface JournalBase {
  /** Milliseconds since 1970. */
  time: number;
  /** The connection, counted from 1. */
  connection: number;
}

/** Something a client did, or that was done to it, by `type`. Never contains a password, key or answer. */
export type JournalEntry = JournalBase & JournalEvent;

/** The fields of an entry, by `type`. */
export type JournalEvent =
  | { type: 'connect'; remotePort: number | undefined }
  | { type: 'ident'; ident: string }
  | { type: 'kex'; rekey: boolean; algorithms: { kex: string; hostKey: string; cipher: string } }
  | { type: 'auth'; username: string; method: string; accepted: boolean }
  | { type: 'ready'; username: string }
  | { type: 'channel-refused'; channelType: string; reason: number }
  | { type: 'exec'; command: string }
  | { type: 'shell'; pty?: { term: string; rows: number; cols: number } }
  | { type: 'resize'; rows: number; cols: number }
  /** A job call; its script is also recorded as `exec`. `command` is set for `start`. */
  | { type: 'job'; action: 'start' | 'look' | 'kill' | 'remove' | 'list'; id?: string; command?: string }
  | { type: 'signal'; signal: string }
  | { type: 'exit'; command: string; exitCode: number | undefined; signal: string | undefined }
  | { type: 'subsystem'; name: string }
  | { type: 'sftp'; op: string; path?: string; target?: string; offset?: number; length?: number }
  | { type: 'direct'; target: string; accepted: boolean }
  | { type: 'forward'; bind: string; accepted: boolean }
  | { type: 'forward-visitor'; bind: string }
  | { type: 'forward-closed'; bind: string }
  | { type: 'keepalive' }
  | { type: 'fault'; fault: string }
  | { type: 'disconnect'; how: string };

const kept = 50_000;

/** Someone waiting for an entry. */
interface EntryWaiter {
  match(entry: JournalEntry): boolean;
  resolve(entry: JournalEntry): void;
  reject(error: Error): void;
}

/** The list of what happened, and those who wait for something to happen. */
export class Journal {
  readonly entries: JournalEntry[] = [];
  readonly #waiters = new Set<EntryWaiter>();
  #isClosed = false;

  add(connection: number, event: JournalEvent): void {
    const entry: JournalEntry = { time: Date.now(), connection, ...event };
    this.entries.push(entry);
    // Trimmed in large steps: removing one entry at a time from the front of a long array is slow.
    if (this.entries.length > kept * 1.2) this.entries.splice(0, this.entries.length - kept);
    for (const waiter of [...this.#waiters]) if (waiter.match(entry)) waiter.resolve(entry);
  }

  waitFor(match: (entry: JournalEntry) => boolean, timeoutMs: number): Promise<JournalEntry> {
    const found = this.entries.find(match);
    if (found) return Promise.resolve(found);
    if (this.#isClosed) return Promise.reject(closedMeanwhile());
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
      };
      const waiter: EntryWaiter = {
        match,
        resolve: (entry) => {
          stop();
          resolve(entry);
        },
        reject: (error) => {
          stop();
          reject(error);
        },
      };
      const timer = setTimeout(() => waiter.reject(nothingHappened(timeoutMs)), timeoutMs);
      this.#waiters.add(waiter);
    });
  }

  /** Nothing more will happen: rejects those who wait. */
  close(): void {
    this.#isClosed = true;
    for (const waiter of [...this.#waiters]) waiter.reject(closedMeanwhile());
  }
}

function closedMeanwhile(): Error {
  return new Error('the mock server was closed, and it did not happen before');
}

function nothingHappened(timeoutMs: number): Error {
  return new Error(`nothing of this kind happened on the mock server within ${timeoutMs} ms`);
}
