import type { Duplex } from 'node:stream';
import type { PortForwardFailed, SshError } from '../errors/index.ts';
import type { Forwarding, ForwardTarget, RemoteForwardOptions } from '../forward/types.ts';
import type { ConnectOptions } from '../options/types.ts';

/** What the tunnel tools need of a connection to the gateway. */
export interface GatewayConnection {
  exec(
    command: string,
    options: { reject: false; timeout: number; maxBuffer: number; signal?: AbortSignal | undefined },
  ): PromiseLike<{ exitCode: number | null; stdout: string }>;
  forwardRemote(options: RemoteForwardOptions): Promise<Forwarding>;
  openStream(
    target: ForwardTarget,
    options?: { signal?: AbortSignal | undefined; timeout?: number | undefined },
  ): Promise<Duplex>;
  readonly closed: Promise<SshError | undefined>;
  close(): Promise<void>;
}

/** Connects to the gateway, in one attempt. */
export type ConnectGateway<C extends GatewayConnection = GatewayConnection> = (
  options: ConnectOptions,
) => Promise<C>;

/** Options of `keepReverseTunnel`. */
export interface ReverseTunnelOptions {
  /**
   * The gateway and the login there. Two defaults differ from those of a connection: `keepalive` 10 s x 3 (a dead
   * peer is noticed within 40 s) and `timeouts.tcp` 2 s (every fifth attempt 10 s), to reconnect quickly. Retries are
   * set by `retry` of the tunnel.
   */
  gateway: Omit<ConnectOptions, 'retry' | 'signal'>;
  /** The port to publish on the gateway; required unless `listenPath` is given. */
  listenPort?: number | undefined;
  /** The gateway's address to listen on. Default `localhost`; others need sshd's `GatewayPorts`. */
  listenHost?: string | undefined;
  /** A Unix socket on the gateway instead of a port. With sshd's `StreamLocalBindUnlink yes`, no zombie can hold it. */
  listenPath?: string | undefined;
  /** What to publish: usually this PC's sshd, `{ host: '127.0.0.1', port: 22 }`. */
  target: ForwardTarget;
  /**
   * If the port is held by a dead session of this account, end that session on the gateway (with a signal, as the
   * same user) and take the port: about a second instead of sshd's ClientAlive time. Needs an account that may run
   * commands on a Linux gateway, and a target that is an SSH server, since only then can the tunnel be tested. Two
   * tunnels with the same port by mistake do not fight: the one that finds the other alive waits, and both report it
   * (`reclaim-refused`, and `contested` to the holder). Default `false`.
   */
  reclaim?: boolean | ReclaimOptions | undefined;
  /** When to try again. Default: for ever, 0.5 to 30 s apart. */
  retry?: TunnelRetryOptions | undefined;
  /**
   * Milliseconds between checks that the published port answers with the target's SSH identification line.
   * `Infinity`: no checks, for a target that is not an SSH server. Default 60,000.
   */
  checkInterval?: number | undefined;
  /** Called for each event, in order. Errors it throws are ignored. Default: none. */
  onEvent?: ((event: TunnelEvent) => void) | undefined;
  /** Closes the tunnel when it aborts. */
  signal?: AbortSignal | undefined;
}

/** When a session that holds this tunnel's port may be ended. All rules are in docs/tunnels.md. */
export interface ReclaimOptions {
  /**
   * What to do about a session that left no note (one of `ssh -R` or autossh):
   * - `'keep'` (default): leave it alone;
   * - `'only-session'`: end it if it is the account's only other SSH session on the gateway, this account holds the
   *   port, and nothing answers through the port. Not for an account that several PCs share.
   */
  unnoted?: 'keep' | 'only-session' | undefined;
  /**
   * Milliseconds within which a live holder must send its identification line through the port; a slower one counts
   * as dead. Extended to four times what this tunnel's own target takes, or what the holder noted for its target, if
   * that is longer. Not used for the session that this tunnel itself has just lost. Default 1,500.
   */
  answerTimeout?: number | undefined;
  /**
   * Milliseconds for which another tunnel that holds the port counts as alive after its last note, even if silent;
   * extended to 1.5 times its `checkInterval`, if that is longer. For a session without a note, counted from its
   * start. Does not apply to this tunnel's predecessor on the same machine. Default 90,000.
   */
  quiet?: number | undefined;
  /**
   * Milliseconds to wait after losing the port to another tunnel, before trying to reclaim it in case that one has
   * died. Doubles with each further loss, up to ten minutes. Default 60,000.
   */
  backOff?: number | undefined;
}

/** When a tunnel tries again. */
export interface TunnelRetryOptions {
  /** Consecutive failed attempts before it gives up. Default `Infinity`. */
  attempts?: number | undefined;
  /** Milliseconds before the first retry. Default 500. */
  minDelay?: number | undefined;
  /** Each wait is this many times the one before. Default 2. */
  factor?: number | undefined;
  /**
   * Longest wait in milliseconds; at most 1,000 while the gateway is unreachable or refuses connections. Default
   * 30,000.
   */
  maxDelay?: number | undefined;
  /** Random part of each wait, 0 to 1, so that many PCs do not connect in step. Default 0.5. */
  jitter?: number | undefined;
  /**
   * `true`: retry; `false`: give up; `undefined`: the default, `error.retryable`, by which a refused login, a wrong
   * host key and a port that is not permitted end the tunnel.
   */
  shouldRetry?:
    | ((error: Error, attempt: number) => boolean | undefined | Promise<boolean | undefined>)
    | undefined;
}

