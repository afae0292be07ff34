import { given } from '../check/given.ts';
import { identify, SshError } from './base.ts';
import type {
  AuthenticationFailedDetails,
  BannerInvalidDetails,
  BannerMissingDetails,
  ConnectFailedDetails,
  HandshakeFailedDetails,
  HostKeyDetails,
  ProxyCommandFailedDetails,
  ProxyFailedDetails,
} from './details.ts';

/** The byte stream to the server could not be opened. */
export class ConnectFailed extends SshError {
  declare readonly code: string;
  /** The system's error code, if there is one: `EHOSTUNREACH`, for example. */
  declare readonly errno?: string;

  constructor(message: string, details: ConnectFailedDetails) {
    super(message, details);
    Object.assign(this, given({ errno: details.errno }));
  }

  static {
    identify(this, 'ConnectFailed', 'SSH_CONNECT_FAILED');
  }
}

/**
 * The port refused the connection. On a gateway's published port: no tunnel is up, so the PC is off or its tunnel is
 * down.
 */
export class ConnectionRefused extends ConnectFailed {
  declare readonly code: 'SSH_CONNECTION_REFUSED';
  static {
    identify(this, 'ConnectionRefused', 'SSH_CONNECTION_REFUSED');
  }
}

/** The host name could not be resolved. Retryable if the name server did not answer. */
export class HostNotFound extends ConnectFailed {
  declare readonly code: 'SSH_HOST_NOT_FOUND';
  static {
    identify(this, 'HostNotFound', 'SSH_HOST_NOT_FOUND');
  }
}

/** The proxy command could not be started, or it exited. */
export class ProxyCommandFailed extends ConnectFailed {
  declare readonly code: 'SSH_PROXY_COMMAND_FAILED';
  /** Its exit code; null if a signal ended it. */
  declare readonly exitCode?: number | null;
  /** The signal that ended it, for example `SIGTERM`. */
  declare readonly signal?: string | null;
  /** The end of its stderr, escaped for display. */
  declare readonly stderr?: string;

  constructor(message: string, details: ProxyCommandFailedDetails) {
    super(message, details);
    const { exitCode, signal, stderr } = details;
    Object.assign(this, given({ exitCode, signal, stderr }));
  }

  static {
    identify(this, 'ProxyCommandFailed', 'SSH_PROXY_COMMAND_FAILED');
  }
}

/** An HTTP or SOCKS proxy could not be reached, refused, or could not reach the target. */
export class ProxyFailed extends ConnectFailed {
  declare readonly code: 'SSH_PROXY_FAILED';
  /** The proxy's URL, without user name and password. */
  declare readonly proxy: string;
  /** Its answer: an HTTP status or a SOCKS reply code. */
  declare readonly status?: number;

  constructor(message: string, details: ProxyFailedDetails) {
    super(message, details);
    const { proxy, status } = details;
    Object.assign(this, { proxy }, given({ status }));
  }

  static {
    identify(this, 'ProxyFailed', 'SSH_PROXY_FAILED');
  }
}

/**
 * The connection was accepted, then closed before an identification line came. If at once: the tunnel is up, but the
 * PC's sshd is down. If after a longer silence (`silentMs`): a zombie session has just ended.
 */
export class BannerMissing extends SshError {
  declare readonly code: 'SSH_BANNER_MISSING';
  /** Milliseconds between the accepted connection and its end. */
  declare readonly silentMs: number;

  constructor(message: string, details: BannerMissingDetails) {
    super(message, details);
    Object.assign(this, { silentMs: details.silentMs });
  }

  static {
    identify(this, 'BannerMissing', 'SSH_BANNER_MISSING');
  }
}

/**
 * Something other than an SSH identification line came: another service, or an sshd that refuses with a line of text
 * (MaxStartups, a penalty).
 */
export class BannerInvalid extends SshError {
  declare readonly code: 'SSH_BANNER_INVALID';
  /** The beginning of what came, escaped for display. */
  declare readonly received: string;

