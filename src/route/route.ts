import type { Duplex } from 'node:stream';
import type { SshError } from '../errors/index.ts';
import type { ConnectOptions, Log } from '../options/types.ts';
import type { StopSwitch } from '../time/stop-switch.ts';

/** What a route gets to know about the connection it carries. */
export interface RouteContext {
  /** The server that the stream must lead to. */
  readonly host: string;
  /** The server's port. */
  readonly port: number;
  /** The account there, for `%r`. */
  readonly username: string;
  /** Aborts when the attempt ends early: timeout, the caller's signal, or a failure. `reason` is the cause. */
  readonly signal: AbortSignal;
  /** Like `signal`, for the library’s own routes: `signal` is created only on access. @internal */
  readonly stop?: StopSwitch;
  /** Milliseconds that the route may take; enforced by the caller through `signal`. `Infinity` for a jump host. */
  readonly timeout: number;
  /** Set when this connection is itself a hop of a longer route. */
  readonly hop?: string | undefined;
  /** Receives log records. */
  readonly log: Log;
  /** Receives the login notices of hops. */
  readonly onLoginBanner?: ConnectOptions['onLoginBanner'];
  /** Connects to a hop: one attempt, with the hop's own host key, credentials and timeouts. Its errors name `hop`. */
  connect(options: ConnectOptions, hop: string): Promise<HopConnection>;
}

/** What a route needs from a hop's connection. */
export interface HopConnection {
  /** Opens a byte stream from the hop to a target. */
  openStream(
    target: { host: string; port: number } | { socketPath: string },
    options?: { signal?: AbortSignal | undefined },
  ): Promise<Duplex>;
  /** Resolves when it has ended: with the error, or undefined after `close`. */
  readonly closed: Promise<SshError | undefined>;
  /** Ends the connection to the hop. */
  close(): Promise<void>;
}

/** An open byte stream to the server's SSH port. */
export interface RoutedStream {
  /** The bytes to and from the server. */
  readonly stream: Duplex;
  /** The program that speaks before the server can, for messages: `the proxy command nc`. */
  readonly program?: string;
  /** Called once after the stream has ended, to close what carried it (jump connections, child processes). */
  dispose?(): void | Promise<void>;
  /** Why the stream ended, if the route knows more than the stream (a proxy command's exit). */
  failure?(): Error | undefined;
}

/**
 * A way to reach the server, made by `jumpHost`, `proxyCommand`, `httpProxy`, `socksProxy` or `proxyFromEnvironment`.
 * The default is plain TCP.
 */
export interface Route {
  /** Its kind, for messages and traces. */
  readonly kind:
    | 'tcp'
    | 'jump-host'
    | 'proxy-command'
    | 'http-proxy'
    | 'socks-proxy'
    | 'proxy-from-environment'
    | 'stream';
  /**
   * Opens the stream. Rejects with an `SshError` (phase `tcp` or `route`), or with `context.signal.reason` as soon as
   * the signal aborts, and then leaves nothing open.
   */
  open(context: RouteContext): Promise<RoutedStream>;
}
