import type { Client, ClientChannel, PseudoTtyOptions, SFTPWrapper } from 'ssh2';
import { ChannelOpenFailed, ChannelTimeout, ConnectionLost, type SshError } from '../errors/index.ts';
import { quoted } from '../text/printable.ts';
import { latch } from '../time/latch.ts';
import { now, startTimer } from '../time/timer.ts';
import { closeForgottenChannel, nextChannelId } from './internals.ts';
import { LostSignal } from './lost.ts';
import { type SessionChannel, wrapSession } from './session-channel.ts';
import { SessionSlots } from './session-slots.ts';

/** Where a connection leads, for messages. */
export interface Where {
  host: string;
  port: number;
  hop?: string | undefined;
}

export interface OpenOptions {
  signal?: AbortSignal | undefined;
  /** Milliseconds for the server's answer; the connection's `timeouts.channel` by default. */
  timeout?: number | undefined;
}

export interface ExecRequest {
  command: string;
  pty?: PseudoTtyOptions | boolean | undefined;
}

/** What starts something on the ssh2 client and calls back once. */
type Starter<T> = (client: Client, callback: (error: Error | undefined, result: T) => void) => void;

interface OpenPlan<T> extends OpenOptions {
  /** For messages: `a session for the command`, `a channel to localhost:22`. */
  what: string;
  start: Starter<T>;
  /** Undoes a success that came after we had given up. */
  discard: (result: T) => void;
  /** Told of a refusal that came after we had given up. */
  failedLate?: () => void;
}

/** After a session ends, sshd counts it for some milliseconds more. */
const lagAfterRelease = 250;
const maxRefusalsWhenAlone = 8;

/** An established, authenticated connection: opens channels, and tells when it is lost. */
export class Link {
  readonly lost = new LostSignal();
  readonly slots: SessionSlots;
  readonly where: Where;
  /** For the rooms inside `ssh2/` only. */
  readonly client: Client;
  #channelTimeout: number;
  #lastReleaseAt = Number.NEGATIVE_INFINITY;

  constructor(client: Client, where: Where, options: { channelTimeout: number; maxSessions?: number }) {
    this.client = client;
    this.where = where;
    this.#channelTimeout = options.channelTimeout;
    this.slots = new SessionSlots(options.maxSessions, options.maxSessions !== undefined);
  }

  /** Runs one command in a session of its own; waits in line while the server's MaxSessions are in use. */
  async exec(request: ExecRequest, options: OpenOptions = {}): Promise<SessionChannel> {
    const pty = request.pty === undefined ? {} : { pty: request.pty };
    const raw = await this.openSession<ClientChannel>({
      ...options,
      what: 'a session for a command',
      start: (client, callback) => client.exec(request.command, pty, callback),
      discard: (channel) => {
        channel.on('error', () => {});
        channel.once('close', () => this.releaseSession());
        channel.close();
        channel.resume();
        channel.stderr.resume();
      },
    });
    return wrapSession(raw, this.lost, () => this.releaseSession());
  }

  /** ssh2's SFTP session, raw; the caller must call `releaseSession` when it has closed. */
  openRawSftp(options: OpenOptions = {}): Promise<SFTPWrapper> {
    return this.openSession<SFTPWrapper>({
      ...options,
      what: 'an SFTP session',
      start: (client, callback) => client.sftp(callback),
      discard: (sftp) => {
        sftp.on('error', () => {});
        sftp.once('close', () => this.releaseSession());
        sftp.end();
      },
    });
  }

  releaseSession(): void {
    this.#lastReleaseAt = now();
    this.slots.release();
  }

  /** Opens a session when MaxSessions allows it. A refusal puts it back in line. */
  async openSession<T>(plan: OpenPlan<T>): Promise<T> {
    for (let alone = 0, first = false; ; first = true) {
      await this.#slot(plan.signal, first);
      const id = nextChannelId(this.client);
      try {
        const result = await this.open({ ...plan, failedLate: () => this.releaseSession() });
        this.slots.accepted();
        return result;
      } catch (error) {
        // A request that was not answered yet may still become a session: its slot is held until the answer.
        if (error instanceof ChannelTimeout || plan.signal?.aborted) throw error;
        if (!(error instanceof ChannelOpenFailed)) {
          this.slots.release();
          throw error;
        }
        if (error.reasonCode === undefined) {
          closeForgottenChannel(this.client, id);
          this.slots.release();
          throw error;
        }
        const passing = now() - this.#lastReleaseAt < lagAfterRelease;
        this.slots.refused(passing);
        if (this.slots.open === 0 && ++alone > maxRefusalsWhenAlone) throw error;
        if (passing || this.slots.open === 0) await this.#pause(10 * 2 ** Math.min(alone, 6), plan.signal);
      }
    }
  }

