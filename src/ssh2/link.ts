import type { Client, PseudoTtyOptions } from 'ssh2';
import { latch } from '../time/latch.ts';
import { onAbort, type Stoppable } from '../time/on-abort.ts';
import { now, startTimer } from '../time/timer.ts';
import {
  behindFirstRequest,
  closeForgottenChannel,
  expectGlobalReply,
  nextChannelId,
  protocolOf,
} from './internals.ts';
import { LostSignal } from './lost.ts';
import { channelTimeout, isFull, openFailed } from './open-errors.ts';
import { type SessionChannel, wrapSession } from './session-channel.ts';
import { SessionSlots } from './session-slots.ts';

/** Where a connection leads, for messages. */
export interface Where {
  host: string;
  port: number;
  hop?: string | undefined;
}

/** Options of `Connection.openStream`. */
export interface OpenOptions {
  /** Stops the opening; the promise rejects with `signal.reason`. */
  signal?: AbortSignal | undefined;
  /** Milliseconds for the server's answer; the connection's `timeouts.channel` by default. */
  timeout?: number | undefined;
}

export interface ExecRequest {
  command: string;
  pty?: PseudoTtyOptions | boolean | undefined;
  /**
   * Asked when the command is sent: whether it has no input. The end of input then leaves with the command, one
   * packet less for both sides; the session's own `end()` does no harm after it.
   */
  hasNoInput?: (() => boolean) | undefined;
}

export interface ExecEvents {
  signal?: Stoppable | undefined;
  timeout?: number | undefined;
  /** The server is being asked for a session now; from here on the command may have been started. */
  onAsked?: (() => void) | undefined;
  onLate?: ((session: SessionChannel) => void) | undefined;
}

/** What starts something on the ssh2 client and calls back once. */
type Starter<T> = (client: Client, callback: (error: Error | undefined, result: T) => void) => void;

interface OpenPlan<T> {
  signal?: Stoppable | undefined;
  timeout?: number | undefined;
  /** For messages: `a session for the command`, `a channel to localhost:22`. */
  what: string;
  start: Starter<T>;
  /** Undoes a success that came after we had given up. */
  discard: (result: T) => void;
  /** The caller knows where it was called, and puts that into the error; remembering it twice costs time. */
  isTraced?: boolean;
}

/** How the server refused a session: others were open, none was, or one had ended so lately that it still counted. */
type Refusal = 'full' | 'alone' | 'passing' | undefined;

interface HeldSlot {
  probe: boolean;
  /** A refusal now would teach nothing about the limit. */
  passing: boolean;
  refused: Refusal;
}

/**
 * sshd frees a session in the turn after the one in which it reads our CLOSE: an open request in the same packet is
 * refused, the next one is not. So a refusal this soon (milliseconds) after an end says nothing about the limit.
 */
const lagAfterRelease = 250;
/** A busy server takes longer over it; with no other session open, a refusal can hardly mean anything else. */
const lagWhenAlone = 3_000;
/** Milliseconds before each further try after such a refusal; the later ones only when no other session is open. */
const pausesAfterRelease = [0, 20, 60, 150, 300, 600];
const triesBesideOthers = 3;

/** An established, authenticated connection: opens channels, and tells when it is lost. */
export class Link {
  readonly lost = new LostSignal();
  readonly slots: SessionSlots;
  readonly where: Where;
  /** The server's identification line. */
  readonly serverVersion: string | undefined;
  /** For the rooms inside `ssh2/` only. */
  readonly client: Client;
  /** Milliseconds for the server's answer to a request for a channel, unless the call says otherwise. */
  readonly channelTimeout: number;
  #lastReleaseAt = Number.NEGATIVE_INFINITY;

