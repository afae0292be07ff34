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

/** The byte stream to the server could not be opened; `errno` is the system's code where there is one. */
export class ConnectFailed extends SshError {
  declare readonly code: string;
  /** The system's code, for example `EHOSTUNREACH`. */
  declare readonly errno?: string;

  constructor(message: string, details: ConnectFailedDetails) {
    super(message, details);
    Object.assign(this, given({ errno: details.errno }));
  }

  static {
    identify(this, 'ConnectFailed', 'SSH_CONNECT_FAILED');
  }
}

/** The port refused at once. At a gateway's published port: no tunnel, so the PC is off or its tunnel is down. */
export class ConnectionRefused extends ConnectFailed {
  declare readonly code: 'SSH_CONNECTION_REFUSED';
  static {
    identify(this, 'ConnectionRefused', 'SSH_CONNECTION_REFUSED');
  }
}

/** The host name has no address. */
export class HostNotFound extends ConnectFailed {
  declare readonly code: 'SSH_HOST_NOT_FOUND';
  static {
    identify(this, 'HostNotFound', 'SSH_HOST_NOT_FOUND');
  }
}

/** The proxy command could not be started, or ended before the SSH connection stood. */
export class ProxyCommandFailed extends ConnectFailed {
  declare readonly code: 'SSH_PROXY_COMMAND_FAILED';
  /** What the command ended with; null when a signal ended it. */
  declare readonly exitCode?: number | null;
  /** The signal that ended it, for example `SIGTERM`. */
  declare readonly signal?: string | null;
  /** The end of what the command wrote to stderr, escaped for display. */
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

/** An HTTP or SOCKS proxy could not be reached, or would not or could not reach the target. */
export class ProxyFailed extends ConnectFailed {
  declare readonly code: 'SSH_PROXY_FAILED';
  /** The proxy's URL, without user name and password. */
  declare readonly proxy: string;
  /** What it answered: the status of HTTP, or the number of the SOCKS reply. */
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
 * The connection was accepted and closed before an identification line came. At once: the tunnel is up, but the
 * PC's sshd is down. After a longer silence (`silentMs`): a zombie session that just died.
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

/** What answered is not an SSH server, or refused in words before any identification line. */
export class BannerInvalid extends SshError {
  declare readonly code: 'SSH_BANNER_INVALID';
  /** The first of what it said, escaped for display. */
  declare readonly received: string;

  constructor(message: string, details: BannerInvalidDetails) {
    super(message, details);
    Object.assign(this, { received: details.received });
  }

  static {
    identify(this, 'BannerInvalid', 'SSH_BANNER_INVALID');
  }
}

/** The key exchange did not finish: no common algorithm, a protocol error, or a server that hung up. */
export class HandshakeFailed extends SshError {
  declare readonly code: 'SSH_HANDSHAKE_FAILED';
  /** The server's words (escaped) or the protocol's, where there are any. */
  declare readonly reason?: string;

  constructor(message: string, details: HandshakeFailedDetails) {
    super(message, details);
    Object.assign(this, given({ reason: details.reason }));
  }

  static {
    identify(this, 'HandshakeFailed', 'SSH_HANDSHAKE_FAILED');
  }
}

/** The base of what `hostKey` refuses: `HostKeyUnknown`, `HostKeyMismatch`, `HostKeyRevoked`. Never retried. */
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

/** No entry for this host. Never retried. */
export class HostKeyUnknown extends HostKeyRefused {
  declare readonly code: 'SSH_HOST_KEY_UNKNOWN';
  /** Another name under which this very key is on record: perhaps the `hostKey.alias` to give. */
  declare readonly knownAs?: string;

  constructor(message: string, details: HostKeyDetails & { knownAs?: string | undefined }) {
    super(message, details);
    Object.assign(this, given({ knownAs: details.knownAs }));
  }

  static {
    identify(this, 'HostKeyUnknown', 'SSH_HOST_KEY_UNKNOWN');
  }
}

/** Another key is on record for this host: a re-installed PC, a re-used port, or an attack. Never retried. */
export class HostKeyMismatch extends HostKeyRefused {
  declare readonly code: 'SSH_HOST_KEY_MISMATCH';
  static {
    identify(this, 'HostKeyMismatch', 'SSH_HOST_KEY_MISMATCH');
  }
}

/** The key is marked `@revoked`. Never retried. */
export class HostKeyRevoked extends HostKeyRefused {
  declare readonly code: 'SSH_HOST_KEY_REVOKED';
  static {
    identify(this, 'HostKeyRevoked', 'SSH_HOST_KEY_REVOKED');
  }
}

/** The server refused every credential. Never retried: sshd penalises sources that keep trying. */
export class AuthenticationFailed extends SshError {
  declare readonly code: 'SSH_AUTHENTICATION_FAILED';
  /** In order, for example `['publickey (ssh-ed25519 SHA256:...)', 'password']`. */
  declare readonly methodsTried: readonly string[];
  /** What the server would still have taken. */
  declare readonly methodsOffered?: readonly string[];
  /** True when the server accepted a part and wants more, such as a second factor (RFC 4252 section 5.1). */
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