  /** Starts something on the client; always settles: by its callback, the limit, the signal or the link's end. */
  open<T>(plan: OpenPlan<T>): Promise<T> {
    const { signal, timeout = this.#channelTimeout } = plan;
    if (this.lost.error) return Promise.reject(this.lost.error);
    if (signal?.aborted) return Promise.reject(signal.reason);
    const result = latch<T>();
    const onAbort = () => result.reject(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    const timedOut = this.#timeoutError(plan.what, timeout);
    const stopTimer = startTimer(timeout, () => result.reject(timedOut()));
    const unsubscribe = this.lost.onLost((error) => result.reject(error));
    const clean = () => {
      stopTimer();
      unsubscribe();
      signal?.removeEventListener('abort', onAbort);
    };
    this.#start(plan, (error, value) => {
      if (error && result.settled) plan.failedLate?.();
      else if (error) result.reject(this.#openFailed(plan.what, error));
      else if (result.settled) setImmediate(() => plan.discard(value));
      else result.resolve(value);
    });
    return result.promise.finally(clean);
  }

  #start<T>(plan: OpenPlan<T>, callback: (error: Error | undefined, value: T) => void): void {
    try {
      plan.start(this.client, callback);
    } catch (error) {
      callback(error as Error, undefined as T);
    }
  }

  #slot(signal: AbortSignal | undefined, first: boolean): Promise<void> {
    if (this.lost.error) return Promise.reject(this.lost.error);
    if (signal?.aborted) return Promise.reject(signal.reason);
    const granted = latch<void>();
    let leave = () => {};
    const onAbort = () => giveUp(signal?.reason);
    const giveUp = (reason: unknown) => {
      leave();
      granted.reject(reason);
    };
    const unsubscribe = this.lost.onLost(giveUp);
    signal?.addEventListener('abort', onAbort, { once: true });
    leave = this.slots.acquire(() => granted.resolve(), first);
    return granted.promise.finally(() => {
      unsubscribe();
      signal?.removeEventListener('abort', onAbort);
    });
  }

  #pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const over = latch<void>();
    const stop = startTimer(ms, () => over.resolve());
    const unsubscribe = this.lost.onLost((error) => over.reject(error));
    const onAbort = () => over.reject(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    return over.promise.finally(() => {
      stop();
      unsubscribe();
      signal?.removeEventListener('abort', onAbort);
    });
  }

  #timeoutError(what: string, timeoutMs: number): () => ChannelTimeout {
    // Made when the call is made, so that its stack names the caller.
    const error = new ChannelTimeout(
      `${this.where.host}:${this.where.port} did not answer the request for ${what} within ${timeoutMs} ms (option timeouts.channel)`,
      {
        ...this.where,
        phase: 'channel',
        timeoutMs,
        retryable: true,
        hint: 'The connection stands but the server is overloaded or stuck; a keepalive will tell whether it is still alive.',
      },
    );
    return () => error;
  }

  #openFailed(what: string, error: Error & { reason?: unknown }): SshError {
    if (this.lost.error) return this.lost.error;
    if (error.message === 'Not connected' || error.message === 'No response from server') {
      return new ConnectionLost(
        `The connection to ${this.where.host}:${this.where.port} ended before ${what} was opened`,
        { ...this.where, phase: 'session', why: 'socket', cause: error },
      );
    }
    const reasonCode = typeof error.reason === 'number' ? error.reason : undefined;
    const reason = error.message.replace(/^\(SSH\) Channel open failure: /, '');
    return new ChannelOpenFailed(`${this.where.host}:${this.where.port} refused ${what}: ${quoted(reason)}`, {
      ...this.where,
      phase: 'channel',
      reasonCode,
      reason: reason.slice(0, 500),
      cause: error,
      hint: openHint(reasonCode),
    });
  }
}

function openHint(reasonCode: number | undefined): string {
  if (reasonCode === undefined)
    return 'The server opened a session but refused what was asked on it: a forced command, a missing subsystem, or a restriction of this account.';
  if (reasonCode === 1)
    return 'The server forbids it: look at AllowTcpForwarding, PermitOpen and the options in authorized_keys.';
  return 'The server could not do it: MaxSessions in use, or the target refused.';
}
