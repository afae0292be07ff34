import { isSshError, PortForwardFailed } from '../../errors/index.ts';
import type { Forwarding } from '../../forward/types.ts';
import { growingWait } from '../../time/growing-wait.ts';
import { now, sleep } from '../../time/timer.ts';
import type { ReclaimResult, SessionId } from '../holder/answers.ts';
import { reclaimPort } from '../reclaim/reclaim.ts';
import type { ReclaimPace } from '../reclaim/reclaim-pace.ts';
import type { GatewayConnection, ReclaimRefusal, TunnelHappening } from '../types.ts';
import { askTarget } from './check-tunnel.ts';
import type { TunnelPlan } from './options.ts';

/** Growing intervals in milliseconds between requests for a taken port. Each request costs one round trip. */
const asks = { minDelay: 1_000, factor: 1.5, maxDelay: 5_000 };
/** After a session has been ended, sshd needs a moment to release the port. */
const quickAsk = 50;
const quickAsks = 40;
/**
 * If our own target takes longer than this many milliseconds to send its banner, silence proves nothing about others.
 */
const slowestBanner = 5_000;

export interface PortRequest {
  connection: GatewayConnection;
  plan: TunnelPlan;
  /** Aborts with the reason when the connection ends or the tunnel is closed. */
  signal: AbortSignal;
  /** The session that this tunnel has lost; see `reclaimPort`. */
  own: SessionId | undefined;
  /** The tunnel's name in its notes. */
  id: string;
  /** Whether the tunnel held the port before. */
  hadIt: boolean;
  pace: ReclaimPace;
  emit(event: TunnelHappening): void;
  /** The port is taken; the next request follows after `wait`. */
  onTaken(error: PortForwardFailed, wait: number): void;
}

/**
 * Gets the port, however long its holder lives: requests it again and again on this one connection, which does not keep
 * a zombie alive, and ends the holder if that is allowed. Rejects if the connection ends or the gateway forbids the
 * port.
 */
export async function holdPort(request: PortRequest): Promise<Forwarding> {
  const reclaim = new Reclaimer(request);
  for (let asked = 1, quick = 0; ; asked++) {
    const taken = await ask(request);
    if (!(taken instanceof PortForwardFailed)) return taken;
    if (quick === 0 && (await reclaim.attempt())) quick = quickAsks;
    const wait = quick > 0 ? quickAsk : growingWait(asks, asked - 1);
    if (quick > 0) quick--;
    else request.emit({ type: 'port-taken', error: taken, asked, wait });
    request.onTaken(taken, wait);
    await sleep(wait, request.signal);
  }
}

/** The forward, or a refusal that may be temporary. */
async function ask({ connection, plan, signal }: PortRequest): Promise<Forwarding | PortForwardFailed> {
  const { listen, target } = plan;
  const where =
    listen.path === undefined
      ? { listenHost: listen.host, listenPort: listen.port }
      : { listenPath: listen.path };
  try {
    return await connection.forwardRemote({ ...where, ...target, signal });
  } catch (error) {
    if (isSshError(error) && error.code === 'SSH_PORT_FORWARD_FAILED' && error.retryable) {
      return error as PortForwardFailed;
    }
    throw error;
  }
}

class Reclaimer {
  #request: PortRequest;
  #own: SessionId | undefined;
  #lastRefusal: ReclaimRefusal | undefined;

  constructor(request: PortRequest) {
    this.#request = request;
    this.#own = request.own;
  }

  /** Returns whether the port should be free in a moment. */
  async attempt(): Promise<boolean> {
    const { plan } = this.#request;
    const { pace } = this.#request;
    // There is no doubt about the session that this tunnel itself has lost.
    if (!plan.reclaim || !(this.#own || pace.due)) return false;
    const started = now();
    const result = await this.#reclaim();
    this.#own = undefined;
    if (result.kind !== 'refused' || result.reason !== 'recently-up') pace.attempted();
    if (result.kind === 'refused' && result.retryIn !== undefined) pace.postponed(result.retryIn);
    if (result.kind === 'free') return true;
    if (result.kind === 'refused') {
      if (result.lostTo !== undefined) pace.lostTo(result.lostTo, plan.reclaim.backOff);
      this.#refused(result.reason, result.message);
      return false;
    }
    const { kind: _, ...found } = result;
    this.#request.emit({ type: 'reclaimed', ...found, durationMs: Math.round(now() - started) });
    return true;
  }

  #reclaim(): Promise<ReclaimResult> {
    const { connection, plan, signal, id, hadIt } = this.#request;
    const { listen, reclaim: options } = plan;
    if (listen.path !== undefined || !options) {
      const message =
        'A Unix socket is taken over by StreamLocalBindUnlink yes in sshd_config, not by ending sessions.';
      return Promise.resolve({ kind: 'refused', reason: 'unix-socket', message });
    }
    const address = { host: dialHost(listen.host), port: listen.port };
    const askTarget = () => bannerTime(plan, signal);
    const about = { id, hadIt, own: this.#own, askTarget, signal };
    return reclaimPort(connection, { port: listen.port, address, options, ...about });
  }

  #refused(reason: ReclaimRefusal, message: string): void {
    if (reason === this.#lastRefusal) return;
    this.#lastRefusal = reason;
    this.#request.emit({ type: 'reclaim-refused', reason, message });
  }
}

/**
 * How long our own target takes to send its banner; undefined if it is not to be asked (`checkInterval`), or sends
 * none.
 */
async function bannerTime(
  { checkInterval, target }: TunnelPlan,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (checkInterval === Infinity) return undefined;
  const started = now();
  const { kind } = await askTarget(target, signal, slowestBanner);
  return kind === 'banner' ? Math.round(now() - started) : undefined;
}

/** The address at which the gateway itself reaches a listener on `listenHost`. */
export function dialHost(listenHost: string): string {
  return ['', '*', '0.0.0.0', '::', 'localhost'].includes(listenHost) ? '127.0.0.1' : listenHost;
}
