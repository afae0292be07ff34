import type { Client } from 'ssh2';
import { atLatest, now, startTimer } from '../../time/timer.ts';
import { hastenFirstChannel } from '../insides/ahead/first-channel.ts';
import { openBareSession } from '../insides/session-shape.ts';
import type { SessionSlots } from '../slots/session-slots.ts';
import { type EarlyAnswer, type EarlySession, farByLogin } from './early-session.ts';
import { OwnSession } from './own-session.ts';
import { period, RecentPeak } from './recent-peak.ts';
import type { ServerManners } from './server-manners.ts';

/** A command that begins this soon (milliseconds) after another has ended is likely to be followed by one more. */
const sequelWithin = 500;
/** So many commands at a time are seldom the last. */
const many = 4;
/** How many sessions are left for others, once the server's limit is known, where the server is near. */
const leaveForOthers = 2;
/** How many refusals in a row are tolerated of a server that has allowed several: one that had just ended may still count. */
const refusalsBorne = 3;

type Expecting = (error: Error | undefined, session?: OwnSession) => void;

/**
 * Opens sessions for the next commands while others run, so that each command of a sequence takes one round trip
 * instead of two. There are at most as many as commands recently ran at the same time, and they leave room for as many
 * commands again. They count against MaxSessions like any other, and are closed as soon as someone has to wait. None
 * are opened on a server that is not known to allow several sessions, or that has refused one opened ahead.
 */
export class SessionAhead {
  readonly #client: Client;
  readonly #slots: SessionSlots;
  readonly #release: () => void;
  readonly #closeTimeout: number;
  readonly #manners: ServerManners;
  readonly #held: OwnSession[] = [];
  #opening = 0;
  /** Commands that wait for sessions that are being opened. */
  readonly #expecting: Expecting[] = [];
  /** Those that there was no room for. */
  #missing = 0;
  #refusals = 0;
  /** Of sessions in use. Those that are no longer needed are closed once a period. */
  readonly #peak = new RecentPeak();
  #stopTimer: (() => void) | undefined;
  /** Commands that have ended and have not been followed by another yet. */
  #ends = 0;
  #lastEndAt = Number.NEGATIVE_INFINITY;
  /** Whether the request that left with the login is unanswered, and who waits for the answer. */
  #isEarlyComing = false;
  #onEarly: (() => void) | undefined;
  /** Whether a session that is opened with the first of many commands is worth it. */
  #isFar = false;

