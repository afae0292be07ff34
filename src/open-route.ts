import type { Duplex } from 'node:stream';
import type { AttemptPlan } from './arrival.ts';
import { ConnectFailed, isSshError, phaseTimeout, type SshError, type SshTimeout } from './errors/index.ts';
import type { ResolvedOptions } from './options/resolve.ts';
import type { Route, RouteContext, RoutedStream } from './route/route.ts';
import { tcp } from './route/tcp.ts';
import { printable } from './text/printable.ts';
import { onAbort } from './time/on-abort.ts';
import { StopSwitch } from './time/stop-switch.ts';
import { startTimer } from './time/timer.ts';

/**
 * Opens the byte stream to the server, within its limit. The time in which code is loaded does not count: the limit
 * begins with `loaded`.
 */
export async function openRoute(plan: AttemptPlan, loaded: Promise<void>): Promise<RoutedStream> {
  const { signal, options } = plan;
  signal.throwIfAborted();
  const route = routeOf(options);
  const limit = new StopSwitch();
  // Each phase of each jump has a limit of its own, and an error that names the hop.
  const limitMs = route.kind === 'jump-host' ? Infinity : options.timeouts.tcp;
  const stopTimer = startTimerAfter(loaded, limitMs, () => limit.abort(routeTimeout(plan)));
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

function startTimerAfter(begin: Promise<void>, ms: number, fire: () => void): () => void {
  let stop: (() => void) | undefined;
  let isOver = false;
  void begin.then(() => {
    if (!isOver) stop = startTimer(ms, fire);
  });
  return () => {
    isOver = true;
    stop?.();
  };
}

/** The stream is over; what carried it goes too. Its trouble with that is nobody's any more. */
export async function dispose(routed: RoutedStream): Promise<void> {
  routed.stream.destroy();
  try {
    await routed.dispose?.();
  } catch {
    // The route is given up in any case.
  }
}
