import type { Client } from 'ssh2';
import { Chores } from '../../time/chores.ts';
import { onAbort } from '../../time/on-abort.ts';
import { atLatest, now, startTimer } from '../../time/timer.ts';
import { closeForgottenChannel, nextChannelId } from '../insides/internals.ts';
import { SessionSlots } from '../slots/session-slots.ts';
import { StartPace } from '../slots/start-pace.ts';
import { LostSignal } from '../transport/lost.ts';
import type { EarlySession } from './early-session.ts';
import { LateAnswer } from './late-answer.ts';
import { allInUse, channelTimeout, isFull, noneToSpare, notRefused, openFailed } from './open-errors.ts';
import type { HeldSlot, OpenedCallback, OpenPlan, Starter, Where } from './opening.ts';
import { pinged } from './ping.ts';
import { isKnownToTakeSeveral, mannersOf, rulesFor, type ServerManners } from './server-manners.ts';
import { SessionAhead } from './session-ahead.ts';
import type { SessionChannel } from './session-channel.ts';
import { CommandPlan, type ExecEvents, type ExecRequest } from './start-command.ts';
import { waitFor } from './wait-for.ts';

export type { OpenOptions, OpenPlan, Where } from './opening.ts';

interface LinkOptions {
  channelTimeout: number;
  maxSessions?: number | undefined;
  serverVersion?: string | undefined;
  /** Open sessions before they are needed, where the server allows it. */
  opensAhead?: boolean | undefined;
  /** With `opensAhead`: the session that was requested with the login. */
  early?: EarlySession | undefined;
  /** Clean-up work that was begun before. */
  chores?: Chores | undefined;
}

type WaitPlan = Pick<OpenPlan<unknown>, 'what' | 'signal' | 'timeout' | 'dueAt'>;
/** Why a wait in line ended. */
const noneFree = Symbol();

/** An established, authenticated connection: opens channels, and reports when it is lost. */
export class Link {
  readonly lost = new LostSignal();
  /**
   * Declared by `close()` before the end: nothing new begins from then on, and what is running cleans up after itself.
   */
  readonly leaving = new LostSignal();
  /** What the end waits for, up to a limit. */
  readonly chores: Chores;
  readonly slots: SessionSlots;
  readonly where: Where;
  /** The server's identification line. */
  readonly serverVersion: string | undefined;
  /** For use inside `ssh2/` only. */
  readonly client: Client;
  /** Milliseconds to wait for the server to answer a channel request, unless the call says otherwise. */
  readonly channelTimeout: number;
  /** Milliseconds of a round trip, as the login has shown; 0 if unknown. */
  readonly roundTrip: number;
  /** Opens sessions before they are needed; only present with `opensAhead`. */
  readonly ahead: SessionAhead | undefined;
  readonly #manners: ServerManners;
  readonly #pace: StartPace;