  /** `release` is called when a session that was never used no longer counts on the server; see `OwnSession.begin`. */
  constructor(
    client: Client,
    slots: SessionSlots,
    manners: ServerManners,
    release: () => void,
    closeTimeout: number,
  ) {
    this.#closeTimeout = closeTimeout;
    this.#client = client;
    this.#slots = slots;
    this.#manners = manners;
    this.#release = release;
    slots.onCrowded(() => this.#close(this.#held.length));
  }

  ended(): void {
    const at = now();
    this.#ends = at - this.#lastEndAt < sequelWithin ? this.#ends + 1 : 1;
    this.#lastEndAt = at;
  }

  /**
   * Called when a command begins: returns whether it follows one that has just ended. Each end counts for one command.
   */
  follows(): boolean {
    if (this.#ends === 0 || now() - this.#lastEndAt >= sequelWithin) return false;
    this.#ends--;
    return true;
  }

  /**
   * Requests one more session, unless there are enough or others might miss it. Call it while a command is running.
   * `isSequel`: the command follows another. If it does not, it has to be one of many, and the server far away; then
   * none is requested beyond the known limit.
   */
  prepare(isSequel = true): void {
    if (!isSequel && (!this.#isFar || this.#inUse < many)) return;
    this.#peak.note(this.#inUse);
    if (!this.#slots.takesSeveral || !this.#manners.takesAhead) return;
    const enough = this.#wanted;
    const has = this.#held.length + this.#opening - this.#expecting.length;
    if (has < enough && this.#slots.take()) this.#request(false);
    else if (!isSequel) return;
    else if (has < this.#peak.value && this.#manners.takesMore && this.#slots.takeBeyond())
      this.#request(true);
    else if (has < enough) this.#catchUpLater(enough - has);
  }

  /** `probe`: it is one more than the server is known to allow. */
  #request(probe: boolean): void {
    this.#opening++;
    const isAsked = openBareSession(this.#client, OwnSession, (error, session) => {
      this.#opening--;
      if (!error) return this.#opened(session, probe);
      this.#refused(probe);
      if (this.#expecting.length > this.#coming) this.#expecting.pop()?.(error);
    });
    if (isAsked) return;
    this.#opening--;
    this.#slots.giveBack(probe);
  }

  /**
   * Takes over what the login has brought: how far the server is, and the session that was requested with it, if there is
   * one. It counts like any other.
   */
  adopt(early: EarlySession): void {
    this.#isFar = early.roundTrip >= farByLogin;
    if (!early.isComing || !this.#slots.take(false)) return;
    this.#opening++;
    this.#isEarlyComing = true;
    early.adopt((answer) => this.#earlyAnswered(answer));
  }

  /** Whether nobody waits for that answer either. */
  get isEarlyFree(): boolean {
    return this.#isEarlyComing && !this.#onEarly;
  }

  /** Calls back when that session can be taken, or does not come. Returns a function that gives up waiting. */
  awaitEarly(done: () => void): () => void {
    this.#onEarly = done;
    return () => {
      if (this.#onEarly === done) this.#onEarly = undefined;
    };
  }

  /** There was no room for it, because sessions have only just ended. */
  #catchUpLater(atMost: number): void {
    this.#missing = Math.min(this.#missing + 1, atMost);
    this.#slots.whenFree(this.#catchUp);
  }

  readonly #catchUp = (): void => {
    this.#slots.whenFree(undefined);
    const missing = this.#missing;
    this.#missing = 0;
    for (let n = 0; n < missing && this.#inUse > 0; n++) this.prepare();
  };

  /** Sessions that are open and wait for a command. */
  get unused(): number {
    return this.#held.length;
  }

  /** Returns whether a session that nobody needed yet may have been why the server ended the connection. */
  endedByServer(): boolean {
    if (this.#isEarlyComing) this.#manners.endedOverEarly();
    else if (this.#opening > 0 && !this.#slots.answerTime.isOverdue) this.#manners.endedOverAhead();
    return this.#opening > 0;
  }

  /** The server has refused a session that somebody needed. If an unused one is all that is open, it was in the way. */
  otherRefused(): void {
    const isInTheWay = this.#held.length === 1 && this.#slots.confirmed === 1;
    if (isInTheWay && !this.#manners.takesSeveral) this.#manners.refusedAhead();
  }

  /**
   * Hands over an unused session with its slot. One on which the server has already said something is closed instead: its
   * words would pass for the command's.
   */
  take(): OwnSession | undefined {
    for (let session = this.#held.pop(); session; session = this.#held.pop()) {
      if (session.isUntouched) {
        session.onUnusedClosed = undefined;
        return session;
      }
      this.#closeUnused(session);
    }
    return undefined;
  }

  #earlyAnswered(answer: EarlyAnswer): void {
    const onEarly = this.#onEarly;
    this.#onEarly = undefined;
    this.#isEarlyComing = false;
    this.#opening--;
    if (answer === 'refused') this.#refused(false);
    else if (answer === undefined) this.#slots.giveBack(false);
    else {
      this.#slots.accepted(false);
      this.#hold(answer, onEarly !== undefined);
    }
    if (onEarly) onEarly();
    else if (answer !== undefined) hastenFirstChannel(this.#client);
  }

  /** Whether a session is being opened that no command waits for. It will be there sooner than one requested now. */
  get isComing(): boolean {
    return this.#coming > this.#expecting.length;
  }

  /** Waits for the next session that is coming; `done` gets it with its slot. Returns a function that gives up waiting. */
  expect(done: Expecting): () => void {
    this.#expecting.push(done);
    return () => {
      const at = this.#expecting.indexOf(done);
      if (at !== -1) this.#expecting.splice(at, 1);
    };
  }

  /** Without the one that left with the login, which has a line of its own. */
  get #coming(): number {
    return this.#opening - (this.#isEarlyComing ? 1 : 0);
  }

  get #inUse(): number {
    return this.#slots.open - this.#held.length - this.#opening + this.#expecting.length;
  }

  get #wanted(): number {
    return Math.min(this.#peak.value, this.#room);
  }

  /** How many there may be without making commands wait. */
  get #room(): number {
    const { limit, isLimitKnown, isFar } = this.#slots;
    return Math.max(0, limit - this.#peak.value - (isLimitKnown && !isFar ? leaveForOthers : 0));
  }

  #opened(session: OwnSession, probe: boolean): void {
    this.#refusals = 0;
    this.#slots.accepted(probe);
    const expecting = this.#expecting.shift();
    if (expecting) expecting(undefined, session);
    else this.#hold(session);
    // A command had to wait, or it is known now that there may be more: twice as many in each round trip.
    if (expecting || probe) this.prepare();
    if (probe) this.prepare();
  }

  #hold(session: OwnSession, isWanted = false): void {
    session.onUnusedClosed = this.#isClosed;
    this.#held.push(session);
    if (this.#slots.waiting > 0 && !isWanted) this.#close(1);
    else this.#stopTimer ??= startTimer(period, this.#look, false);
  }

  /** One for all sessions: with one of its own each would hold the one before it until a full collection of garbage. */
  readonly #isClosed = (session: object): void => {
    const at = this.#held.indexOf(session as OwnSession);
    if (at !== -1) this.#held.splice(at, 1);
    else this.#slots.probe.unusedEnded();
    if (this.#held.length === 0) this.#stopLooking();
    this.#release();
  };

  readonly #look = (): void => {
    this.#stopTimer = undefined;
    this.#peak.next(this.#inUse);
    this.#close(this.#held.length - this.#wanted);
    if (this.#held.length > 0) this.#stopTimer = startTimer(period, this.#look, false);
  };

  #stopLooking(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  /** A server that has had several open has reached its limit, or has not noticed yet that another one has ended. */
  #refused(probe: boolean): void {
    if (probe) this.#manners.refusedMore();
    else if (this.#slots.seen < 2 || ++this.#refusals > refusalsBorne) this.#manners.refusedAhead();
    this.#slots.refused(probe);
  }

  #close(count: number): void {
    for (const session of this.#held.splice(0, count)) this.#closeUnused(session);
  }

  #closeUnused(session: OwnSession): void {
    this.#slots.probe.endsUnused();
    session.close();
    session.onUnusedClosed = atLatest(this.#closeTimeout, () => this.#isClosed(session));
  }
}
