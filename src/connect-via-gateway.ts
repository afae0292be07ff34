import type { AttemptPlan } from './arrival.ts';
import { attempt } from './attempt.ts';
import type { Connection } from './connection.ts';
import { blame, callSite } from './errors/call-site.ts';
import {
  type Attempt,
  BannerMissing,
  BannerTimeout,
  isSshError,
  nextPhase,
  type Phase,
  type PhaseTimings,
  type SshError,
  TotalTimeout,
} from './errors/index.ts';
import { isOutOfFiles, outOfFiles } from './errors/own-limits.ts';
import { hostKeyPolicy } from './host-key/policy/policy.ts';
import { type ConnectTrace, connectChannel, traced } from './observe/tracing.ts';
import { type ResolvedOptions, resolveConnectOptions } from './options/resolve.ts';
import type { ConnectOptions, RetryState } from './options/types.ts';
import { validateConnectOptions } from './options/validate.ts';
import { type LoginTurn, loginTurn } from './route/login-turns.ts';
import { resolveAlgorithms } from './ssh2/handshake/algorithms.ts';
import { needSsh2 } from './ssh2/insides/load.ts';
import { type Credentials, loadCredentials } from './ssh2/login/credentials.ts';
import { openKeyFiles } from './ssh2/login/open-key-files.ts';
import { quoted } from './text/printable.ts';
import { ConnectWaits, type PortVerdict } from './time/connect-waits.ts';
import { orAborted } from './time/on-abort.ts';
import { stopSignal } from './time/stop-signal.ts';
import { now, sleep } from './time/timer.ts';

/**
 * Connects to an SSH server that may be behind a gateway, an unreliable tunnel, and a PC that takes minutes to boot.
 * Each attempt goes through route, identification line, key exchange and login, each with its own limit and error.
 * The waits between attempts suit the gateway (see `RetryOptions.quiet`).
 *
 * @example
 * await using connection = await connectViaGateway({
 *   host: 'gateway.example.com', port: 9012, username: 'rpa', privateKeyPath: '~/.ssh/id_ed25519',
 * });
 * console.log((await connection.exec('hostname')).stdout);
 *
 * @throws {TypeError | RangeError} for wrong options, before a socket opens.
 * @throws {SshError} the error of the last attempt (`BannerTimeout`, `ConnectionRefused`, `HostKeyMismatch`,
 *   `AuthenticationFailed`, ...), with every attempt in `error.attempts`; `TotalTimeout` after `timeouts.total`.
 * @throws `signal.reason` at once when the signal aborts.
 */
export async function connectViaGateway(options: ConnectOptions): Promise<Connection> {
  const site = callSite(connectViaGateway);
  try {
    return await connect(options);
  } catch (error) {
    throw isSshError(error) ? blame(error, site) : error;
  }
}

/** As `connectViaGateway`, for a jump host: its errors name the hop. */
async function connect(options: ConnectOptions, hop?: string): Promise<Connection> {
  validateConnectOptions(options);
  needSsh2();
  const resolved = resolveConnectOptions(options);
  const algorithms = resolveAlgorithms(options.algorithms);
  const hostKey = hostKeyPolicy(options.hostKey);
  resolved.signal?.throwIfAborted();
  const stop = stopSignal(resolved.signal, resolved.timeouts.total);
  const attempts = new Attempts({
    options: resolved,
    algorithms,
    hostKey,
    hop,
    signal: stop,
    connectHop: connect,
  });
  const { host, port, username } = resolved;
  const trace: ConnectTrace = { host, port, username, hop, attempts: attempts.history };
  return traced(connectChannel, trace, async () => {
    try {
      const connection = await attempts.run(async () => {
        const credentials = await orAborted(loadCredentials(options, stop), stop);
        if (options.privateKeyPath !== undefined)
          await orAborted(warnOfOpenKeys(options, resolved, hop), stop);
        return credentials;
      });
      const { timings, serverVersion } = connection;
      Object.assign(trace, { timings, serverVersion });
      return connection;
    } catch (error) {
      attempts.abandon();
      if (stop.timedOut) throw totalTimeout(resolved, hop, attempts);
      throw stop.aborted ? stop.reason : attempts.typed(error);
    } finally {
      stop.clear();
    }
  });
}

async function warnOfOpenKeys(
  { privateKeyPath }: ConnectOptions,
  { host, port, log }: ResolvedOptions,
  hop: string | undefined,
): Promise<void> {
  for (const file of await openKeyFiles(privateKeyPath)) {
    const message = `Other users of this machine may read the private key ${quoted(file)}: chmod 600`;
    log({ level: 'warn', event: 'key-file-open', message, host, port, hop });
  }
}

/** The attempts of one connection, and the waits between them. */
class Attempts {
  readonly history: Attempt[] = [];
  lastError: SshError | undefined;
  /** Whether the next one waits until others have logged in there. */
  isInLine = false;
  #plan: Omit<AttemptPlan, 'credentials'>;
  #backoff: ConnectWaits;
  #startedAt = now();
  #timings: PhaseTimings = { total: 0 };
  #connection: Connection | undefined;
  #isWaiting = false;

  constructor(plan: Omit<AttemptPlan, 'credentials'>) {
    this.#plan = plan;
    this.#backoff = new ConnectWaits(plan.options.retry);
  }

