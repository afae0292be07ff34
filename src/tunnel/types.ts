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

/** Makes the gateway connection: one attempt. */
export type ConnectGateway<C extends GatewayConnection = GatewayConnection> = (
  options: ConnectOptions,
) => Promise<C>;

/** Options of `keepReverseTunnel`. */
export interface ReverseTunnelOptions {
  /**
   * The gateway and the login there. Defaults that differ from a connection's: `keepalive` 10 s x 3 (a dead line is
   * noticed within 40 s) and `timeouts.tcp` 2 s (every fifth attempt 10 s), so that a line that is back is found at
   * once. Retries are those of the tunnel.
   */
  gateway: Omit<ConnectOptions, 'retry' | 'signal'>;
  /** The port that the gateway publishes; must be given unless `listenPath` is. */
  listenPort?: number | undefined;
  /** The address of the gateway to publish it on. Default `localhost`; another needs sshd's `GatewayPorts`. */
  listenHost?: string | undefined;
  /** A Unix socket of the gateway instead of a port. With sshd's `StreamLocalBindUnlink yes` no zombie can hold it. */
  listenPath?: string | undefined;
  /** What is published: usually this PC's sshd, `{ host: '127.0.0.1', port: 22 }`. */
  target: ForwardTarget;
  /**
   * When the port is held by this account's own dead session, end that session on the gateway (as the same user, by
   * a signal) and take the port: about a second instead of sshd's ClientAlive time. Needs an account that may run
   * commands on a Linux gateway, and a target that is an SSH server: only such a one can be asked whether it is alive.
   * Two tunnels that have the same port by mistake do not fight: who finds the other one alive waits, and both say so
   * (`reclaim-refused`, and `contested` to the one that holds the port). Default `false`.
   */
  reclaim?: boolean | ReclaimOptions | undefined;
  /** How long to wait between attempts. Default: for ever, 0.5 to 30 s apart. */
  retry?: TunnelRetryOptions | undefined;
  /**
   * Milliseconds between checks that the published port answers with the banner of the target's SSH server. Default
   * 60,000; `Infinity` for none (for a target that is not an SSH server).
   */
  checkInterval?: number | undefined;
  /** Told of each thing that happens, in order. What it throws is ignored. */
  onEvent?: ((event: TunnelEvent) => void) | undefined;
  /** Closes the tunnel. */
  signal?: AbortSignal | undefined;
}

/** When a session that holds this tunnel's port may be ended. docs/tunnels.md has all the rules. */
export interface ReclaimOptions {
  /**
   * What to do about a port held by a session that left no note (made by `ssh -R` or autossh):
   * - `'keep'` (default): leave it alone;
   * - `'only-session'`: end it if it is the account's only other SSH session on the gateway, the port is held by
   *   this account, and nothing answers through the port. Not for an account that several PCs share.
   */
  unnoted?: 'keep' | 'only-session' | undefined;
  /**
   * Milliseconds in which a living holder must show its banner through the port; one that is slower is taken for dead.
   * Four times as long as this tunnel's own target takes, or as the holder has noted of its own, where that is longer.
   * Not used for the session that this very tunnel has just lost. Default 1,500.
   */
  answerTimeout?: number | undefined;
  /**
   * Milliseconds for which another tunnel that holds the port is believed to be alive after it has said so, however
   * silent it is; half as long again as the time between two of its checks where that is longer. For a session without
   * a note: since it began. It does not hold for this tunnel's predecessor on the same machine. Default 90,000.
   */
  quiet?: number | undefined;
  /**
   * Milliseconds to wait after having lost the port to another tunnel, before the first attempt to take it back from
   * that one should it have died. Twice as long after each further loss, up to ten minutes. Default 60,000.
   */
  backOff?: number | undefined;
}

/** How long to wait before the next attempt. */
export interface TunnelRetryOptions {
  /** Failed attempts in a row before it gives up. Default `Infinity`. */
  attempts?: number | undefined;
  /** Milliseconds before the first new attempt. Default 500. */
  minDelay?: number | undefined;
  /** Each wait is this many times the one before. Default 2. */
  factor?: number | undefined;
  /**
   * Milliseconds; the longest wait. Default 30,000. While the gateway cannot be reached at all, or its port refuses,
   * at most 1,000: such attempts cost nobody anything.
   */
  maxDelay?: number | undefined;
  /** Part of a wait that is random, 0 to 1, so that a fleet does not knock in step. Default 0.2. */
  jitter?: number | undefined;
  /**
   * `true`: go on; `false`: give up; `undefined`: the default rule, `error.retryable`. By that rule a refused login, a
   * wrong host key and a port that the account may not have end the tunnel: they do not pass by themselves.
   */
  shouldRetry?:
    | ((error: Error, attempt: number) => boolean | undefined | Promise<boolean | undefined>)
    | undefined;
}