  constructor(message: string, details: BannerInvalidDetails) {
    super(message, details);
    Object.assign(this, { received: details.received });
  }

  static {
    identify(this, 'BannerInvalid', 'SSH_BANNER_INVALID');
  }
}

/**
 * The key exchange failed: no common algorithm, a protocol error, a host key that could not be checked, or a server
 * that closed the connection.
 */
export class HandshakeFailed extends SshError {
  declare readonly code: 'SSH_HANDSHAKE_FAILED';
  /** What the server or the protocol layer said, escaped for display, if anything. */
  declare readonly reason?: string;

  constructor(message: string, details: HandshakeFailedDetails) {
    super(message, details);
    Object.assign(this, given({ reason: details.reason }));
  }

  static {
    identify(this, 'HandshakeFailed', 'SSH_HANDSHAKE_FAILED');
  }
}

/** Base class of `HostKeyUnknown`, `HostKeyMismatch` and `HostKeyRevoked`. Never retried. */
export abstract class HostKeyRefused extends SshError {
  /** `SHA256:...` of the key that the server showed, as `ssh-keygen -l` prints it. */
  declare readonly fingerprint: string;
  /** For example `ssh-ed25519`. */
  declare readonly keyType: string;
  /** The known_hosts file of the deciding entry. */
  declare readonly file?: string;
  /** Its line, from 1. */
  declare readonly line?: number;

  constructor(message: string, details: HostKeyDetails) {
    super(message, { ...details, retryable: false });
    const { fingerprint, keyType, file, line } = details;
    Object.assign(this, { fingerprint, keyType }, given({ file, line }));
  }
}

/** No key of this host is on record, its certificate is not accepted, or `hostKey.verify` refused it. Never retried. */
export class HostKeyUnknown extends HostKeyRefused {
  declare readonly code: 'SSH_HOST_KEY_UNKNOWN';
  /** Another name under which this key is on record: perhaps the right `hostKey.alias`. */
  declare readonly knownAs?: string;

  constructor(message: string, details: HostKeyDetails & { knownAs?: string | undefined }) {
    super(message, details);
    Object.assign(this, given({ knownAs: details.knownAs }));
  }

  static {
    identify(this, 'HostKeyUnknown', 'SSH_HOST_KEY_UNKNOWN');
  }
}

/** Another key is on record or pinned for this host: a reinstalled PC, a reused port, or an attack. Never retried. */
export class HostKeyMismatch extends HostKeyRefused {
  declare readonly code: 'SSH_HOST_KEY_MISMATCH';
  static {
    identify(this, 'HostKeyMismatch', 'SSH_HOST_KEY_MISMATCH');
  }
}

/** The key, or the authority of its certificate, is marked `@revoked`. Never retried. */
export class HostKeyRevoked extends HostKeyRefused {
  declare readonly code: 'SSH_HOST_KEY_REVOKED';
  static {
    identify(this, 'HostKeyRevoked', 'SSH_HOST_KEY_REVOKED');
  }
}

/**
 * The login was refused, or could not be completed with the credentials given. Never retried: sshd penalises repeated
 * failures.
 */
export class AuthenticationFailed extends SshError {
  declare readonly code: 'SSH_AUTHENTICATION_FAILED';
  /** What was tried, in order: `['publickey (ssh-ed25519 SHA256:...)', 'password']`, for example. */
  declare readonly methodsTried: readonly string[];
  /** The methods that the server would still accept. */
  declare readonly methodsOffered?: readonly string[];
  /** True if the server accepted one method and requires another, such as a second factor (RFC 4252 section 5.1). */
  declare readonly partialSuccess?: boolean;

  constructor(message: string, details: AuthenticationFailedDetails) {
    super(message, { ...details, retryable: false });
    const { methodsTried, methodsOffered, partialSuccess } = details;
    Object.assign(this, { methodsTried }, given({ methodsOffered, partialSuccess }));
  }

  static {
    identify(this, 'AuthenticationFailed', 'SSH_AUTHENTICATION_FAILED');
  }
}
