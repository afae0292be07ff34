import { now, startTimer } from '../../time/timer.ts';
import { AnswerTime } from './answer-time.ts';
import { GoingSessions } from './going-sessions.ts';
import { JustEnded } from './just-ended.ts';
import { LimitProbe } from './limit-probe.ts';
import { later, RetryPace, soon } from './retry-pace.ts';
import { type Grant, lagWhenAlone, patience, type SessionRules, usualLimit } from './session-rules.ts';
import { WaitingLine } from './waiting-line.ts';

/**
 * sshd allows MaxSessions channels of type `session` per connection (10 by default) and refuses more with nothing but
 * "open failed". Commands therefore wait in line here, first come, first served. The limit is learnt: a refusal lowers
 * it to the number of other open sessions, and while someone waits, one more is tried again: soon if the server has
 * been seen to allow more (it then refuses because of a session that is just ending), otherwise at ever longer
 * intervals.
 *
 * Whoever takes a session requests it at once; whoever was granted one says when: `requested`, or `withdraw`. Then comes
 * `accepted`, `refused`, or `giveBack` if there was no answer, and `release` when an accepted session is over.
 */
export class SessionSlots {
  readonly #rules: SessionRules;
  #limit: number;
  #open = 0;
  /** Those of them that were granted and have not been requested yet. */
  #unasked = 0;
  #confirmed = 0;
  #seen = 0;
  #hasRefused = false;
  readonly answerTime = new AnswerTime();
  readonly probe = new LimitProbe();
  /** When to try one more within what the server has been seen to allow, and one beyond that. */
  #again = new RetryPace(soon, 20, 900);
  #beyond = new RetryPace(later, 5, 10_000);
  #lastReleaseAt = Number.NEGATIVE_INFINITY;
  readonly #justEnded = new JustEnded(this.answerTime, () => this.#advance());
  readonly #going = new GoingSessions();
  readonly #waiting = new WaitingLine();
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
    return this.takesSeveral && this.answerTime.isFar;
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
    return this.#waiting.nextTicket();
  }

  /** Takes a session if one may be opened now. Returns false if there is a line, or none is free. */
  take(isRequestedNow = true): boolean {
    if (this.#waiting.length > 0 || !this.#hasFree()) return false;
    this.#opens();
    if (isRequestedNow) this.#asks(false);
    return true;
  }

  /**
   * Takes one session more than the server is known to allow, to learn whether it allows more; only as long as it has
   * refused none. To be reported as a probe.
   */
  takeBeyond(): boolean {
    const isFull = this.#waiting.length === 0 && !this.#hasFree();
    if (!isFull || this.isLimitKnown || !this.isFar || !this.#mayProbe(this.#pace.ms)) return false;
    this.#opens();
    this.#asks(true);
    return true;
  }

  /** Calls `grant` when a session may be opened, at once if possible. Returns a function that leaves the line. */
  acquire(ticket: number, grant: Grant): () => void {
    const waiter = this.#waiting.join(ticket, grant);
    this.#advance();
    if (this.#waiting.has(waiter)) for (const listener of this.#onCrowded) listener();
    return () => {
      this.#waiting.leave(waiter);
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

  #opens(): void {
    this.#open++;
    this.#moved();
  }

  /** One that was granted is requested now. */
  requested(probe: boolean): void {
    this.#unasked--;
    if (probe) this.probe.withdraw();
    this.#asks(probe);
  }

  /** One that was granted will not be requested. */
  withdraw(probe: boolean): void {
    this.#unasked--;
    this.#open--;
    if (probe) this.probe.withdraw();
    this.#advance();
  }

  #asks(probe: boolean): void {
    const asked = this.#open - this.#unasked;
    this.answerTime.asks(asked - 1 - this.#confirmed);
    if (probe) this.probe.begin(asked, this.isFar);
  }

  /** As long as sessions come and go one after another, a second one at the same time is not worth the risk. */
  #moved(): void {
    if (this.#isUnproven) this.#beyond.putOff(patience);
  }

  accepted(probe: boolean): void {
    if (this.#isUnproven && this.#confirmed > 0) this.#limit = usualLimit;
    this.#confirmed++;
    this.answerTime.answered();
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
    this.answerTime.answered();
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

  /** A session was not requested after all, or the request was not answered. */
  giveBack(probe: boolean): void {
    if (probe) this.probe.end();
    else this.probe.countsOneLess();
    this.answerTime.forget();
    this.#open--;
    this.#advance();
  }

  /** A request is answered after its slot was freed. `isOpen`: it was made on a session that was open already. */
  countsAgain(isOpen: boolean): void {
    if (isOpen) this.#confirmed++;
    this.#opens();
  }

  /**
   * An unused session is being closed. On a server that is not known to allow several, others wait until it is gone,
   * but not forever. Returns a function to call when it is gone, before `release`.
   */
  leave(): () => void {
    return this.#going.add(lagWhenAlone, () => this.#advance());
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
      const { ms } = this.#pace; // Looked at once: if it is over the next time, nobody would look again.
      if (probe && (this.#justEnded.count > 0 || !this.#mayProbe(ms))) return this.#waitForPace(ms);
      this.#opens();
      this.#unasked++;
      if (probe) this.probe.reserve();
      this.#waiting.next()?.grant(probe);
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

  /** `ms`: how long the pace still takes. */
  #mayProbe(ms: number): boolean {
    const { most = Infinity } = this.#rules;
    if (this.#open >= most || this.#isHeldUp() || ms > 0) return false;
    return this.probe.mayBegin(this.isFar && !this.isLimitKnown);
  }

  #isHeldUp(): boolean {
    return this.#going.count > 0 && !this.takesSeveral;
  }

  /** If something else holds up the line, it calls `#advance` when it is over. */
  #waitForPace(ms: number): void {
    this.#stopWaiting();
    if (ms > 0) this.#stopTimer = startTimer(ms, () => this.#advance());
  }

  #stopWaiting(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }
}
