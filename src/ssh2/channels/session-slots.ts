import { now, startTimer } from '../../time/timer.ts';
import { AnswerTime } from './answer-time.ts';
import { JustEnded } from './just-ended.ts';
import { LimitProbe } from './limit-probe.ts';
import { RetryPace } from './retry-pace.ts';
import { type Grant, type SessionRules, type SlotWaiter, usualLimit } from './session-rules.ts';

/**
 * sshd counts a session until its process is reaped and our CLOSE has been read. For this long (milliseconds) after the
 * last session has ended, a refusal can still mean that, although no other session is open.
 */
const lagWhenAlone = 5_000;
/** Pauses (milliseconds) before another try. */
const soon = [5, 10, 20, 40, 80, 160, 250];
const later = [900];
/** How long (milliseconds) nothing must happen before a second session is tried on a server that may not allow it. */
const patience = 2_000;

/**
 * sshd allows MaxSessions channels of type `session` per connection (10 by default) and refuses more with nothing but
 * "open failed". Commands therefore wait in line here, first come, first served. The limit is learnt: a refusal lowers
 * it to the number of other open sessions, and while someone waits, one more is tried again: soon if the server has
 * been seen to allow more (it then refuses because of a session that is just ending), otherwise at ever longer
 * intervals.
 *
 * Whoever is granted a session reports `accepted` or `refused`, then `release` when an accepted session is over, or
 * `giveBack` if a granted one was never requested.
 */
export class SessionSlots {
  readonly #rules: SessionRules;
  #limit: number;
  #open = 0;
  #confirmed = 0;
  #seen = 0;
  #hasRefused = false;
  readonly #answerTime = new AnswerTime();
  readonly probe = new LimitProbe();
  /** When to try one more within what the server has been seen to allow, and one beyond that. */
  #again = new RetryPace(soon, 20, 900);
  #beyond = new RetryPace(later, 5, 10_000);
  #lastReleaseAt = Number.NEGATIVE_INFINITY;
  readonly #justEnded = new JustEnded(this.#answerTime, () => this.#advance());
  #leaving = 0;
  #tickets = 0;
  #waiting: SlotWaiter[] = [];
  #onCrowded: ReadonlyArray<() => void> = [];
  #onFree: (() => void) | undefined;
  #stopTimer: (() => void) | undefined;

  constructor(rules: SessionRules = {}) {
    this.#rules = rules;
    this.#limit = rules.most ?? rules.limit ?? (this.#isUnproven ? 1 : usualLimit);
  }