  constructor(client: Client, where: Where, options: LinkOptions) {
    const { serverVersion, maxSessions, channelTimeout, opensAhead, early, chores } = options;
    this.chores = chores ?? new Chores();
    this.serverVersion = serverVersion;
    this.client = client;
    this.where = where;
    this.channelTimeout = channelTimeout;
    this.roundTrip = early?.roundTrip ?? 0;
    this.#manners = mannersOf(where, serverVersion);
    this.slots = new SessionSlots(rulesFor(this.#manners, serverVersion, maxSessions));
    this.#pace = new StartPace(this.slots, serverVersion);
    if (opensAhead)
      this.ahead = new SessionAhead(client, this.slots, this.#manners, this.releaseSession, channelTimeout);
    if (early) this.ahead?.adopt(early);
  }

  /** For whoever ends a lost connection, when the server ended it: one session too many may have been the reason. */
  endedByServer(): void {
    if (this.ahead?.endedByServer()) return;
    const { open, confirmed, answerTime } = this.slots;
    if (open > 1 && open > confirmed && !answerTime.isOverdue)
      this.#manners.endedOverSecond(isKnownToTakeSeveral(this.serverVersion));
  }

  /**
   * Runs one command in a session of its own; waits in line while all of the server's MaxSessions are in use.
   *
   * @param onLate Called with the session if the server starts the command after the caller has given up. Without it,
   * the session is only closed, which does not end every command.
   */
  exec(request: ExecRequest, options: ExecEvents = {}): Promise<SessionChannel> {
    return this.openSession(new CommandPlan(this, request, options, this.ahead?.follows() ?? false));
  }

  /** Whoever opened a session calls this once, when the server has closed it. */
  readonly releaseSession = (): void => {
    this.slots.release();
  };

  /** Like `releaseSession`, for a command. */
  readonly commandEnded = (): void => {
    this.releaseSession();
    this.ahead?.ended();
  };

  /** How many may be opened at once, without those that are spoken for; less than 0 if these have to wait. */
  get spare(): number {
    return this.slots.spare - this.#pace.waiting;
  }

  /** How many may be opened now, at once or as soon as unused ones are closed. */
  get sessionsLeft(): number {
    return Math.max(0, this.spare + (this.ahead?.unused ?? 0));
  }

  /** Opens a session when MaxSessions allows it. A refused request returns to its old place in the line. */
  openSession<T>(plan: OpenPlan<T>): Promise<T> {
    return plan.limitsWait ? this.#openInTime(plan) : this.#openInTurn(plan);
  }

  async #openInTime<T>(plan: OpenPlan<T>): Promise<T> {
    const { what, timeout = this.channelTimeout } = plan;
    plan.dueAt = now() + timeout;
    try {
      return await this.#openInTurn(plan);
    } catch (error) {
      // Created here, and not by the timer, so that its stack names the caller.
      throw error === noneFree ? allInUse(this.where, what, timeout, this.slots.open) : error;
    }
  }

  async #openInTurn<T>(plan: OpenPlan<T>): Promise<T> {
    if (!this.#pace.begins(plan.takesOpenSession === true))
      await this.#wait(plan, (leave) => this.#pace.wait(leave));
    const ticket = this.slots.nextTicket();
    for (;;) {
      if (plan.takesOpenSession && this.ahead?.isEarlyFree) await this.#earlySession(this.ahead, plan);
      const takesAhead = plan.takesOpenSession && !plan.signal?.aborted;
      const ahead = takesAhead ? this.ahead?.take() : undefined;
      const isComing = takesAhead === true && !ahead && this.ahead?.isComing === true;
      const isFree = ahead !== undefined || isComing || this.slots.take();
      if (!isFree && plan.isSpare) throw noneToSpare(this.where);
      const probe = isFree ? false : await this.#slot(ticket, plan);
      const slot: HeldSlot = { ahead, isComing, isGranted: !isFree, probe, isRefused: false };
      try {
        return await this.#openInSlot(plan, slot);
      } catch (error) {
        if (!slot.isRefused || plan.isSpare) throw error;
      }
    }
  }

  /** ssh2's callback does the bookkeeping of the slot; it comes exactly once, even long after we gave up. */
  #openInSlot<T>(plan: OpenPlan<T>, slot: HeldSlot): Promise<T> {
    const { signal } = plan;
    const over = this.lost.error ?? (plan.isChore ? undefined : this.leaving.error);
    if (over || signal?.aborted) {
      if (slot.ahead) this.#forgetChannel(slot.ahead.incoming.id, slot);
      else if (slot.isGranted) this.slots.withdraw(slot.probe);
      else if (!slot.isComing) this.slots.giveBack(slot.probe);
      return Promise.reject(over ?? signal?.reason);
    }
    return this.open(plan, (client, callback) => {
      if (slot.isComing) return this.#whenOpen(client, plan, slot, callback);
      return this.#startInSlot(client, plan, slot, callback);
    });
  }

  /** Starts on a session that is being opened. Returns a function that no longer waits for it. */
  #whenOpen<T>(client: Client, plan: OpenPlan<T>, slot: HeldSlot, callback: OpenedCallback<T>): () => void {
    let giveUp = this.ahead?.expect((error, session) => {
      slot.ahead = session;
      slot.isRefused = error !== undefined;
      if (error) callback(error, undefined as T);
      else giveUp = this.#startInSlot(client, plan, slot, callback);
    });
    return () => giveUp?.();
  }

