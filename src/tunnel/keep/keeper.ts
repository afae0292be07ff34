import { randomUUID } from 'node:crypto';
import { isSshError } from '../../errors/index.ts';
import type { Forwarding, ForwardTarget } from '../../forward/types.ts';
import type { ConnectOptions } from '../../options/types.ts';
import { onAbort, orAborted } from '../../time/on-abort.ts';
import { atMost, now, sleep } from '../../time/timer.ts';
import type { NoteAnswer, SessionId } from '../holder/answers.ts';
import { writeNote } from '../holder/note.ts';
import { ReclaimPace } from '../reclaim/reclaim-pace.ts';
import type {
  CheckResult,
  ConnectGateway,
  GatewayConnection,
  TunnelHappening,
  TunnelStatus,
} from '../types.ts';
import { TunnelWaits } from './backoff.ts';
import { checkTunnel } from './check-tunnel.ts';
import { dialHost, holdPort } from './hold-port.ts';
import type { TunnelPlan } from './options.ts';

/** Number of consecutive failed checks after which a tunnel is set up anew. */
const brokenChecks = 2;
/** Milliseconds before a failed check is repeated. */
const recheckAfter = 2_000;
/** Milliseconds allowed for releasing the port properly. */
const goodbyeMs = 1_000;
/**
 * Milliseconds of `up` after which reclaiming starts afresh, and after which earlier losses of the port are forgotten.
 */
const steadyAfter = 10_000;
const peaceAfter = 600_000;
/**
 * Seconds: the shortest and the longest interval between renewals of the note, and how old a reported request may be.
 */
const notedAtMostEvery = 5;
const notedAtLeastEvery = 600;
const wantedWithin = 600;

interface KeeperReports {
  emit(event: TunnelHappening): void;
  setStatus(status: TunnelStatus): void;
}

/** Keeps one tunnel up until `stop` aborts or a permanent error occurs. */
export class Keeper {
  #connect: ConnectGateway;
  #plan: TunnelPlan;
  #stop: AbortSignal;
  #report: KeeperReports;
  #attempt = 0;
  #waits: TunnelWaits;
  #downSince = now();
  #own: SessionId | undefined;
  #hadPort = false;
  /** When this connection got the port. */
  #heldSince = now();
  #pace = new ReclaimPace();
  #contestedBy = '';
  /** The note as it was last written, where it is renewed. */
  #noted: { at: number; saysTook: boolean } | undefined;
  #noting: Promise<void> | undefined;
  readonly #id = randomUUID();

  constructor(connect: ConnectGateway, plan: TunnelPlan, stop: AbortSignal, report: KeeperReports) {
    this.#connect = connect;
    this.#plan = plan;
    this.#waits = new TunnelWaits(plan.backoff);
    this.#stop = stop;
    this.#report = report;
  }

