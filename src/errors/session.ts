import { given } from '../check/given.ts';
import { identify, SshError } from './base.ts';
import type {
  ChannelOpenFailedDetails,
  ConnectionLostDetails,
  PortForwardFailedDetails,
  WhyLost,
} from './details.ts';

/**
 * An open connection ended unexpectedly. Everything pending on it rejects with this error; for a command it includes
 * the output so far (`command`, `stdout`, `stderr`, `durationMs`).
 */
export class ConnectionLost extends SshError {
  declare readonly code: 'SSH_CONNECTION_LOST';
  /** How the connection ended. */
  declare readonly why: WhyLost;
  /** The server's text (escaped), the system's error code, the limit that was exceeded, or what failed on the way. */
  declare readonly reason?: string;
  /** The command that was running, as it was sent. */
  declare readonly command?: string;
  /** Its output so far: text, or bytes with `encoding: 'buffer'`. */
  declare readonly stdout?: string | Buffer;
  /** Like `stdout`. */
  declare readonly stderr?: string | Buffer;
  /** Milliseconds from the start of the command to the loss. */
  declare readonly durationMs?: number;
  /**
   * For a command: whether the server had started it. `false`: it was never sent, so it is safe to send it again;
   * `'unknown'`: the start was requested but not confirmed. With `true` and `'unknown'`, `retryable` is false.
   */
  declare readonly started?: boolean | 'unknown';

  constructor(message: string, details: ConnectionLostDetails) {
    super(message, { retryable: true, ...details });
    Object.assign(
      this,
      { why: details.why },
      given({ reason: details.reason, started: details.started }),
      details.output,
    );
  }

  static {
    identify(this, 'ConnectionLost', 'SSH_CONNECTION_LOST');
  }
}

/** The server refused to open a channel, or to start a command or subsystem on it. */
export class ChannelOpenFailed extends SshError {
  declare readonly code: 'SSH_CHANNEL_OPEN_FAILED';
  /** RFC 4254 section 5.1: 1 prohibited, 2 connect failed, 3 unknown type, 4 resource shortage. */
  declare readonly reasonCode?: number;
  /** The server's words, escaped for display. */
  declare readonly reason?: string;
  /** Set if the server closed the channel in place of an answer: what was requested may have been started. */
  declare readonly started?: 'unknown';

  constructor(message: string, details: ChannelOpenFailedDetails) {
    super(message, details);
    const { reasonCode, reason, started } = details;
    Object.assign(this, given({ reasonCode, reason, started }));
  }

  static {
    identify(this, 'ChannelOpenFailed', 'SSH_CHANNEL_OPEN_FAILED');
  }
}

/** A forward could not be set up: this machine or the server could not listen. */
export class PortForwardFailed extends SshError {
  declare readonly code: 'SSH_PORT_FORWARD_FAILED';
  /** `remote`: the server was asked to listen; `local`: this machine was. */
  declare readonly direction: 'local' | 'remote';
  /** The requested address. */
  declare readonly listenHost?: string;
  /** The requested port. */
  declare readonly listenPort?: number;
  /** The requested Unix socket, instead of host and port. */
  declare readonly listenPath?: string;
  /** For example `port-taken`, `not-permitted`, or the system's error code. */
  declare readonly reason: string;

  constructor(message: string, details: PortForwardFailedDetails) {
    super(message, details);
    const { direction, listenHost, listenPort, listenPath, reason } = details;
    Object.assign(this, { direction, reason }, given({ listenHost, listenPort, listenPath }));
  }

  static {
    identify(this, 'PortForwardFailed', 'SSH_PORT_FORWARD_FAILED');
  }
}
