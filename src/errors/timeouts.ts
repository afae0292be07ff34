import { given } from '../check/given.ts';
import { identify, SshError } from './base.ts';
import type { CommandTimeoutDetails, SshTimeoutDetails, TransferStalledDetails } from './details.ts';

/** A limit of time passed. `timeoutMs` is the limit; the subclass says which one. */
export abstract class SshTimeout extends SshError {
  /** The limit that was passed, in milliseconds. */
  declare readonly timeoutMs: number;

  constructor(message: string, details: SshTimeoutDetails) {
    super(message, details);
    Object.assign(this, { timeoutMs: details.timeoutMs });
  }

  static {
    identify(this, 'SshTimeout', 'SSH_TIMEOUT');
  }
}

/** No TCP connection within `timeouts.tcp`: nobody answered the SYN. The gateway or the way to it is down. */
export class TcpTimeout extends SshTimeout {
  declare readonly code: 'SSH_TCP_TIMEOUT';
  static {
    identify(this, 'TcpTimeout', 'SSH_TCP_TIMEOUT');
  }
}

/**
 * TCP was accepted, but no identification line (`SSH-2.0-...`, RFC 4253 section 4.2) came within
 * `timeouts.banner`: at a gateway's published port the mark of a zombie session. Not to be confused with the
 * login notice that OpenSSH's `Banner` option shows (`onLoginBanner`).
 */
export class BannerTimeout extends SshTimeout {
  declare readonly code: 'SSH_BANNER_TIMEOUT';
  /** What it said instead, escaped for display; absent after a complete silence, as of a zombie. */
  declare readonly received?: string;

  constructor(message: string, details: SshTimeoutDetails & { received?: string | undefined }) {
    super(message, details);
    Object.assign(this, given({ received: details.received }));
  }

  static {
    identify(this, 'BannerTimeout', 'SSH_BANNER_TIMEOUT');
  }
}

/** Keys were not exchanged within `timeouts.handshake` of the identification line. */
export class HandshakeTimeout extends SshTimeout {
  declare readonly code: 'SSH_HANDSHAKE_TIMEOUT';
  static {
    identify(this, 'HandshakeTimeout', 'SSH_HANDSHAKE_TIMEOUT');
  }
}

/** The server did not finish the login within `timeouts.auth`; a human's thinking time does not count. */
export class AuthTimeout extends SshTimeout {
  declare readonly code: 'SSH_AUTH_TIMEOUT';
  static {
    identify(this, 'AuthTimeout', 'SSH_AUTH_TIMEOUT');
  }
}

/** The server did not answer a request to open a channel, or a request on it, within `timeouts.channel`. */
export class ChannelTimeout extends SshTimeout {
  declare readonly code: 'SSH_CHANNEL_TIMEOUT';
  /** Of a command that the server was asked to start: it may have. `retryable` is false then. */
  declare readonly started?: 'unknown';

  constructor(message: string, details: SshTimeoutDetails & { started?: 'unknown' | undefined }) {
    super(message, details);
    Object.assign(this, given({ started: details.started }));
  }

  static {
    identify(this, 'ChannelTimeout', 'SSH_CHANNEL_TIMEOUT');
  }
}

/** All attempts and waits together took longer than `timeouts.total`. `cause` is the last attempt's error. */
export class TotalTimeout extends SshTimeout {
  declare readonly code: 'SSH_TOTAL_TIMEOUT';
  static {
    identify(this, 'TotalTimeout', 'SSH_TOTAL_TIMEOUT');
  }
}

/** A command ran longer than its `timeout`. Carries the output so far and whether the command's own process was ended. */
export class CommandTimeout extends SshTimeout {
  declare readonly code: 'SSH_COMMAND_TIMEOUT';
  /** As it was sent. */
  declare readonly command: string;
  /** What had come until then: text, or bytes with `encoding: 'buffer'`. */
  declare readonly stdout: string | Buffer;
  /** As `stdout`. */
  declare readonly stderr: string | Buffer;
  /** Milliseconds from the start of the command until it was given up. */
  declare readonly durationMs: number;
  /**
   * Whether the command's own process was ended: reported by the server, seen to run on, or not to be known. Of what
   * it had put into the background, and of children that took no notice of TERM, it says nothing: they may run on.
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
  /** The path of the file that stands still. */
  declare readonly path?: string;
  /** Bytes moved before the stall. */
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
