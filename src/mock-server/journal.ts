/** Common to all entries. */
interface JournalBase {
  /** Milliseconds since 1970. */
  time: number;
  /** Which connection, counted from 1. */
  connection: number;
}

/** Something that a client did, or that was done to it. `type` tells which; never holds a password, key or answer. */
export type JournalEntry = JournalBase & JournalEvent;

/** What an entry tells, by its `type`. */
export type JournalEvent =
  | { type: 'connect'; remotePort: number | undefined }
  | { type: 'ident'; ident: string }
  | { type: 'kex'; rekey: boolean; algorithms: { kex: string; hostKey: string; cipher: string } }
  | { type: 'auth'; username: string; method: string; accepted: boolean }
  | { type: 'ready'; username: string }
  | { type: 'channel-refused'; channelType: string; reason: number }
  | { type: 'exec'; command: string }
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

/** The list of what happened, and those who wait for something to happen. */
export class Journal {
  readonly entries: JournalEntry[] = [];
  private readonly listeners = new Set<(entry: JournalEntry) => void>();

  add(connection: number, event: JournalEvent): void {
    const entry: JournalEntry = { time: Date.now(), connection, ...event };
    this.entries.push(entry);
    // Cut in large steps: removing one from the front of a long array for every entry is slow.
    if (this.entries.length > kept * 1.2) this.entries.splice(0, this.entries.length - kept);
    for (const listener of [...this.listeners]) listener(entry);
  }

  waitFor(
    match: (entry: JournalEntry) => boolean,
    timeoutMs: number,
    closed: AbortSignal,
  ): Promise<JournalEntry> {
    const found = this.entries.find(match);
    if (found) return Promise.resolve(found);
    return new Promise((resolve, reject) => {
      const stop = (settle: () => void) => {
        clearTimeout(timer);
        this.listeners.delete(listener);
        closed.removeEventListener('abort', onClose);
        settle();
      };
      const listener = (entry: JournalEntry) => {
        if (match(entry)) stop(() => resolve(entry));
      };
      const onClose = () => stop(() => reject(new Error('the mock server was closed while waiting for it')));
      const timer = setTimeout(
        () =>
          stop(() =>
            reject(new Error(`nothing of this kind happened at the mock server in ${timeoutMs} ms`)),
          ),
        timeoutMs,
      );
      this.listeners.add(listener);
      if (closed.aborted) return onClose();
      closed.addEventListener('abort', onClose);
    });
  }
}
