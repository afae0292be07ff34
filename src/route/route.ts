import type { Duplex } from 'node:stream';
import type { SshError } from '../errors/index.ts';
import type { ConnectOptions, Log } from '../options/types.ts';

/** What a route knows about the connection that it carries. */
export interface RouteContext {
  /** The server that the stream is to lead to. */
  readonly host: string;
  /** The server's port. */
  readonly port: number;
  /** The account there, for `%r`. */
  readonly username: string;
  /** Aborts when the attempt is over: by its timeout, the caller's signal, or a failure. `reason` is the cause. */
  readonly signal: AbortSignal;
  /** Milliseconds that the route may take; the caller enforces it through `signal`. `Infinity` for a jump host. */
  readonly timeout: number;
  /** Set when this connection is itself a hop of a longer route. */
  readonly hop?: string | undefined;
  /** Where to say what happens. */
  readonly log: Log;
  /** Whom to tell of the login notices of hops. */
  readonly onLoginBanner?: ConnectOptions['onLoginBanner'];
  /**
   * Opens the connection of a hop: one attempt, with the hop's own host key, credentials and timeouts. Its errors name
   * `hop`. Given here so that routes need not know how connections are made.
   */
  connect(options: ConnectOptions, hop: string): Promise<HopConnection>;
}

/** What a route needs of a hop's connection. */
export interface HopConnection {
  /** Opens a byte stream from the hop to a target. */
  openStream(
    target: { host: string; port: number } | { socketPath: string },
    options?: { signal?: AbortSignal | undefined },
  ): Promise<Duplex>;
  /** Resolves once, with the error unless we closed it. */
  readonly closed: Promise<SshError | undefined>;
  /** Ends the connection to the hop. */
  close(): Promise<void>;
}

/** An open byte stream to the server's SSH port. */
export interface RoutedStream {
  /** The bytes to and from the server. */
  readonly stream: Duplex;
  /** Called once after the stream has ended: closes what carried it (jump connections, child processes). */
  dispose?(): void | Promise<void>;
  /** Why the stream ended, when the route knows better than the stream (a proxy command's exit). */
  failure?(): Error | undefined;
}

/** A way to reach the server. Made by `jumpHost`, `proxyCommand`, `httpProxy`, `socksProxy` and
 * `proxyFromEnvironment`; plain TCP is the default. */
export interface Route {
  /** What it is made by; for messages and traces. */
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
   * the signal aborts. Leaves nothing behind when it rejects.
   */
  open(context: RouteContext): Promise<RoutedStream>;
}