  /** The phase in which it is now. */
  get phase(): Phase {
    if (this.#isWaiting && this.lastError) return this.lastError.phase;
    const phase = nextPhase(this.#timings);
    return phase === 'tcp' && this.#plan.options.via !== undefined ? 'route' : phase;
  }

  /** What Node says where too many files are open to load a key or our own code becomes an error that can be retried. */
  typed(error: unknown): unknown {
    const { host, port } = this.#plan.options;
    return outOfFiles(error, { phase: this.phase, host, port, hop: this.#plan.hop }) ?? error;
  }

  /** Nobody takes the connection that came in the same moment as the abort. */
  abandon(): void {
    void this.#connection?.close();
  }

  /** @param load Gives the credentials; once it has, it is not called again. */
  async run(load: () => Promise<Credentials>): Promise<Connection> {
    const { credentials, number: first } = await this.#credentials(load);
    // Not a spread, whose objects are each of a kind of their own.
    const { options, algorithms, hostKey, hop, signal, connectHop } = this.#plan;
    const plan = { options, algorithms, hostKey, hop, signal, connectHop, credentials };
    for (let number = first; ; number++) {
      plan.signal.throwIfAborted();
      const turn = await this.#turn();
      try {
        // The end of another one has given us the turn; who was told of it may have aborted meanwhile.
        plan.signal.throwIfAborted();
        this.#begins(number);
        this.#connection = await attempt(plan, this.#timings, turn);
        turn?.end();
      } catch (problem) {
        turn?.end();
        await this.#failed(problem, number);
        continue;
      }
      this.#arrived(number);
      plan.signal.throwIfAborted();
      return this.#connection;
    }
  }

  /** An attempt for which too many files are open to read a key is one like any other; wrong options are told at once. */
  async #credentials(
    load: () => Promise<Credentials>,
  ): Promise<{ credentials: Credentials; number: number }> {
    for (let number = 1; ; number++) {
      try {
        return { credentials: await load(), number };
      } catch (problem) {
        if (this.#plan.signal.aborted || !isOutOfFiles(problem)) throw problem;
        this.#begins(number);
        await this.#failed(problem, number);
      }
    }
  }

  /** Waits until the next attempt; throws when that was the last. */
  async #failed(problem: unknown, number: number): Promise<void> {
    const error = this.typed(problem);
    if (isSshError(error)) this.#record(number, error);
    const wait = await this.#waitAfter(error, number);
    if (wait === undefined) throw error;
    await sleep(wait, this.#plan.signal);
  }

  #turn(): Promise<LoginTurn> | undefined {
    const { options, signal } = this.#plan;
    if (options.via !== undefined) return undefined;
    this.isInLine = true;
    return loginTurn(options.host, options.port, signal);
  }

  #begins(attempt: number): void {
    const { options, hop } = this.#plan;
    const { host, port, retry, log } = options;
    this.#timings = { total: 0 };
    this.#isWaiting = false;
    this.isInLine = false;
    const message = `Connecting to ${host}:${port}, attempt ${attempt} of ${retry.attempts}`;
    log({ level: 'debug', event: 'attempt', message, host, port, hop, attempt });
  }

  #arrived(attempt: number): void {
    const { options, hop } = this.#plan;
    const { host, port, log } = options;
    const durationMs = this.#timings.total;
    const message = `Connected to ${host}:${port} after ${durationMs} ms`;
    log({ level: 'info', event: 'connected', message, host, port, hop, attempt, durationMs });
  }

  #record(number: number, error: SshError): void {
    const { code, phase, message } = error;
    this.history.push({ attempt: number, code, phase, message, timings: this.#timings, wait: 0 });
    error.attempts = [...this.history];
    this.lastError = error;
    this.#isWaiting = true;
    const { host, port, log } = this.#plan.options;
    log({
      level: 'warn',
      event: 'attempt-failed',
      message,
      host,
      port,
      hop: this.#plan.hop,
      attempt: number,
      phase,
      code,
      durationMs: this.#timings.total,
    });
  }

  /** Milliseconds until the next attempt; undefined when that was the last. */
  async #waitAfter(error: unknown, attempt: number): Promise<number | undefined> {
    const { signal, options } = this.#plan;
    const { retry } = options;
    const { attempts } = retry;
    if (!isSshError(error) || attempt >= attempts) return undefined;
    const wait = this.#backoff.next(verdictOf(error));
    const elapsedMs = Math.round(now() - this.#startedAt);
    const history = [...this.history];
    const state: RetryState = Object.freeze({ attempt, attempts, wait, elapsedMs, history });
    const wanted = (await orAborted(retry.shouldRetry?.(error, state), signal)) ?? error.retryable;
    if (!wanted) return undefined;
    const last = this.history.at(-1);
    if (last) last.wait = wait;
    await orAborted(retry.onRetry?.(error, state), signal);
    return wait;
  }
}

/** A connection that stays silent touches a zombie; one that is reset after a silence saw it die. */
function verdictOf(error: SshError): PortVerdict {
  if (error instanceof BannerTimeout) return error.received === undefined ? 'zombie' : 'other';
  return error instanceof BannerMissing && error.silentMs > 1_000 ? 'zombie-died' : 'other';
}

function totalTimeout(
  { host, port, timeouts }: ResolvedOptions,
  hop: string | undefined,
  { history, lastError, phase, isInLine }: Attempts,
): TotalTimeout {
  const count = `${history.length} failed attempt${history.length === 1 ? '' : 's'}`;
  const line = isInLine ? ', waiting for other logins there to end' : '';
  const what = lastError ? `; the last one: ${lastError.message}` : '';
  const total = new TotalTimeout(
    `${host}:${port} was not reached within ${timeouts.total} ms (option timeouts.total), after ${count}${line}${what}`,
    {
      host,
      port,
      hop,
      phase,
      timeoutMs: timeouts.total,
      retryable: true,
      cause: lastError,
    },
  );
  total.attempts = [...history];
  return total;
}