  /** Returns a function that gives up waiting for the server's answer. */
  #startInSlot<T>(
    client: Client,
    plan: OpenPlan<T>,
    slot: HeldSlot,
    callback: OpenedCallback<T>,
  ): () => void {
    const { ahead } = slot;
    if (slot.isGranted) this.slots.requested(slot.probe);
    const id = ahead ? ahead.incoming.id : nextChannelId(client);
    let isAnswered = false;
    let late: LateAnswer | undefined;
    const answered = (error: Error | undefined, value: T) => {
      isAnswered = true;
      late?.came();
      if (!error && !ahead) this.slots.accepted(slot.probe);
      else if (error && this.#isFull(error)) {
        this.ahead?.otherRefused();
        slot.isRefused = !this.slots.refused(slot.probe);
      } else if (error) this.#forgetChannel(id, slot);
      callback(error && notRefused(client, id, error), value);
    };
    try {
      if (ahead) plan.startOn?.(ahead, answered);
      else plan.start(client, answered);
    } catch (error) {
      answered(error as Error, undefined as T);
    }
    return () => {
      if (!isAnswered) late ??= new LateAnswer(this.slots, slot, this.channelTimeout);
    };
  }

  /** Whatever reason the server gives: if it has allowed other sessions, it is their number. */
  #isFull(error: Error & { reason?: unknown }): boolean {
    return isFull(error) || (typeof error.reason === 'number' && this.slots.confirmed > 0);
  }

  /** The server opened the session and refused the request on it: the session counts until it is closed. */
  #forgetChannel(id: number | undefined, slot: HeldSlot): void {
    let closed = this.releaseSession;
    const isOpen = !this.lost.error && closeForgottenChannel(this.client, id, () => closed());
    if (isOpen) closed = atLatest(this.channelTimeout, this.releaseSession);
    if (isOpen && !slot.ahead) this.slots.accepted(slot.probe);
    else if (!isOpen && slot.ahead) this.slots.release();
    else if (!isOpen) this.slots.giveBack(slot.probe);
  }

  /** Whether the server answers within `ms` milliseconds. If it does, it has read everything sent before. */
  ping(ms: number): Promise<boolean> {
    return pinged(this.client, this.lost, ms);
  }

  /**
   * Starts something on the client. Always settles: by the callback, the timeout, the signal or the end of the link.
   */
  open<T>(
    plan: OpenPlan<T>,
    start: Starter<T> = (client, callback) => void plan.start(client, callback),
  ): Promise<T> {
    const { signal, timeout = this.channelTimeout } = plan;
    const over = this.lost.error ?? (plan.isChore ? undefined : this.leaving.error);
    if (over) return Promise.reject(over);
    if (signal?.aborted) return Promise.reject(signal.reason);
    const timedOut = plan.isTraced ? undefined : channelTimeout(this.where, plan.what, timeout);
    return new Promise<T>((resolve, reject) => {
      let settled = false;
      const clean = () => {
        settled = true;
        stopTimer();
        unsubscribe();
        unsubscribeAbort?.();
      };
      let undo: (() => void) | undefined;
      const giveUp = (reason: unknown) => {
        clean();
        undo?.();
        reject(reason);
      };
      const answered: OpenedCallback<T> = (error, value) => {
        if (settled) return void (error || setImmediate(() => plan.discard(value)));
        if (error) return giveUp(this.lost.error ?? openFailed(this.where, plan.what, error));
        clean();
        resolve(value);
      };
      const unsubscribeAbort = signal && onAbort(signal, () => giveUp(signal.reason));
      const ms = plan.dueAt === undefined ? timeout : plan.dueAt - now();
      const stopTimer = startTimer(ms, () =>
        giveUp(timedOut ?? channelTimeout(this.where, plan.what, timeout)),
      );
      const unsubscribe = this.lost.onLost(giveUp);
      try {
        undo = start(this.client, answered);
      } catch (error) {
        answered(error as Error, undefined as T);
      }
    });
  }

  /** Waits for the server's answer to the request that left with the login, but not for long. */
  #earlySession(ahead: SessionAhead, plan: WaitPlan): Promise<void> {
    return this.#wait(plan, (done) => ahead.awaitEarly(done));
  }

  /** Waits in line; resolves to whether the granted session is a probe. */
  #slot(ticket: number, plan: WaitPlan): Promise<boolean> {
    return this.#wait(plan, (granted) => this.slots.acquire(ticket, granted), noneFree);
  }

  #wait<T = void>(
    plan: WaitPlan,
    begin: (done: (value: T) => void) => () => void,
    overdue?: unknown,
  ): Promise<T> {
    const { what, signal, timeout = this.channelTimeout, dueAt } = plan;
    const late = () => overdue ?? channelTimeout(this.where, what, timeout);
    return waitFor(begin, { lost: this.lost, signal, dueAt, late });
  }
}
