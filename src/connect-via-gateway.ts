import { setMaxListeners } from 'node:events';
import pRetry, { type RetryContext } from 'p-retry';
import { type Arrival, type AttemptPlan, attempt } from './attempt.ts';
import { Connection } from './connection.ts';
import {
  type Attempt,
  BannerMissing,
  BannerTimeout,
  isSshError,
  type PhaseTimings,
  type SshError,
  TotalTimeout,
} from './errors/index.ts';
import { hostKeyPolicy } from './host-key/policy.ts';
import { type ResolvedOptions, resolveConnectOptions } from './options/resolve.ts';
import type { ConnectOptions, RetryState } from './options/types.ts';
import { validateConnectOptions } from './options/validate.ts';
import { resolveAlgorithms } from './ssh2/algorithms.ts';
import { loadCredentials } from './ssh2/credentials.ts';
import { Backoff, type Verdict } from './time/backoff.ts';
import { now, sleep, startTimer } from './time/timer.ts';

/**
 * Connects to an SSH server that may be behind a gateway, a tunnel that breaks, and a PC that takes minutes to boot.
 * Each attempt goes through route, identification line, key exchange and login, each with a limit and an error of its
 * own; between attempts it waits as the gateway needs it (see `RetryOptions.quiet`).
 *
 * @example
 * await using connection = await connectViaGateway({
 *   host: 'gateway.example.com', port: 9012, username: 'rpa', privateKeyPath: '~/.ssh/id_ed25519',
 * });
 * console.log((await connection.exec('hostname')).stdout);
 *
 * @throws {TypeError | RangeError} for wrong options, before a socket opens.
 * @throws {SshError} the last attempt's own error (`BannerTimeout`, `ConnectionRefused`, `HostKeyMismatch`,
 *   `AuthenticationFailed`, ...), with every attempt in `error.attempts`; `TotalTimeout` after `timeouts.total`.
 * @throws `signal.reason` at once when the signal aborts.
 */
export async function connectViaGateway(options: ConnectOptions): Promise<Connection> {
  return new Connection(await connect(options));
}

/** As `connectViaGateway`, for a jump host: its errors name the hop. */
async function connect(options: ConnectOptions, hop?: string): Promise<Arrival> {
  validateConnectOptions(options);
  const resolved = resolveConnectOptions(options);
  const algorithms = resolveAlgorithms(options.algorithms);
  resolved.signal?.throwIfAborted();
  const credentials = await loadCredentials(options);
  const stop = stopSignal(resolved);
  const plan: AttemptPlan = {
    ...{ options: resolved, algorithms, credentials, hop, signal: stop.signal },
    hostKey: hostKeyPolicy(options.hostKey),
    connectHop: async (hopOptions, name) => new Connection(await connect(hopOptions, name)),
  };
  const attempts = new Attempts(plan);
  try {
    return await attempts.run();
  } catch (error) {
    throw stop.timedOut ? totalTimeout(resolved, hop, attempts.history, error) : error;
  } finally {
    stop.clear();
  }
}

/** The caller's signal and the total time in one. */
function stopSignal({ signal, timeouts }: ResolvedOptions) {
  const stop = new AbortController();
  // Every attempt, route and sleep listens; that is no leak.
  setMaxListeners(0, stop.signal);
  let timedOut = false;
  const onAbort = () => stop.abort(signal?.reason);
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  const stopTimer = startTimer(timeouts.total, () => {
    timedOut = true;
    stop.abort(new Error('timeouts.total'));
  });
  return {
    signal: stop.signal,
    get timedOut() {
      return timedOut;
    },
    clear() {
      stopTimer();
      signal?.removeEventListener('abort', onAbort);
    },
  };
}

/** The attempts of one connection, and the waits between them. */
class Attempts {
  readonly history: Attempt[] = [];
  #plan: AttemptPlan;
  #backoff: Backoff;
  #startedAt = now();
  #timings: PhaseTimings = { total: 0 };

