import { given } from '../check/given.ts';
import { identify, SshError } from './base.ts';
import type {
  ChannelOpenFailedDetails,
  ConnectionLostDetails,
  PortForwardFailedDetails,
  WhyLost,
} from './details.ts';

/**
 * An open connection ended without our asking. Everything that was pending on it rejects with this error; a
 * command's copy carries the output so far (`command`, `stdout`, `stderr`, `durationMs`).
 */
export class ConnectionLost extends SshError {
  declare readonly code: 'SSH_CONNECTION_LOST';
  /** How the connection ended. */
  declare readonly why: WhyLost;
  /** The server's words (escaped), the system's code, or the limit that was passed. */
  declare readonly reason?: string;
  /** The command that was running, as it was sent. */
  declare readonly command?: string;
  /** What had come of its output: text, or bytes with `encoding: 'buffer'`. */
  declare readonly stdout?: string | Buffer;
  /** As `stdout`. */
  declare readonly stderr?: string | Buffer;
  /** Milliseconds from the start of the command to the loss. */
  declare readonly durationMs?: number;
  /**
   * Of a command: whether the server had started it. `false`: it was never sent, and can safely be sent again;
   * `'unknown'`: it had just been asked for. Unless it is `false`, `retryable` is.
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

/** The server refused a channel, or the request that starts a command or subsystem on it. */
export class ChannelOpenFailed extends SshError {
  declare readonly code: 'SSH_CHANNEL_OPEN_FAILED';
  /** RFC 4254 section 5.1: 1 prohibited, 2 connect failed, 3 unknown type, 4 resource shortage. */
  declare readonly reasonCode?: number;
  /** The server's words, escaped for display. */
  declare readonly reason?: string;

  constructor(message: string, details: ChannelOpenFailedDetails) {
    super(message, details);
    const { reasonCode, reason } = details;
    Object.assign(this, given({ reasonCode, reason }));
  }

  static {
    identify(this, 'ChannelOpenFailed', 'SSH_CHANNEL_OPEN_FAILED');
  }
}

/** A forward could not be set up: the listener was refused, locally or by the gateway. */
export class PortForwardFailed extends SshError {
  declare readonly code: 'SSH_PORT_FORWARD_FAILED';
  /** `remote`: the server was to listen; `local`: this machine. */
  declare readonly direction: 'local' | 'remote';
  /** The address that was to be listened on. */
  declare readonly listenHost?: string;
  /** The port that was to be listened on. */
  declare readonly listenPort?: number;
  /** Set instead of host and port for a Unix socket. */
  declare readonly listenPath?: string;
  /** For example `port-taken`, `not-permitted`, or the system's code. */
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