  /** Resolves with the error that made it give up, or undefined if it was stopped. */
  async run(): Promise<Error | undefined> {
    while (!this.#stop.aborted) {
      const error = await this.#oneConnection();
      if (this.#stop.aborted) break;
      if (!(await this.#goesOn(error))) return error;
    }
    return undefined;
  }

  /** From connecting to the loss; resolves with the reason for it. */
  async #oneConnection(): Promise<Error> {
    const started = now();
    const attempt = ++this.#attempt;
    this.#report.setStatus({ state: 'connecting', since: new Date(), attempt });
    this.#report.emit({ type: 'connecting', attempt });
    let connection: GatewayConnection;
    try {
      connection = await this.#connect(this.#connectOptions());
    } catch (error) {
      return asError(error);
    }
    const durationMs = Math.round(now() - started);
    this.#report.emit({ type: 'connected', attempt, durationMs });
    const life = this.#lifeOf(connection);
    try {
      return await this.#serve(connection, life.signal);
    } catch (error) {
      return asError(error);
    } finally {
      life.end();
      await connection.close();
    }
  }

  /** Aborts when the connection has ended or the tunnel is stopped. */
  #lifeOf(connection: GatewayConnection) {
    const controller = new AbortController();
    const onStop = () => controller.abort(this.#stop.reason);
    if (this.#stop.aborted) onStop();
    const unfollow = onAbort(this.#stop, onStop);
    void connection.closed.then((error) => controller.abort(error ?? new Error('The connection was closed')));
    const end = () => {
      unfollow();
      controller.abort(new Error('This connection is over'));
    };
    return { signal: controller.signal, end };
  }

  async #serve(connection: GatewayConnection, signal: AbortSignal): Promise<Error> {
    const { emit, setStatus } = this.#report;
    const forwarding = await holdPort({
      connection,
      plan: this.#plan,
      signal,
      own: this.#own,
      id: this.#id,
      hadIt: this.#hadPort,
      pace: this.#pace,
      emit,
      onTaken: (error, wait) => setStatus({ state: 'waiting', since: new Date(), for: 'port', wait, error }),
    });
    this.#hadPort = true;
    const upAt = now();
    const listen = this.#announce(forwarding);
    const noting = this.#note(connection, signal).catch(() => {});
    this.#noting = noting;
    const error = await this.#watch(connection, listen, signal).catch((reason) =>
      asError(signal.aborted ? signal.reason : reason),
    );
    // On a dead line the gateway's answer never comes; the end of the connection releases the port as well.
    await atMost(goodbyeMs, Promise.all([noting, forwarding.close()]));
    this.#down(upAt, error);
    return error;
  }

  #announce(forwarding: Forwarding): { host: string; port: number } | { path: string } {
    const { host, port, path } = forwarding;
    const listen = path === undefined ? { host, port } : { path };
    const downMs = Math.round(now() - this.#downSince);
    this.#report.setStatus({ state: 'up', since: new Date(), listen });
    this.#report.emit({ type: 'up', listen, downMs });
    return listen;
  }

  #down(upAt: number, error: Error): void {
    const upMs = Math.round(now() - upAt);
    this.#waits.lived(upMs);
    if (upMs >= steadyAfter) this.#pace.steady();
    if (upMs >= peaceAfter) this.#pace.forget();
    this.#downSince = now();
    if (this.#stop.aborted) return;
    this.#report.emit({ type: 'down', error, upMs });
  }

  /** Notes which session holds the port, for a reclaim by this tunnel or its successor. */
  async #note(connection: GatewayConnection, signal: AbortSignal): Promise<void> {
    this.#own = undefined;
    this.#noted = undefined;
    const at = now();
    this.#heldSince = at;
    const answer = await this.#writeNote(connection, signal);
    if (!answer) return;
    if ('failed' in answer) {
      this.#report.emit({ type: 'note-failed', reason: answer.failed, message: answer.message });
      return;
    }
    this.#own = answer.session;
    if (!answer.byHelper) this.#noted = { at, saysTook: false };
    this.#report.emit({ type: 'noted', pid: answer.session.pid });
  }

  /** Renews the note (the tunnel is up, its target answers this fast), and learns who else requests the port. */
  async #renewNote(connection: GatewayConnection, signal: AbortSignal, took?: number): Promise<void> {
    await this.#noting;
    const last = this.#noted;
    if (!last) return;
    const tells = took !== undefined && !last.saysTook;
    if (!tells && now() - last.at < notedAtMostEvery * 1000) return;
    this.#noted = { at: now(), saysTook: last.saysTook || tells };
    const answer = await this.#writeNote(connection, signal, took);
    const wanted = answer && 'session' in answer ? answer.wanted : undefined;
    if (!wanted || wanted.tunnel === this.#id || wanted.ago > wantedWithin) return;
    // Whoever asked before this one had the port may have been its predecessor.
    if (wanted.ago * 1000 >= now() - this.#heldSince) return;
    if (wanted.tunnel === this.#contestedBy) return;
    this.#contestedBy = wanted.tunnel;
    const message = `Another tunnel on ${wanted.machine} asked for this port ${wanted.ago} s ago. If both run on purpose, they have the same port: give one of them another.`;
    this.#report.emit({ type: 'contested', machine: wanted.machine, message });
  }

  async #writeNote(
    connection: GatewayConnection,
    signal: AbortSignal,
    took?: number,
  ): Promise<NoteAnswer | undefined> {
    const { listen, reclaim, checkInterval } = this.#plan;
    if (!reclaim || listen.path !== undefined) return undefined;
    const every = Math.min(Math.max(Math.ceil(checkInterval / 1000), notedAtMostEvery), notedAtLeastEvery);
    const mute = checkInterval === Infinity;
    const words = { tunnel: this.#id, every: mute ? 0 : every, took: mute ? ('mute' as const) : took };
    return await writeNote(connection, listen.port, words, signal);
  }

  /** Checks at intervals; resolves with the reason when the tunnel must be set up anew. */
  async #watch(
    connection: GatewayConnection,
    listen: { host: string; port: number } | { path: string },
    signal: AbortSignal,
  ): Promise<Error> {
    const { checkInterval, target } = this.#plan;
    const published: ForwardTarget =
      'path' in listen ? { socketPath: listen.path } : { host: dialHost(listen.host), port: listen.port };
    let last: CheckResult | undefined;
    for (let broken = 0; ; ) {
      if (checkInterval === Infinity || last === 'unavailable') return await endOf(signal);
      const started = now();
      const { result, message } = await checkTunnel(connection, published, target, signal);
      const durationMs = Math.round(now() - started);
      if (result !== last) this.#report.emit({ type: 'checked', result, message, durationMs });
      // The link is alive, whatever state the target is in.
      if (result !== 'broken') {
        void this.#renewNote(connection, signal, result === 'ok' ? durationMs : undefined).catch(() => {});
      }
      last = result;
      broken = result === 'broken' ? broken + 1 : 0;
      if (broken >= brokenChecks) return new Error(`The end-to-end check failed: ${message}`);
      await sleep(result === 'ok' ? checkInterval : Math.min(recheckAfter, checkInterval), signal);
    }
  }

  #connectOptions(): ConnectOptions {
    const { gateway } = this.#plan;
    // Short, to find out at once when the network is back; now and then long, for a slow network.
    const tcp = this.#attempt % 5 === 0 ? 10_000 : 2_000;
    return {
      ...gateway,
      keepalive: gateway.keepalive ?? { interval: 10_000, countMax: 3 },
      timeouts: { ...gateway.timeouts, tcp: gateway.timeouts?.tcp ?? tcp },
      retry: false,
      signal: this.#stop,
    };
  }

  /** Waits for the next attempt; returns false if there is none. */
  async #goesOn(error: Error): Promise<boolean> {
    const wait = this.#waits.next(error);
    if (wait === undefined || !(await this.#mayRetry(error))) return false;
    this.#report.setStatus({ state: 'waiting', since: new Date(), for: 'retry', wait, error });
    this.#report.emit({ type: 'waiting', error, attempt: this.#attempt, wait });
    await sleep(wait, this.#stop).catch(() => {});
    return true;
  }

  async #mayRetry(error: Error): Promise<boolean> {
    const own = await this.#plan.shouldRetry?.(error, this.#waits.failures);
    if (own !== undefined) return own;
    // Wrong use (TypeError, RangeError) does not correct itself; a failed check may.
    return isSshError(error) ? error.retryable : error.constructor === Error;
  }
}

function endOf(signal: AbortSignal): Promise<never> {
  return orAborted(new Promise<never>(() => {}), signal);
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
