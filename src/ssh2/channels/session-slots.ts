import { now } from '../../time/timer.ts';

/** Called when a session may be opened; `probe` when it is one more than the server is known to allow. */
export type Grant = (probe: boolean) => void;

interface Waiter {
  ticket: number;
  grant: Grant;
}

/** After a refusal, how long the limit is believed before one more session is tried again; milliseconds. */
const beliefTime = 60_000;

/**
 * sshd allows MaxSessions channels of type `session` for each connection (10 unless configured) and refuses more
 * with no other word than "open failed". Commands wait here in line instead, first come first served. The limit is
 * learnt: a refusal lowers it to what else was open; a crowd that waits behind it tries one more, and that success
 * raises it.
 *
 * Who was granted a session reports `accepted` or `refused`, and `release` when an accepted one is over (or when a
 * granted one was never asked for).
 */
export class SessionSlots {
  #limit: number;
  #open = 0;
  #probing = false;
  /** What was open, with the probe, when that was asked for. */
  #probed = 0;
  #probeAfter = Number.NEGATIVE_INFINITY;
  #tickets = 0;
  #waiting: Waiter[] = [];
  #onCrowded: Array<() => void> = [];

  /** `fixed`: `limit` was given by the user, so nothing beyond it is tried. */
  constructor(limit = 10, fixed = false) {
    this.#limit = limit;
    if (fixed) this.#probeAfter = Number.POSITIVE_INFINITY;
  }

  /** Sessions that count now, those that are being opened included. */
  get open(): number {
    return this.#open;
  }

  /** What the server is believed to allow. */
  get limit(): number {
    return this.#limit;
  }

  /** Whether the limit was given, or the server has shown it of late. */
  get isLimitKnown(): boolean {
    return now() < this.#probeAfter;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Sessions that may be opened now without keeping anybody waiting. */
  get spare(): number {
    return this.#waiting.length > 0 ? 0 : Math.max(0, this.#limit - this.#open);
  }

  /** A place in the line; who is refused comes back with the same one. */
  nextTicket(): number {
    return this.#tickets++;
  }

  /** Takes a session that may be opened now; false when there is a line, or the limit is reached. */
  take(): boolean {
    if (this.#waiting.length > 0 || this.#open >= this.#limit) return false;
    this.#open++;
    return true;
  }

  /** Takes one more than the server is known to allow, for use some time, as a try; it may be refused, or tried already. */
  takeProbe(): boolean {
    if (this.#waiting.length > 0 || !this.#mayProbe()) return false;
    this.#beginProbe();
    return true;
  }

  /** Calls `grant` when a session may be opened, at once if possible. Returns the way to leave the line. */
  acquire(ticket: number, grant: Grant): () => void {
    const waiter = { ticket, grant };
    const behind = this.#waiting.findIndex((other) => other.ticket > ticket);
    this.#waiting.splice(behind === -1 ? this.#waiting.length : behind, 0, waiter);
    this.#advance();
    if (this.#waiting.includes(waiter)) for (const listener of this.#onCrowded) listener();
    return () => {
      const at = this.#waiting.indexOf(waiter);
      if (at !== -1) this.#waiting.splice(at, 1);
    };
  }

  /** Calls back when somebody has to wait: who holds a session without using it should let it go. */
  onCrowded(listener: () => void): void {
    this.#onCrowded.push(listener);
  }

  /** The server opened the session. */
  accepted(probe: boolean): void {
    if (probe) {
      this.#probing = false;
      // What has ended since then had not when the server decided: it reads our messages in order.
      this.#limit = Math.max(this.#limit, this.#probed);
    }
    this.#advance();
  }

  /**
   * The server refused the session, and not because another one was just ending. Its slot is free again. Returns
   * whether no other session was open: then it was not MaxSessions, and teaches nothing.
   */
  refused(probe: boolean): boolean {
    if (probe) this.#probing = false;
    this.#open--;
    // A probe was one too many when it was asked for, whatever has ended since: the limit is right.
    const isAlone = !probe && this.#open === 0;
    if (!isAlone) {
      if (!probe) this.#limit = Math.min(this.#limit, this.#open);
      this.#probeAfter = Math.max(this.#probeAfter, now() + beliefTime);
    }
    this.#advance();
    return isAlone;
  }

  /** A session is over on both sides, or was never asked for. */
  release(probe = false): void {
    if (probe) this.#probing = false;
    this.#open--;
    this.#advance();
  }

  #advance(): void {
    while (this.#waiting.length > 0) {
      const probe = this.#open >= this.#limit;
      if (probe && !this.#mayProbe()) return;
      if (probe) this.#beginProbe();
      else this.#open++;
      this.#waiting.shift()?.grant(probe);
    }
  }

  #beginProbe(): void {
    this.#probing = true;
    this.#open++;
    this.#probed = this.#open;
  }

  #mayProbe(): boolean {
    return !this.#probing && this.#open === this.#limit && !this.isLimitKnown;
  }
}
