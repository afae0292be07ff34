import type { SshErrorDetails } from './base.ts';

export interface CommandFailedDetails extends SshErrorDetails {
  result: OutputSoFar & {
    exitCode: number | null;
    signal: string | null;
    truncated: boolean;
    terminated?: boolean | 'unknown';
  };
}

export interface OutputLimitExceededDetails extends SshErrorDetails {
  maxBuffer: number;
  stream: 'stdout' | 'stderr';
  output: OutputSoFar;
  terminated: boolean | 'unknown';
}

export interface JobLostDetails extends SshErrorDetails {
  id: string;
  reason: string;
}

export interface SftpFailedDetails extends SshErrorDetails {
  operation: string;
  path?: string | undefined;
  status?: number | undefined;
  reason?: string | undefined;
}

export interface UnsafeRemotePathDetails extends SshErrorDetails {
  path: string;
  reason: string;
}

export interface TransferFailedDetails extends SshErrorDetails {
  path?: string | undefined;
  transferred?: number | undefined;
  reason?: string | undefined;
}

export interface ConnectFailedDetails extends SshErrorDetails {
  /** The system's code, for example `EHOSTUNREACH`. */
  errno?: string | undefined;
}

export interface ProxyCommandFailedDetails extends ConnectFailedDetails {
  exitCode?: number | null | undefined;
  signal?: string | null | undefined;
  stderr?: string | undefined;
}

export interface ProxyFailedDetails extends ConnectFailedDetails {
  proxy: string;
  status?: number | undefined;
}

export interface BannerMissingDetails extends SshErrorDetails {
  /** Milliseconds between the accepted connection and its end. */
  silentMs: number;
}

export interface BannerInvalidDetails extends SshErrorDetails {
  received: string;
}

export interface HandshakeFailedDetails extends SshErrorDetails {
  reason?: string | undefined;
}

export interface HostKeyDetails extends SshErrorDetails {
  /** `SHA256:...` of the key that the server showed. */
  fingerprint: string;
  keyType: string;
  /** The known_hosts file of the deciding entry. */
  file?: string | undefined;
  line?: number | undefined;
}

export interface AuthenticationFailedDetails extends SshErrorDetails {
  methodsTried: readonly string[];
  methodsOffered?: readonly string[] | undefined;
  partialSuccess?: boolean | undefined;
}

export interface JobErrorDetails extends SshErrorDetails {
  id: string;
  reason: string;
}

export interface ConnectionLostDetails extends SshErrorDetails {
  why: WhyLost;
  reason?: string | undefined;
  output?: OutputSoFar | undefined;
  started?: boolean | 'unknown' | undefined;
}

export interface ChannelOpenFailedDetails extends SshErrorDetails {
  /** RFC 4254 section 5.1 reason code, where the server gave one. */
  reasonCode?: number | undefined;
  reason?: string | undefined;
  started?: 'unknown' | undefined;
}

export interface PortForwardFailedDetails extends SshErrorDetails {
  direction: 'local' | 'remote';
  listenHost?: string | undefined;
  listenPort?: number | undefined;
  listenPath?: string | undefined;
  reason: string;
}

/**
 * How a connection was lost:
 * - `keepalive`: nothing came within the keepalive's time;
 * - `socket`: the byte stream ended;
 * - `server-disconnect`: the server sent SSH_MSG_DISCONNECT;
 * - `protocol`: the server broke the protocol, exceeded a limit, or showed another host key, so this library ended the
 *   connection.
 */
export type WhyLost = 'keepalive' | 'socket' | 'server-disconnect' | 'protocol';

export interface SshTimeoutDetails extends SshErrorDetails {
  /** The limit that expired, in milliseconds. */
  timeoutMs: number;
}

/** What a command had written when it was cut short. */
export interface OutputSoFar {
  /** The command as it was sent. */
  command: string;
  /** Text, or bytes with `encoding: 'buffer'`. */
  stdout: string | Buffer;
  /** Like `stdout`. */
  stderr: string | Buffer;
  /** Milliseconds since the start of the command. */
  durationMs: number;
}

export interface CommandTimeoutDetails extends SshTimeoutDetails {
  output: OutputSoFar;
  terminated: boolean | 'unknown';
}

export interface TransferStalledDetails extends SshTimeoutDetails {
  path?: string;
  transferred?: number;
}
