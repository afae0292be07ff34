import type { SshError } from '../errors/index.ts';

/** Where forwarded connections go: a TCP port or a Unix socket. */
export type ForwardTarget =
  | { host: string; port: number; socketPath?: undefined }
  | { socketPath: string; host?: undefined; port?: undefined };

/** Options common to all forwards. */
export interface ForwardOptions {
  /** Stops setting up the forward; the promise rejects with `signal.reason`. Once the forward is up, use `close`. */
  signal?: AbortSignal | undefined;
  /** Called for each connection that could not be forwarded, or that failed later. Only that connection ends. */
  onConnectionError?: ((error: Error) => void) | undefined;
}

/** Where a forward listens on this machine. */
type LocalListen =
  | {
      /** Address to listen on. Default `127.0.0.1`; `0.0.0.0` admits the whole network. */
      listenHost?: string | undefined;
      /** Port to listen on. Default 0: any free port, see `Forwarding.port`. */
      listenPort?: number | undefined;
      listenPath?: undefined;
    }
  | {
      /** A Unix socket or Windows named pipe to listen on instead. */
      listenPath: string;
      listenHost?: undefined;
      listenPort?: undefined;
    };

/** Listens on this machine and connects to what the server can reach (`ssh -L`). */
export type LocalForwardOptions = ForwardOptions & ForwardTarget & LocalListen;

/** A SOCKS proxy (5, 4, 4a) on this machine; the server makes its connections (`ssh -D`). */
export type DynamicForwardOptions = ForwardOptions & LocalListen;

/** Listens on the server and connects to what this machine can reach (`ssh -R`). */
export type RemoteForwardOptions = ForwardOptions &
  ForwardTarget & {
    /** Milliseconds to connect to the target. Default 30,000. */
    connectTimeout?: number | undefined;
  } & (
    | {
        /**
         * Address on the server to listen on. Default `localhost`. Unless `GatewayPorts` allows another, sshd listens
         * on its loopback address whatever is requested, and still reports success.
         */
        listenHost?: string | undefined;
        /** Port to listen on; 0 lets the server choose, see `Forwarding.port`. */
        listenPort: number;
        listenPath?: undefined;
      }
    | {
        /**
         * A Unix socket on the server to listen on instead (streamlocal-forward@openssh.com). With sshd's
         * `StreamLocalBindUnlink yes`, a new forward replaces a dead one at once.
         */
        listenPath: string;
        listenHost?: undefined;
        listenPort?: undefined;
      }
  );

/** A listener whose connections are forwarded, until `close` or the end of the SSH connection. */
export interface Forwarding extends AsyncDisposable {
  /** The address it listens on; empty for a Unix socket. */
  readonly host: string;
  /** The port it listens on, also if 0 was requested; 0 for a Unix socket. */
  readonly port: number;
  /** The Unix socket it listens on, if any. */
  readonly path?: string;
  /** Number of connections now open through it. */
  readonly connections: number;
  /**
   * Resolves when the forward has ended: with the error if the SSH connection was lost, else undefined. Never
   * rejects.
   */
  readonly closed: Promise<SshError | undefined>;
  /** Stops listening and ends its connections. Idempotent, never rejects. */
  close(): Promise<void>;
}
