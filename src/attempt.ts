import type { Duplex } from 'node:stream';
import {
  ConnectFailed,
  isSshError,
  type PhaseTimings,
  phaseTimeout,
  type SshError,
  type SshTimeout,
} from './errors/index.ts';
import type { HostKeyPolicy } from './host-key/policy/policy.ts';
import { debugTopic } from './observe/debug.ts';
import type { ResolvedOptions } from './options/resolve.ts';
import type { ConnectOptions } from './options/types.ts';
import type { HopConnection, Route, RouteContext, RoutedStream } from './route/route.ts';
import { tcp } from './route/tcp.ts';
import { EarlySession } from './ssh2/channels/early-session.ts';
import { Link } from './ssh2/channels/link.ts';
import type { ResolvedAlgorithms } from './ssh2/handshake/algorithms.ts';
import { handshake } from './ssh2/handshake/handshake.ts';
import { type OwnedLink, ownLink } from './ssh2/handshake/owned-link.ts';
import type { Established, HandshakePlan } from './ssh2/handshake/plan.ts';
import { loadClientMeanwhile } from './ssh2/insides/load.ts';
import type { Credentials } from './ssh2/login/credentials.ts';
import { printable } from './text/printable.ts';
import { onAbort, type Stoppable } from './time/on-abort.ts';
import { StopSwitch } from './time/stop-switch.ts';
import { now, startTimer } from './time/timer.ts';

const debug = debugTopic('connect');

/** What all attempts of one connection share. */
export interface AttemptPlan {
  options: ResolvedOptions;
  credentials: Credentials;
  hostKey: HostKeyPolicy;
  algorithms: ResolvedAlgorithms;
  /** Set for the connection to a jump host. */
  hop?: string | undefined;
  connectHop(options: ConnectOptions, hop: string): Promise<HopConnection>;
  signal: Stoppable;
}

/** An attempt that succeeded. */
export interface Arrival extends Pick<Established, 'serverVersion' | 'hostKeyFingerprint'> {
  owned: OwnedLink;
  timings: PhaseTimings;
}

/** One attempt: route, identification line, keys, login. `timings` is filled in as it goes, also when it fails. */
export async function attempt(plan: AttemptPlan, timings: PhaseTimings): Promise<Arrival> {
  const startedAt = now();
  let routed: RoutedStream | undefined;
  try {
    const opening = openRoute(plan);
    loadClientMeanwhile();
    routed = await opening;
    timings.tcp = elapsed(startedAt);
    const early = earlySession(plan);
    const established = await handshake(routed.stream, handshakePlan(plan, routed, timings, early));
    return arrive(plan, established, routed, timings, early);
  } catch (error) {
    // Not waited for: what carried the stream may be as dead as the stream, and an abort must be quick.
    if (routed) void dispose(routed);
    throw error;
  } finally {
    timings.total = elapsed(startedAt);
    debug('%s:%d phases %j', plan.options.host, plan.options.port, timings);
  }
}

async function openRoute(plan: AttemptPlan): Promise<RoutedStream> {
  const { signal, options } = plan;
  const route = routeOf(options);
  const limit = new StopSwitch();
  // Each phase of each jump has a limit of its own, and an error that names the hop.
  const limitMs = route.kind === 'jump-host' ? Infinity : options.timeouts.tcp;
  const stopTimer = startTimer(limitMs, () => limit.abort(routeTimeout(plan)));
  const unfollow = onAbort(signal, () => limit.abort(signal.reason));
  try {
    return await route.open(new AttemptContext(plan, limit, limitMs));
  } catch (error) {
    signal.throwIfAborted();
    limit.throwIfAborted();
    throw isSshError(error) ? error : routeFailed(error, plan);
  } finally {
    stopTimer();
    unfollow();
  }
}

/** A class: a getter in a literal makes each of them an object of a kind of its own. */
class AttemptContext implements RouteContext {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly stop: StopSwitch;
  readonly timeout: number;
  readonly hop: string | undefined;
  readonly log: RouteContext['log'];
  readonly onLoginBanner: RouteContext['onLoginBanner'];
  readonly connect: RouteContext['connect'];

