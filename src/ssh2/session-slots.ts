/**
 * sshd allows MaxSessions channels of type `session` for each connection (10 unless configured) and refuses more
 * with no other word than "open failed". Commands wait here in line instead. A session counts until the server has
 * closed it, so the limit cannot be read off the client's own channels: it is learnt. A refusal lowers it to what
 * was open; a crowd that waits behind the assumed limit tries one more, and that success raises it.
 */
export class SessionSlots {
  #limit: number;
  /** A refusal at this many; no more probing upwards. */
  #ceiling = Number.POSITIVE_INFINITY;
  #open = 0;
  #probing = false;
  #waiting: Array<{ grant: () => void; cancelled: boolean }> = [];

  constructor(limit = 10, fixed = false) {
    this.#limit = limit;
    if (fixed) this.#ceiling = limit;
  }

  /** Sessions that count now. */
  get open(): number {
    return this.#open;
  }

  /** What the server is believed to allow. */
  get limit(): number {
    return this.#limit;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Calls `grant` when a session may be opened, at once if possible. Returns the way to leave the line. */
  acquire(grant: () => void, first = false): () => void {
    const entry = { grant, cancelled: false };
    if (first) this.#waiting.unshift(entry);
    else this.#waiting.push(entry);
    this.#advance();
    return () => {
      entry.cancelled = true;
      const at = this.#waiting.indexOf(entry);
      if (at !== -1) this.#waiting.splice(at, 1);
    };
  }

  /** The server opened a session. */
  accepted(): void {
    this.#probing = false;
    if (this.#open > this.#limit) this.#limit = this.#open;
    this.#advance();
  }

  /**
   * The server refused a session; its slot is free again. The limit becomes what else was open (at least 1), unless
   * the shortage is passing: a session that just ended may count for some milliseconds more.
   */
  refused(passing: boolean): void {
    this.#probing = false;
    this.#open--;
    if (passing) return;
    this.#limit = Math.max(1, Math.min(this.#limit, this.#open));
    this.#ceiling = this.#limit;
  }

  /** A session is over on both sides. */
  release(): void {
    this.#open--;
    this.#advance();
  }

  #advance(): void {
    while (this.#waiting.length > 0 && this.#mayOpen()) {
      if (this.#open >= this.#limit) this.#probing = true;
      this.#open++;
      this.#waiting.shift()?.grant();
    }
  }

  #mayOpen(): boolean {
    if (this.#open < this.#limit) return true;
    return !this.#probing && this.#open === this.#limit && this.#open < this.#ceiling;
  }
}
