import type { Client } from 'ssh2';
import { now, startTimer } from '../../time/timer.ts';
import { onClosed } from '../insides/internals.ts';
import { openBareSession } from '../insides/session-shape.ts';
import { OwnSession } from './own-session.ts';
import type { ServerManners } from './server-manners.ts';
import type { SessionSlots } from './session-slots.ts';

/** A command this soon (milliseconds) after another one has ended is likely to have a next one. */
const sequelWithin = 500;
/** How often (milliseconds) those sessions are closed that nobody needs any more. */
const period = 1_000;
/** Sessions that stay free for others, once the server's limit is known. */
const leaveForOthers = 2;
/** Refusals of what the server has allowed before: for one that was just ending. With more of them it is not worth it. */
const refusalsBorne = 3;

/**
 * Sessions that are opened while commands run, for the next ones: where one command follows another, each is then one
 * round trip instead of two. There are at most as many as commands were at work side by side of late, and they leave
 * room for as many of those. They count against MaxSessions like any other, and go as soon as somebody waits. There are
 * none on a server that is not known to take several sessions, nor on one that has refused one of them.
 */
export class SessionAhead {
  readonly #client: Client;
  readonly #slots: SessionSlots;
  readonly #release: () => void;
  readonly #manners: ServerManners;
  readonly #held: OwnSession[] = [];
  #opening = 0;
  #refusals = 0;
  /** The most sessions that were in use at once, in this period and in the last. */
  #peak = 0;
  #lastPeak = 0;
  #stopTimer: (() => void) | undefined;
  /** Commands that have ended, and were not followed by another one yet. */
  #ends = 0;
  #lastEndAt = Number.NEGATIVE_INFINITY;

  /** `release` is called when a session that was never used no longer counts on the server. */
  constructor(client: Client, slots: SessionSlots, manners: ServerManners, release: () => void) {
    this.#client = client;
    this.#slots = slots;
    this.#manners = manners;
    this.#release = release;
    slots.onCrowded(() => this.#close(this.#held.length));
  }

  /** A command has ended. */
  ended(): void {
    const at = now();
    this.#ends = at - this.#lastEndAt < sequelWithin ? this.#ends + 1 : 1;
    this.#lastEndAt = at;
  }

  /** A command begins: whether it follows one that has just ended. Of a crowd that begins at once, one does. */
  follows(): boolean {
    if (this.#ends === 0 || now() - this.#lastEndAt >= sequelWithin) return false;
    this.#ends--;
    return true;
  }

  /** Asks for one more session, unless there are enough, or others could miss it. To be called with a command at work. */
  prepare(): void {
    this.#peak = Math.max(this.#peak, this.#inUse);
    if (!this.#slots.takesSeveral || !this.#manners.takesAhead) return;
    if (this.#held.length + this.#opening >= this.#wanted || !this.#slots.take()) return;
    this.#opening++;
    const isAsked = openBareSession(this.#client, OwnSession, (error, session) => {
      this.#opening--;
      if (error) this.#refused();
      else this.#hold(session);
    });
    if (isAsked) return;
    this.#opening--;
    this.#slots.giveBack(false);
  }

  /** Whether the server has not answered yet to one that was asked for. */
  get isOpening(): boolean {
    return this.#opening > 0;
  }

  /** A session, with its slot; on it nothing has been asked for yet. */
  take(): OwnSession | undefined {
    const session = this.#held.pop();
    if (session) onClosed(session, undefined);
    return session;
  }

  get #inUse(): number {
    return this.#slots.open - this.#held.length - this.#opening;
  }

  get #recentPeak(): number {
    return Math.max(this.#peak, this.#lastPeak);
  }

  get #wanted(): number {
    return Math.min(this.#recentPeak, this.#room);
  }

  /** How many there may be without keeping commands waiting. */
  get #room(): number {
    const { limit, isLimitKnown } = this.#slots;
    return Math.max(0, limit - this.#recentPeak - (isLimitKnown ? leaveForOthers : 0));
  }

  #hold(session: OwnSession): void {
    onClosed(session, () => {
      const at = this.#held.indexOf(session);
      if (at !== -1) this.#held.splice(at, 1);
      if (this.#held.length === 0) this.#stopLooking();
      this.#release();
    });
    this.#held.push(session);
    this.#slots.accepted(false);
    if (this.#slots.waiting > 0) this.#close(1);
    else this.#stopTimer ??= startTimer(period, this.#look, false);
  }

  readonly #look = (): void => {
    this.#stopTimer = undefined;
    this.#lastPeak = this.#peak;
    this.#peak = this.#inUse;
    this.#close(this.#held.length - this.#wanted);
    if (this.#held.length > 0) this.#stopTimer = startTimer(period, this.#look, false);
  };

  #stopLooking(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  /** A server that has opened as many before has only not noticed yet that another one has ended. */
  #refused(): void {
    const wasAllowed = this.#slots.open <= this.#slots.seen;
    this.#refusals++;
    if (!wasAllowed || this.#refusals > refusalsBorne) this.#manners.refusedAhead();
    this.#slots.refused(false);
  }

  #close(count: number): void {
    for (const session of this.#held.splice(0, count)) session.close();
  }
}