/** `waiting`: for the next attempt, or for the port; `closed`: for good. */
export type TunnelState = 'connecting' | 'up' | 'waiting' | 'closed';

/** Where the tunnel stands. */
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

/** One thing that happened to a tunnel. */
export type TunnelEvent = {
  /** When. */
  at: Date;
} & TunnelHappening;

export type TunnelHappening =
  | { type: 'connecting'; attempt: number }
  /** Logged in at the gateway; the port comes next. */
  | { type: 'connected'; attempt: number; durationMs: number }
  /** The gateway listens for us. `downMs`: since the tunnel was lost, or since the start. */
  | { type: 'up'; listen: { host: string; port: number } | { path: string }; downMs: number }
  /** Somebody holds the port. Asked again on the same connection, which disturbs no zombie. */
  | { type: 'port-taken'; error: PortForwardFailed; asked: number; wait: number }
  /**
   * A session that did not answer was ended. `silentMs`: how long it was silent when asked through the port (absent for
   * the session that this tunnel itself had lost); `holder`: the machine that its note names.
   */
  | {
      type: 'reclaimed';
      pid: number;
      evidence: ReclaimEvidence;
      durationMs: number;
      silentMs?: number;
      holder?: string;
    }
  /** Another tunnel asks for the port that this one holds: they have the same port, perhaps by a cloned machine. */
  | { type: 'contested'; machine: string; message: string }
  /** The port is left to its holder. Said again only when the reason changes. */
  | { type: 'reclaim-refused'; reason: ReclaimRefusal; message: string }
  /** Which session holds the port is on record at the gateway: a later reclaim will know it. */
  | { type: 'noted'; pid: number }
  /** The note for a later reclaim could not be written. */
  | { type: 'note-failed'; reason: ReclaimRefusal; message: string }
  /** First success, and each change from then on. */
  | { type: 'checked'; result: CheckResult; message: string; durationMs: number }
  /** The tunnel was lost. */
  | { type: 'down'; error: Error; upMs: number }
  | { type: 'waiting'; error: Error; attempt: number; wait: number }
  | { type: 'closed'; error: Error | undefined };

/** How it was known that the session is dead. */
export type ReclaimEvidence = 'own' | 'note' | 'only-session';

/** Why a session was left alone, or could not be found. */
export type ReclaimRefusal =
  /** The account cannot run commands: no shell, a forced command, or sessions forbidden. */
  | 'no-shell'
  /** The gateway did not come to the end of a script in time. */
  | 'timeout'
  /** Not a Linux gateway, or one without a readable /proc. */
  | 'no-proc'
  | 'other-user'
  /** The holder showed its banner. */
  | 'answers'
  /** Another tunnel that holds it said a short time ago that it is up; see {@link ReclaimOptions.quiet}. */
  | 'recently-up'
  /** This tunnel lost the port to another one that is alive: two PCs may have the same port. */
  | 'taken-over'
  /**
   * Whether the holder is alive could not be found out: the gateway forbids connections to its own ports, or the target
   * is not an SSH server, or is down, so that silence means nothing.
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
 * - `ok`: the published port answered with an SSH banner;
 * - `target-down`: the tunnel is up, but the target does not answer;
 * - `broken`: the target answers, but not through the port: the tunnel is made anew;
 * - `unavailable`: the gateway forbids the check (PermitOpen, AllowTcpForwarding), and has no helper of `setup gateway` that
 *   does it instead.
 */
export type CheckResult = 'ok' | 'target-down' | 'broken' | 'unavailable';

/** A tunnel that is kept up until it is closed. Iterating it gives its status now and each later one. */
export interface ReverseTunnel extends AsyncIterable<TunnelStatus>, AsyncDisposable {
  /** In one word, as it is now. */
  readonly state: TunnelState;
  /** With what belongs to it, as it is now. */
  readonly status: TunnelStatus;
  /** Resolves once when it has ended: with the error that it gave up on, or undefined after `close`. Never rejects. */
  readonly closed: Promise<Error | undefined>;
  /** Gives the port back and ends everything. Idempotent, never rejects. */
  close(): Promise<void>;
}