  constructor(plan: AttemptPlan) {
    this.#plan = plan;
    this.#backoff = new Backoff(plan.options.retry);
  }

  run(): Promise<Arrival> {
    const { options, signal } = this.#plan;
    return pRetry((number) => this.#attempt(number), {
      retries: options.retry.attempts - 1,
      // The wait is ours: it depends on what the gateway said.
      minTimeout: 0,
      maxTimeout: 0,
      signal,
      shouldRetry: (context) => this.#shouldRetry(context),
    });
  }

  async #attempt(number: number): Promise<Arrival> {
    const { options, hop } = this.#plan;
    const { host, port, retry, log } = options;
    const what = `attempt ${number} of ${retry.attempts}`;
    log({
      level: 'debug',
      event: 'attempt',
      message: `Connecting to ${host}:${port}, ${what}`,
      host,
      port,
      hop,
      attempt: number,
    });
    this.#timings = { total: 0 };
    try {
      const arrival = await attempt(this.#plan, this.#timings);
      const message = `Connected to ${host}:${port} after ${this.#timings.total} ms`;
      log({
        level: 'info',
        event: 'connected',
        message,
        host,
        port,
        hop,
        attempt: number,
        durationMs: this.#timings.total,
      });
      return arrival;
    } catch (error) {
      if (isSshError(error)) this.#record(number, error);
      throw error;
    }
  }

  #record(number: number, error: SshError): void {
    const { code, phase, message } = error;
    this.history.push({ attempt: number, code, phase, message, timings: this.#timings, wait: 0 });
    error.attempts = this.history;
    const { host, port, log } = this.#plan.options;
    log({
      ...{
        level: 'warn',
        event: 'attempt-failed',
        message,
        host,
        port,
        hop: this.#plan.hop,
        attempt: number,
      },
      ...{ phase, code, durationMs: this.#timings.total },
    });
  }

  /** Asks whether to go on, and waits. p-retry asks only while attempts are left. */
  async #shouldRetry({ error, attemptNumber, retriesLeft }: RetryContext): Promise<boolean> {
    if (!isSshError(error) || retriesLeft <= 0) return false;
    const { retry } = this.#plan.options;
    const wait = this.#backoff.next(verdictOf(error));
    const state: RetryState = Object.freeze({
      attempt: attemptNumber,
      attempts: retry.attempts,
      wait,
      elapsedMs: Math.round(now() - this.#startedAt),
      history: this.history,
    });
    const wanted = (await retry.shouldRetry?.(error, state)) ?? error.retryable;
    if (!wanted) return false;
    const last = this.history.at(-1);
    if (last) last.wait = wait;
    retry.onRetry?.(error, state);
    await sleep(wait, this.#plan.signal);
    return true;
  }
}

/** A connection that stays silent touches a zombie; one that is reset after a silence saw it die. */
function verdictOf(error: SshError): Verdict {
  if (error instanceof BannerTimeout) return 'zombie';
  return error instanceof BannerMissing && error.silentMs > 1_000 ? 'zombie-died' : 'other';
}

function totalTimeout(
  { host, port, timeouts }: ResolvedOptions,
  hop: string | undefined,
  attempts: readonly Attempt[],
  error: unknown,
): TotalTimeout {
  const last = attempts.at(-1);
  const count = `${attempts.length} failed attempt${attempts.length === 1 ? '' : 's'}`;
  const what = last ? `; the last one: ${last.message}` : '';
  const total = new TotalTimeout(
    `${host}:${port} was not reached within ${timeouts.total} ms (option timeouts.total), after ${count}${what}`,
    {
      host,
      port,
      hop,
      phase: last?.phase ?? 'tcp',
      timeoutMs: timeouts.total,
      retryable: true,
      cause: error,
    },
  );
  total.attempts = attempts;
  return total;
}