  /** Nobody knows yet whether a second session at the same time is allowed. */
  get #isUnproven(): boolean {
    const { takesSeveral, most } = this.#rules;
    return takesSeveral === false && most === undefined && this.#seen < 2 && !this.#hasRefused;
  }

  /** Sessions that count now, including those being opened. */
  get open(): number {
    return this.#open;
  }

  /** Sessions that the server has opened and that are still open. */
  get confirmed(): number {
    return this.#confirmed;
  }

  /** What the server is assumed to allow. */
  get limit(): number {
    return this.#limit;
  }

  /** The most sessions that the server has been seen to allow at once. */
  get seen(): number {
    return this.#seen;
  }

  /** Whether the limit was given, or has been found by a refusal. */
  get isLimitKnown(): boolean {
    return this.#hasRefused || this.#rules.most !== undefined;
  }

  /** Whether the server is known to allow several sessions, or has been seen to. */
  get takesSeveral(): boolean {
    return this.#rules.takesSeveral === true || this.#seen > 1;
  }

  /** Whether the server takes so long to answer that sessions are better opened before they are needed. */
  get isFar(): boolean {
    return this.takesSeveral && this.#answerTime.isFar;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** How many sessions may be opened now without making anyone wait. */
  get spare(): number {
    if (this.#waiting.length > 0 || !this.takesSeveral) return 0;
    return Math.max(0, this.#limit - this.#open);
  }

  /** A place in the line; a request that is refused comes back with the same one. */
  nextTicket(): number {
    return this.#tickets++;
  }

  /** Takes a session if one may be opened now. Returns false if there is a line, or none is free. */
  take(isRequestedNow = true): boolean {
    if (this.#waiting.length > 0 || !this.#hasFree()) return false;
    this.#opens(false, isRequestedNow);
    return true;
  }

  /**
   * Takes one session more than the server is known to allow, to learn whether it allows more; only as long as it has
   * refused none. To be reported as a probe.
   */
  takeBeyond(): boolean {
    const isFull = this.#waiting.length === 0 && !this.#hasFree();
    if (!isFull || this.isLimitKnown || !this.isFar || !this.#mayProbe()) return false;
    this.#opens(true);
    return true;
  }

  /** Calls `grant` when a session may be opened, at once if possible. Returns a function that leaves the line. */
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

  /** Calls back when someone has to wait: whoever holds an unused session should then close it. */
  onCrowded(listener: () => void): void {
    // A connection has one or two of these; `push` and a spread would allocate room for seventeen.
    this.#onCrowded = this.#onCrowded.concat(listener);
  }

  /** Calls back, until it is given undefined, when a session may be opened that nobody waits for. */
  whenFree(listener: (() => void) | undefined): void {
    this.#onFree = listener;
  }

  #opens(probe = false, isRequestedNow = true): void {
    if (isRequestedNow) this.#answerTime.asks(this.#open - this.#confirmed);
    this.#open++;
    if (probe) this.probe.begin(this.#open, this.isFar);
    this.#moved();
  }

  /** As long as sessions come and go one after another, a second one at the same time is not worth the risk. */
  #moved(): void {
    if (this.#isUnproven) this.#beyond.putOff(patience);
  }

  accepted(probe: boolean): void {
    if (this.#isUnproven && this.#confirmed > 0) this.#limit = usualLimit;
    this.#confirmed++;
    this.#answerTime.answered();
    this.#justEnded.hasOpened();
    if (probe) this.#again.reset();
    const had = Math.max(probe ? this.probe.accepted() : 0, this.#confirmed);
    if (had > this.#seen) this.#beyond.reset();
    this.#seen = Math.max(this.#seen, had);
    this.#rules.learns?.took(this.#seen);
    // What was lowered because sessions had just ended is raised again.
    if (this.#limit < this.#seen) this.#limit++;
    this.#limit = Math.max(this.#limit, had);
    this.#moved();
    this.#advance();
  }

  /**
   * The server refused the session; its slot is free again. Returns whether trying again is pointless: if no other
   * session is open or has just ended, their number was not the reason.
   */
  refused(probe: boolean): boolean {
    this.#rules.learns?.refusedBeside(this.#confirmed);
    if (probe) this.probe.end();
    else this.probe.countsOneLess();
    this.#answerTime.answered();
    this.#open--;
    const isHopeless = this.#open === 0 && now() - this.#lastReleaseAt > lagWhenAlone;
    if (isHopeless) this.#limit = Math.max(1, this.#limit);
    else this.#lower(probe);
    this.#advance();
    return isHopeless;
  }

  /** A session has ended on both sides. */
  release(): void {
    // In the packet in which this one ends, as many again may be asked for.
    if (this.#hasRefused || (this.isFar && 2 * this.#occupied > this.#limit)) this.#justEnded.add();
    this.#confirmed--;
    this.#open--;
    this.#lastReleaseAt = now();
    this.#moved();
    this.#advance();
  }

  /** A granted session was never requested. */
  giveBack(probe: boolean): void {
    if (probe) this.probe.end();
    else this.probe.countsOneLess();
    this.#answerTime.forget();
    this.#open--;
    this.#advance();
  }

  /**
   * An unused session is being closed. On a server that is not known to allow several, others wait until it is gone,
   * but not forever. Returns a function to call when it is gone, before `release`.
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

  /** A probe was one too many when it was requested; what has ended since then does not lower the limit. */
  #lower(probe: boolean): void {
    this.#hasRefused = true;
    if (this.#open < this.#seen) this.#justEnded.takesLonger();
    if (!probe) this.#limit = Math.min(this.#limit, this.#open);
    this.#pace.refused();
  }

  get #pace(): RetryPace {
    return this.#open < Math.max(1, this.#seen) ? this.#again : this.#beyond;
  }

  #advance(): void {
    while (this.#waiting.length > 0) {
      const probe = !this.#hasFree();
      if (probe && (this.#justEnded.count > 0 || !this.#mayProbe())) return this.#waitForPace();
      this.#opens(probe);
      this.#waiting.shift()?.grant(probe);
    }
    this.#stopWaiting();
    if (this.#onFree && this.#hasFree()) this.#onFree();
  }

  /** Sessions that the server may still count. */
  get #occupied(): number {
    return this.#open + this.#justEnded.count;
  }

  #hasFree(): boolean {
    return !this.#isHeldUp() && this.#occupied < this.#limit;
  }

  #mayProbe(): boolean {
    const { most = Infinity } = this.#rules;
    if (this.#open >= most || this.#isHeldUp() || !this.#pace.isDue) return false;
    return this.probe.mayBegin(this.isFar && !this.isLimitKnown);
  }

  #isHeldUp(): boolean {
    return this.#leaving > 0 && !this.takesSeveral;
  }

  /** If something else holds up the line, it calls `#advance` when it is over. */
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
