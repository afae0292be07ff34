import { given } from '../check/given.ts';
import { identify, SshError } from './base.ts';
import type { CommandTimeoutDetails, SshTimeoutDetails, TransferStalledDetails } from './details.ts';

/** A time limit expired. The subclass says which one. */
export abstract class SshTimeout extends SshError {
  /** The limit, in milliseconds. */
  declare readonly timeoutMs: number;

  constructor(message: string, details: SshTimeoutDetails) {
    super(message, details);
    Object.assign(this, { timeoutMs: details.timeoutMs });
  }

  static {
    identify(this, 'SshTimeout', 'SSH_TIMEOUT');
  }
}

/**
 * The byte stream was not open within `timeouts.tcp`. Usually nothing answered the SYN: the gateway or the network is
 * down.
 */
export class TcpTimeout extends SshTimeout {
  declare readonly code: 'SSH_TCP_TIMEOUT';
  static {
    identify(this, 'TcpTimeout', 'SSH_TCP_TIMEOUT');
  }
}

/**
 * TCP was accepted, but no identification line (`SSH-2.0-...`, RFC 4253 section 4.2) came within `timeouts.banner`:
 * on a gateway's published port, the sign of a zombie session. Not to be confused with the notice of sshd's `Banner`
 * option (`onLoginBanner`).
 */
export class BannerTimeout extends SshTimeout {
  declare readonly code: 'SSH_BANNER_TIMEOUT';
  /** What came instead, escaped for display; absent if nothing came, as from a zombie. */
  declare readonly received?: string;

  constructor(message: string, details: SshTimeoutDetails & { received?: string | undefined }) {
    super(message, details);
    Object.assign(this, given({ received: details.received }));
  }

  static {
    identify(this, 'BannerTimeout', 'SSH_BANNER_TIMEOUT');
  }
}

/** The key exchange did not finish within `timeouts.handshake`. */
export class HandshakeTimeout extends SshTimeout {
  declare readonly code: 'SSH_HANDSHAKE_TIMEOUT';
  static {
    identify(this, 'HandshakeTimeout', 'SSH_HANDSHAKE_TIMEOUT');
  }
}

/** The login did not finish within `timeouts.auth`, not counting the time that `keyboardInteractive` takes. */
export class AuthTimeout extends SshTimeout {
  declare readonly code: 'SSH_AUTH_TIMEOUT';
  static {
    identify(this, 'AuthTimeout', 'SSH_AUTH_TIMEOUT');
  }
}

/**
 * The server did not answer in time: opening a channel (`timeouts.channel`), a request on it, or an SFTP request
 * (`requestTimeout`).
 */
export class ChannelTimeout extends SshTimeout {
  declare readonly code: 'SSH_CHANNEL_TIMEOUT';
  /** Set if the server was asked to start a command and may have done so; `retryable` is then false. */
  declare readonly started?: 'unknown';

  constructor(message: string, details: SshTimeoutDetails & { started?: 'unknown' | undefined }) {
    super(message, details);
    Object.assign(this, given({ started: details.started }));
  }

  static {
    identify(this, 'ChannelTimeout', 'SSH_CHANNEL_TIMEOUT');
  }
}

/** Attempts and waits together took longer than `timeouts.total`. `cause` is the error of the last attempt. */
export class TotalTimeout extends SshTimeout {
  declare readonly code: 'SSH_TOTAL_TIMEOUT';
  static {
    identify(this, 'TotalTimeout', 'SSH_TOTAL_TIMEOUT');
  }
}

/** A command ran longer than its `timeout`. */
export class CommandTimeout extends SshTimeout {
  declare readonly code: 'SSH_COMMAND_TIMEOUT';
  /** The command as it was sent. */
  declare readonly command: string;
  /** The output so far: text, or bytes with `encoding: 'buffer'`. */
  declare readonly stdout: string | Buffer;
  /** Like `stdout`. */
  declare readonly stderr: string | Buffer;
  /** Milliseconds from the start of the command until it was abandoned. */
  declare readonly durationMs: number;
  /**
   * Whether the command's own process ended: `true` if the server reported it, `false` if it still runs. Says nothing
   * about background processes or children that ignored TERM: they may still run.
   */
  declare readonly terminated: boolean | 'unknown';

  constructor(message: string, details: CommandTimeoutDetails) {
    super(message, details);
    Object.assign(this, details.output, { terminated: details.terminated });
  }

  static {
    identify(this, 'CommandTimeout', 'SSH_COMMAND_TIMEOUT');
  }
}

/** No byte of a transfer moved for `stallTimeout`. */
export class TransferStalled extends SshTimeout {
  declare readonly code: 'SSH_TRANSFER_STALLED';
  /** The file that stalled. */
  declare readonly path?: string;
  /** Bytes transferred before the stall. */
  declare readonly transferred?: number;

  constructor(message: string, details: TransferStalledDetails) {
    super(message, details);
    const { path, transferred } = details;
    Object.assign(this, given({ path, transferred }));
  }

  static {
    identify(this, 'TransferStalled', 'SSH_TRANSFER_STALLED');
  }
}