  constructor(
    client: Client,
    where: Where,
    options: { channelTimeout: number; maxSessions?: number; serverVersion?: string },
  ) {
    this.serverVersion = options.serverVersion;
    this.client = client;
    this.where = where;
    this.channelTimeout = options.channelTimeout;
    this.slots = new SessionSlots(options.maxSessions, options.maxSessions !== undefined);
  }

  /**
   * Runs one command in a session of its own; waits in line while the server's MaxSessions are in use.
   *
   * @param onLate Given the session when the server started the command after the caller had given up. Without it
   *   the session is only closed, which does not end every command.
   */
  exec(request: ExecRequest, options: ExecEvents = {}): Promise<SessionChannel> {
    const pty = request.pty === undefined ? {} : { pty: request.pty };
    const { onAsked, onLate = (session: SessionChannel) => session.close(), ...rest } = options;
    return this.openSession<SessionChannel>({
      ...rest,
      what: 'a session for a command',
      isTraced: true,
      // Wrapped before the callback returns: the exit status may follow in the same packet.
      start: (client, callback) => {
        const id = nextChannelId(client);
        onAsked?.();
        client.exec(request.command, pty, (error, raw) =>
          error
            ? callback(error, undefined as unknown as SessionChannel)
            : callback(
                undefined,
                wrapSession(client, raw, this.lost, () => this.releaseSession()),
              ),
        );
        // With a terminal, the first request is not the command.
        if (request.hasNoInput && request.pty === undefined) {
          behindFirstRequest(client, id, (raw) => request.hasNoInput?.() && raw.eof());
        }
      },
      discard: onLate,
    });
  }

  /** Whoever opened a session calls this once, when the server has closed it. */
  releaseSession(): void {
    this.#lastReleaseAt = now();
    this.slots.release();
  }

  /** Opens a session when MaxSessions allows it. A refusal puts it back in line, at its old place. */
  async openSession<T>(plan: OpenPlan<T>): Promise<T> {
    const ticket = this.slots.nextTicket();
    for (let tries = 0; ; tries++) {
      const probe = this.slots.take() ? false : await this.#slot(ticket, plan.signal);
      const slot = { probe, passing: this.#refusalWouldPass(tries), refused: undefined as Refusal };
      try {
        return await this.#openInSlot(plan, slot);
      } catch (error) {
        if (slot.refused === undefined || slot.refused === 'alone') throw error;
      }
      if (slot.refused === 'passing') await this.#pause(pausesAfterRelease[tries] ?? 0, plan.signal);
    }
  }

  #refusalWouldPass(tries: number): boolean {
    const since = now() - this.#lastReleaseAt;
    if (tries < triesBesideOthers && since < lagAfterRelease) return true;
    return this.slots.open <= 1 && tries < pausesAfterRelease.length && since < lagWhenAlone;
  }

