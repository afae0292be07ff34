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
  /** Where the deciding entry stands. */
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
}

export interface PortForwardFailedDetails extends SshErrorDetails {
  direction: 'local' | 'remote';
  listenHost?: string | undefined;
  listenPort?: number | undefined;
  listenPath?: string | undefined;
  reason: string;
}

/**
 * No sign of life within the keepalive's time; the byte stream ended; the server said goodbye; or we ended it because
 * the server went beyond a limit of the protocol, or of what we keep for it.
 */
export type WhyLost = 'keepalive' | 'socket' | 'server-disconnect' | 'protocol';

export interface SshTimeoutDetails extends SshErrorDetails {
  /** The limit that passed, in milliseconds. */
  timeoutMs: number;
}

/** What is known of a command's output when it did not end by itself. */
export interface OutputSoFar {
  /** As it was sent. */
  command: string;
  /** Text, or bytes with `encoding: 'buffer'`. */
  stdout: string | Buffer;
  /** As `stdout`. */
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