  constructor({ options, hop, connectHop }: AttemptPlan, stop: StopSwitch, timeout: number) {
    this.host = options.host;
    this.port = options.port;
    this.username = options.username;
    this.stop = stop;
    this.timeout = timeout;
    this.hop = hop;
    this.log = options.log;
    this.onLoginBanner = options.onLoginBanner;
    this.connect = connectHop;
  }

  get signal(): AbortSignal {
    return this.stop.signal;
  }
}

function routeOf({ via }: ResolvedOptions): Route {
  if (via === undefined) return tcp;
  return typeof via === 'function' ? { kind: 'stream', open: (context) => openStream(via, context) } : via;
}

/** A user's function cannot be stopped: a stream that it opens too late is destroyed. */
function openStream(via: () => Duplex | Promise<Duplex>, { signal }: RouteContext): Promise<RoutedStream> {
  return new Promise((resolve, reject) => {
    const done = onAbort(signal, () => reject(signal.reason));
    Promise.resolve()
      .then(via)
      .then((stream) => {
        done();
        if (typeof stream?.pipe !== 'function' || typeof stream.write !== 'function') {
          return reject(
            new TypeError(
              'option via: the function gave no Duplex; a readable and writable stream would be right',
            ),
          );
        }
        stream.on('error', () => {});
        if (signal.aborted) stream.destroy();
        resolve({ stream });
      })
      .catch((error) => {
        done();
        reject(error);
      });
  });
}

/** None on the way to another host, nor if only one session may be opened, which may be wanted for something else. */
function earlySession({ options: { host, port, maxSessions }, hop }: AttemptPlan): EarlySession | undefined {
  return hop !== undefined || maxSessions === 1 ? undefined : new EarlySession({ host, port });
}

function handshakePlan(
  plan: AttemptPlan,
  routed: RoutedStream,
  timings: PhaseTimings,
  behindLogin: EarlySession | undefined,
): HandshakePlan {
  const { options, credentials, hostKey, algorithms, hop, signal } = plan;
  const { host, port, timeouts, keepalive, onLoginBanner, log } = options;
  return {
    where: { host, port, hop },
    credentials,
    hostKey,
    algorithms,
    timeouts,
    keepalive,
    onLoginBanner,
    log,
    signal,
    timings,
    program: routed.program,
    behindLogin,
    routeFailure: () => routed.failure?.(),
  };
}

function arrive(
  plan: AttemptPlan,
  established: Established,
  routed: RoutedStream,
  timings: PhaseTimings,
  early: EarlySession | undefined,
): Arrival {
  const { host, port, keepalive, maxSessions, timeouts } = plan.options;
  const { client, serverVersion, hostKeyFingerprint, chores } = established;
  const where = { host, port, hop: plan.hop };
  const channelTimeout = timeouts.channel;
  const link = new Link(client, where, {
    channelTimeout,
    maxSessions,
    serverVersion,
    chores,
    opensAhead: true,
    early,
  });
  const owned = ownLink(established, link, keepalive, () => dispose(routed));
  return { owned, serverVersion, hostKeyFingerprint, timings };
}

/** The stream is over; what carried it goes too. Its trouble with that is nobody's any more. */
async function dispose(routed: RoutedStream): Promise<void> {
  routed.stream.destroy();
  try {
    await routed.dispose?.();
  } catch {
    // The route is given up in any case.
  }
}

function routeTimeout({ options, hop }: AttemptPlan): SshTimeout {
  const { host, port, via, timeouts } = options;
  const details = { host, port, hop, timeoutMs: timeouts.tcp };
  if (via === undefined) return phaseTimeout('tcp', details);
  return phaseTimeout('tcp', {
    ...details,
    phase: 'route',
    late: 'was not reached by its route',
    hint: 'No answer came by this route: the proxy or program on the way, the gateway behind it, or the network between them is silent.',
  });
}

function routeFailed(error: unknown, { options, hop }: AttemptPlan): SshError | TypeError {
  if (error instanceof TypeError || error instanceof RangeError) return error;
  const { host, port } = options;
  const said = error instanceof Error ? printable(error.message) : 'no reason given';
  return new ConnectFailed(`The route to ${host}:${port} could not be opened: ${said}`, {
    phase: 'route',
    host,
    port,
    hop,
    cause: error,
    retryable: true,
    errno: (error as NodeJS.ErrnoException | undefined)?.code,
  });
}

function elapsed(since: number): number {
  return Math.round((now() - since) * 10) / 10;
}
