import { now, startTimer } from '../../time/timer.ts';
import { RetryPace } from './retry-pace.ts';

/** Called when a session may be opened; `probe` when it is one more than the server is known to allow. */
type Grant = (probe: boolean) => void;

interface SlotWaiter {
  ticket: number;
  grant: Grant;
}

export interface SessionRules {
  /** What the server is believed to allow at first. */
  limit?: number | undefined;
  /** Given by the user: nothing beyond it is tried. */
  most?: number | undefined;
  /**
   * Whether the server is known to take several sessions of one connection. Some devices end the connection over a
   * second one, so where this is false there is one at a time until a second has been tried and taken.
   */
  takesSeveral?: boolean | undefined;
}

/** What sshd allows unless configured otherwise. */
const usualLimit = 10;
/**
 * sshd counts a session until its process is reaped and our CLOSE is read. This long (milliseconds) after the last one
 * has ended, a refusal although no other is open can still mean that.
 */
const lagWhenAlone = 5_000;
const longestSettleTime = 20;
/** Pauses (milliseconds) before another try. */
const soon = [5, 10, 20, 40, 80, 160, 250];
const later = [900];
/** How long (milliseconds) nothing moves before a second session is tried on a server that may not take it. */
const patience = 2_000;

/**
 * sshd allows MaxSessions channels of type `session` for each connection (10 unless configured) and refuses more
 * with no other word than "open failed". Commands wait here in line instead, first come first served. The limit is
 * learnt: a refusal lowers it to what else was open, and while somebody waits, one more is tried again: soon where the
 * server has been seen to allow more (what it refuses then is a session that is just ending), else ever more rarely.
 *
 * Who was granted a session reports `accepted` or `refused`, and `release` when an accepted one is over, or `giveBack`
 * when a granted one was never asked for.
 */
export class SessionSlots {
  readonly #rules: SessionRules;
  #limit: number;
  #open = 0;
  #confirmed = 0;
  #seen = 0;
  #hasRefused = false;
  #probing = false;
  /** When one more is tried that the server has been seen to allow, and when one more than that. */
  #again = new RetryPace(soon, 20, 900);
  #beyond = new RetryPace(later, 5, 10_000);
  #lastReleaseAt = Number.NEGATIVE_INFINITY;
  /** A session has just ended: the server could read the next request before it has noticed. */
  #settling = false;
  /** How long (milliseconds) that is taken to last; learnt from its refusals. */
  #settleTime = 0;
  #leaving = 0;
  #tickets = 0;
  #waiting: SlotWaiter[] = [];
  #onCrowded: Array<() => void> = [];
  #stopTimer: (() => void) | undefined;

  constructor(rules: SessionRules = {}) {
    this.#rules = rules;
    this.#limit = rules.most ?? rules.limit ?? (this.#isUnproven ? 1 : usualLimit);
  }