  /** The slot is accounted for by ssh2's callback, which comes exactly once, however long after we gave up. */
  #openInSlot<T>(plan: OpenPlan<T>, slot: HeldSlot): Promise<T> {
    const { signal, start } = plan;
    if (this.lost.error || signal?.aborted) {
      this.slots.release(slot.probe);
      return Promise.reject(this.lost.error ?? signal?.reason);
    }
    const startInSlot: Starter<T> = (client, callback) => {
      const id = nextChannelId(client);
      const answered = (error: Error | undefined, value: T) => {
        if (!error) this.slots.accepted(slot.probe);
        else if (isFull(error)) slot.refused = this.#refusedInSlot(slot);
        else this.#forgetChannel(id, slot);
        callback(error, value);
      };
      try {
        start(client, answered);
      } catch (error) {
        answered(error as Error, undefined as T);
      }
    };
    return this.open({ ...plan, start: startInSlot });
  }

  #refusedInSlot(slot: HeldSlot): Refusal {
    if (!slot.passing) return this.slots.refused(slot.probe) ? 'alone' : 'full';
    this.slots.release(slot.probe);
    return 'passing';
  }

  /** The server opened the session and refused what was asked on it: it counts until it is closed again. */
  #forgetChannel(id: number | undefined, slot: HeldSlot): void {
    const channel = this.lost.error ? undefined : closeForgottenChannel(this.client, id);
    if (channel) channel.once('close', () => this.releaseSession());
    else this.slots.release(slot.probe);
  }

  /** Whether the server answers within `ms` milliseconds; all that was sent before has then been read by it. */
  ping(ms: number): Promise<boolean> {
    const protocol = protocolOf(this.client);
    const answered = latch<boolean>();
    if (this.lost.error || typeof protocol?.ping !== 'function') return Promise.resolve(false);
    // "Failed" is an answer too: few servers know the request. Without an error object, it came from the server.
    const expected = expectGlobalReply(this.client, (failed) => answered.resolve(!(failed instanceof Error)));
    if (!expected) return Promise.resolve(false);
    protocol.ping();
    const stopTimer = startTimer(ms, () => answered.resolve(false));
    const unsubscribe = this.lost.onLost(() => answered.resolve(false));
    return answered.promise.finally(() => {
      stopTimer();
      unsubscribe();
    });
  }

  /** Starts something on the client; always settles: by its callback, the limit, the signal or the link's end. */
  open<T>(plan: OpenPlan<T>): Promise<T> {
    const { signal, timeout = this.channelTimeout } = plan;
    if (this.lost.error) return Promise.reject(this.lost.error);
    if (signal?.aborted) return Promise.reject(signal.reason);
    const timedOut = plan.isTraced ? undefined : channelTimeout(this.where, plan.what, timeout);
    return new Promise<T>((resolve, reject) => {
      let settled = false;
      const settle = (finish: () => void) => {
        settled = true;
        stopTimer();
        unsubscribe();
        unsubscribeAbort?.();
        finish();
      };
      const giveUp = (reason: unknown) => settle(() => reject(reason));
      const unsubscribeAbort = signal && onAbort(signal, () => giveUp(signal.reason));
      const stopTimer = startTimer(timeout, () =>
        giveUp(timedOut ?? channelTimeout(this.where, plan.what, timeout)),
      );
      const unsubscribe = this.lost.onLost(giveUp);
      this.#start(plan, (error, value) => {
        if (settled) return void (error || setImmediate(() => plan.discard(value)));
        if (error) giveUp(this.lost.error ?? openFailed(this.where, plan.what, error));
        else settle(() => resolve(value));
      });
    });
  }

  #start<T>(plan: OpenPlan<T>, callback: (error: Error | undefined, value: T) => void): void {
    try {
      plan.start(this.client, callback);
    } catch (error) {
      callback(error as Error, undefined as T);
    }
  }

  /** Waits in line; tells whether the granted session is a probe. */
  #slot(ticket: number, signal: Stoppable | undefined): Promise<boolean> {
    return this.#wait(signal, (granted) => this.slots.acquire(ticket, granted));
  }

  #pause(ms: number, signal: Stoppable | undefined): Promise<void> {
    return this.#wait(signal, (over) => startTimer(ms, over));
  }

  /** Waits for `begin`'s callback, the signal or the end of the connection; the last two undo what `begin` began. */
  #wait<T = void>(
    signal: Stoppable | undefined,
    begin: (done: (value: T) => void) => () => void,
  ): Promise<T> {
    if (this.lost.error) return Promise.reject(this.lost.error);
    if (signal?.aborted) return Promise.reject(signal.reason);
    const result = latch<T>();
    const undo = begin(result.resolve);
    if (result.settled) return result.promise;
    const giveUp = (reason: unknown) => {
      undo();
      result.reject(reason);
    };
    const unsubscribeAbort = signal ? onAbort(signal, () => giveUp(signal.reason)) : () => {};
    const unsubscribe = this.lost.onLost(giveUp);
    return result.promise.finally(() => {
      unsubscribe();
      unsubscribeAbort();
    });
  }
}
