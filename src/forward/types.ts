import type { SshError } from '../errors/index.ts';

/** Where forwarded connections go: a TCP port, or a Unix socket. */
export type ForwardTarget =
  | { host: string; port: number; socketPath?: undefined }
  | { socketPath: string; host?: undefined; port?: undefined };

/** What both directions of a forward take. */
export interface ForwardOptions {
  /** Stops the setting up; the promise rejects with `signal.reason`. Not the forward, once it stands: see `close`. */
  signal?: AbortSignal | undefined;
  /**
   * Told of each connection that could not be forwarded: the target refused it, or broke off. That ends this one
   * connection and nothing else.
   */
  onConnectionError?: ((error: Error) => void) | undefined;
}

/** Where a forward listens on this machine. */
type LocalListen =
  | {
      /** The address to listen on. Default `127.0.0.1`; `0.0.0.0` lets the whole network in. */
      listenHost?: string | undefined;
      /** Default 0: a free port, see `Forwarding.port`. */
      listenPort?: number | undefined;
      listenPath?: undefined;
    }
  | {
      /** A Unix socket (or a Windows named pipe) to listen on instead. */
      listenPath: string;
      listenHost?: undefined;
      listenPort?: undefined;
    };

/** Listens here, connects there: from this machine to what the server can reach (`ssh -L`). */
export type LocalForwardOptions = ForwardOptions & ForwardTarget & LocalListen;

/** A SOCKS 5 proxy here, whose connections are made there: to whatever the server can reach (`ssh -D`). */
export type DynamicForwardOptions = ForwardOptions & LocalListen;

/** Listens there, connects here: from the server to what this machine can reach (`ssh -R`). */
export type RemoteForwardOptions = ForwardOptions &
  ForwardTarget & {
    /** Milliseconds for the connect to the target. Default 30,000. */
    connectTimeout?: number | undefined;
  } & (
    | {
        /**
         * The address of the server to listen on. Default `localhost`. OpenSSH listens on its loopback whatever is asked,
         * and says that all is well, unless its `GatewayPorts` allows more.
         */
        listenHost?: string | undefined;
        /** 0 lets the server choose, see `Forwarding.port`. */
        listenPort: number;
        listenPath?: undefined;
      }
    | {
        /**
         * A Unix socket of the server to listen on instead (streamlocal-forward@openssh.com). With sshd's
         * `StreamLocalBindUnlink yes` a new forward takes over from a dead one at once.
         */
        listenPath: string;
        listenHost?: undefined;
        listenPort?: undefined;
      }
  );

/** A listener whose connections are forwarded. Lives until `close`, or until the SSH connection ends. */
export interface Forwarding extends AsyncDisposable {
  /** The address that listens; empty for a Unix socket. */
  readonly host: string;
  /** The port that listens, the real one where 0 was asked for; 0 for a Unix socket. */
  readonly port: number;
  /** The Unix socket that listens, if it is one. */
  readonly path?: string;
  /** Connections open through it now. */
  readonly connections: number;
  /** Resolves once when it has ended: with the error when the SSH connection was lost, else undefined. Never rejects. */
  readonly closed: Promise<SshError | undefined>;
  /** Stops listening and ends the connections through it. Idempotent, never rejects. */
  close(): Promise<void>;
}