  /** Nobody knows whether a second session at once is taken. */
  get #isUnproven(): boolean {
    const { takesSeveral, most } = this.#rules;
    return takesSeveral === false && most === undefined && this.#seen < 2 && !this.#hasRefused;
  }

  /** Sessions that count now, those that are being opened included. */
  get open(): number {
    return this.#open;
  }

  /** Sessions that the server has opened. */
  get confirmed(): number {
    return this.#confirmed;
  }

  /** What the server is believed to allow. */
  get limit(): number {
    return this.#limit;
  }

  /** The most sessions that the server has been seen to allow at once. */
  get seen(): number {
    return this.#seen;
  }

  /** Whether the limit was given, or the server has shown it. */
  get isLimitKnown(): boolean {
    return this.#hasRefused || this.#rules.most !== undefined;
  }

  /** Whether the server is known to take several sessions, or has shown it. */
  get takesSeveral(): boolean {
    return this.#rules.takesSeveral === true || this.#seen > 1;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Sessions that may be opened now without keeping anybody waiting, beside one that is needed. */
  get spare(): number {
    if (this.#waiting.length > 0 || !this.takesSeveral) return 0;
    return Math.max(0, this.#limit - this.#open);
  }

  /** A place in the line; who is refused comes back with the same one. */
  nextTicket(): number {
    return this.#tickets++;
  }

  /** Takes a session that may be opened now; false when there is a line, or the limit is reached. */
  take(): boolean {
    if (this.#waiting.length > 0 || !this.#hasFree()) return false;
    this.#opens();
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
      if (this.#waiting.length === 0) this.#stopWaiting();
    };
  }

  /** Calls back when somebody has to wait: who holds a session without using it should let it go. */
  onCrowded(listener: () => void): void {
    // One or two of them for a connection; a push would make room for seventeen.
    this.#onCrowded = [...this.#onCrowded, listener];
  }

  #opens(): void {
    this.#open++;
    this.#moved();
  }

  /** As long as sessions come and go one after another, a second one at once is not worth the risk. */
  #moved(): void {
    if (this.#isUnproven) this.#beyond.putOff(patience);
  }

  /** The server opened the session. */
  accepted(probe: boolean): void {
    if (this.#isUnproven && this.#confirmed > 0) this.#limit = usualLimit;
    this.#confirmed++;
    this.#settleTime *= 0.95;
    if (probe) this.#probing = false;
    if (probe) this.#again.reset();
    if (this.#confirmed > this.#seen) this.#beyond.reset();
    this.#seen = Math.max(this.#seen, this.#confirmed);
    this.#limit = Math.max(this.#limit, this.#confirmed);
    this.#moved();
    this.#advance();
  }

  /**
   * The server refused the session; its slot is free again. Returns whether another try is hopeless: no other session
   * is open or has just ended, so it was not for their number.
   */
  refused(probe: boolean): boolean {
    if (probe) this.#probing = false;
    this.#open--;
    const isHopeless = this.#open === 0 && now() - this.#lastReleaseAt > lagWhenAlone;
    if (isHopeless) this.#limit = Math.max(1, this.#limit);
    else this.#lower(probe);
    this.#advance();
    return isHopeless;
  }

  /** A session is over on both sides. */
  release(): void {
    this.#confirmed--;
    this.#open--;
    this.#lastReleaseAt = now();
    this.#moved();
    if (this.#hasRefused && !this.#settling) this.#settle();
    this.#advance();
  }

  #settle(): void {
    this.#settling = true;
    const settled = () => {
      this.#settling = false;
      this.#advance();
    };
    // At least until our CLOSE has left alone.
    if (this.#settleTime < 1) setImmediate(settled);
    else startTimer(this.#settleTime, settled, false);
  }

  /** A granted session was never asked for. */
  giveBack(probe: boolean): void {
    if (probe) this.#probing = false;
    this.#open--;
    this.#advance();
  }

  /**
   * A session is being closed that nobody uses any more: on a server that is not known to take several, others wait
   * until it is gone, but not for ever. Returns what to call when it is, before `release`.
   */
  leave(): () => void {
    this.#leaving++;
    let isLeaving = true;
    const leave = () => {
      stopTimer();
      if (isLeaving) this.#leaving--;
      isLeaving = false;
      this.#advance();
    };
    const stopTimer = startTimer(lagWhenAlone, leave, false);
    return leave;
  }

  /** A probe was one too many when it was asked for; what has ended since then does not make the limit lower. */
  #lower(probe: boolean): void {
    this.#hasRefused = true;
    if (this.#open < this.#seen) this.#settleTime = Math.min(longestSettleTime, 2 * this.#settleTime + 1);
    if (!probe) this.#limit = Math.min(this.#limit, this.#open);
    this.#pace.refused();
  }

  get #pace(): RetryPace {
    return this.#open < Math.max(1, this.#seen) ? this.#again : this.#beyond;
  }

  #advance(): void {
    while (this.#waiting.length > 0) {
      const probe = !this.#hasFree();
      if (probe && !this.#mayProbe()) return this.#waitForPace();
      if (probe) this.#probing = true;
      this.#opens();
      this.#waiting.shift()?.grant(probe);
    }
    this.#stopWaiting();
  }

  #hasFree(): boolean {
    return !this.#isHeldUp() && this.#open < this.#limit;
  }

  #mayProbe(): boolean {
    if (this.#probing || this.#isHeldUp() || this.#open >= (this.#rules.most ?? Infinity)) return false;
    return this.#pace.isDue;
  }

  #isHeldUp(): boolean {
    if (this.#leaving > 0 && !this.takesSeveral) return true;
    return this.#settling && this.#open + 1 >= this.#limit;
  }

  /** Whatever else holds the line up calls `#advance` when it is over. */
  #waitForPace(): void {
    this.#stopWaiting();
    const { isDue, ms } = this.#pace;
    if (isDue) return;
    this.#stopTimer = startTimer(ms, () => this.#advance());
  }

  #stopWaiting(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }
}