/** `waiting`: for the next attempt or for the port; `closed`: for good. */
export type TunnelState = 'connecting' | 'up' | 'waiting' | 'closed';

/** The state of a tunnel, with details. */
export type TunnelStatus =
  | { state: 'connecting'; since: Date; attempt: number }
  | {
      state: 'up';
      since: Date;
      /** Where the gateway listens. */
      listen: { host: string; port: number } | { path: string };
    }
  | {
      state: 'waiting';
      since: Date;
      /** `retry`: for the next attempt; `port`: connected, but the port is taken. */
      for: 'retry' | 'port';
      /** Milliseconds until the next attempt. */
      wait: number;
      error: Error;
    }
  | { state: 'closed'; since: Date; error: Error | undefined };

/** An event of a tunnel. */
export type TunnelEvent = {
  /** When it happened. */
  at: Date;
} & TunnelHappening;

export type TunnelHappening =
  | { type: 'connecting'; attempt: number }
  /** Logged in at the gateway; the port is requested next. */
  | { type: 'connected'; attempt: number; durationMs: number }
  /** The gateway listens for this tunnel. `downMs`: since the tunnel was lost, or since the start. */
  | { type: 'up'; listen: { host: string; port: number } | { path: string }; downMs: number }
  /** The port is taken. Requested again over the same connection, which does not keep a zombie alive. */
  | { type: 'port-taken'; error: PortForwardFailed; asked: number; wait: number }
  /**
   * A session that did not answer was ended. `silentMs`: how long it was silent when tested through the port (absent
   * for a session that this tunnel itself had lost); `holder`: the machine named in its note.
   */
  | {
      type: 'reclaimed';
      pid: number;
      evidence: ReclaimEvidence;
      durationMs: number;
      silentMs?: number;
      holder?: string;
    }
  /**
   * Another tunnel requests the port that this one holds: two tunnels have the same port, perhaps on a cloned
   * machine.
   */
  | { type: 'contested'; machine: string; message: string }
  /** The port is left to its holder. Repeated only when the reason changes. */
  | { type: 'reclaim-refused'; reason: ReclaimRefusal; message: string }
  /** A note on the gateway says which session holds the port, for a later reclaim. */
  | { type: 'noted'; pid: number }
  /** That note could not be written. */
  | { type: 'note-failed'; reason: ReclaimRefusal; message: string }
  /** The result of a check: the first, then each change. */
  | { type: 'checked'; result: CheckResult; message: string; durationMs: number }
  /** The tunnel was lost. */
  | { type: 'down'; error: Error; upMs: number }
  | { type: 'waiting'; error: Error; attempt: number; wait: number }
  | { type: 'closed'; error: Error | undefined };

/** How the dead session was identified. */
export type ReclaimEvidence = 'own' | 'note' | 'only-session';

/** Why a session was not ended. */
export type ReclaimRefusal =
  /** The account cannot run commands: no shell, a forced command, or sessions forbidden. */
  | 'no-shell'
  /** A script on the gateway did not finish in time. */
  | 'timeout'
  /** The gateway is not Linux, or its /proc is not readable. */
  | 'no-proc'
  | 'other-user'
  /** The holder sent its identification line: it is alive. */
  | 'answers'
  /** The tunnel that holds it noted recently that it is up; see {@link ReclaimOptions.quiet}. */
  | 'recently-up'
  /** This tunnel lost the port to another live tunnel: two PCs may have the same port. */
  | 'taken-over'
  /**
   * Whether the holder is alive cannot be determined: the gateway forbids connections to its own ports, or the target
   * is down or not an SSH server, so silence proves nothing.
   */
  | 'cannot-check'
  /** It left no note, or its note is about a session that has ended. */
  | 'no-note'
  /** `unnoted: 'only-session'`, but the account has several. */
  | 'several-sessions'
  /** The signal had no effect. */
  | 'survived'
  | 'unix-socket';

/**
 * - `ok`: the published port answered with an SSH identification line;
 * - `target-down`: the tunnel is up, but the target does not answer;
 * - `broken`: the target answers, but not through the port: the tunnel reconnects;
 * - `unavailable`: the gateway forbids the check (PermitOpen, AllowTcpForwarding) and lacks the helper that `setup
 *   gateway` installs.
 */
export type CheckResult = 'ok' | 'target-down' | 'broken' | 'unavailable';

/** A tunnel that is kept up until it is closed. Iterating it yields its current and each later status. */
export interface ReverseTunnel extends AsyncIterable<TunnelStatus>, AsyncDisposable {
  /** The current state. */
  readonly state: TunnelState;
  /** The current state, with details. */
  readonly status: TunnelStatus;
  /** Resolves when it has ended: with the error that made it give up, or undefined after `close`. Never rejects. */
  readonly closed: Promise<Error | undefined>;
  /** Releases the port and disconnects. Idempotent, never rejects. */
  close(): Promise<void>;
}
