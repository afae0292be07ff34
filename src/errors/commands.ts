import { given } from '../check/given.ts';
import { identify, SshError } from './base.ts';
import type {
  CommandFailedDetails,
  JobLostDetails,
  OutputLimitExceededDetails,
  SftpFailedDetails,
  TransferFailedDetails,
  UnsafeRemotePathDetails,
} from './details.ts';

/**
 * A command exited with a non-zero code, was ended by a signal, or its session closed without a status (`exitCode`
 * and `signal` are both null). Has the fields of `CommandResult`.
 */
export class CommandFailed extends SshError {
  declare readonly code: 'SSH_COMMAND_FAILED';
  /** The command as it was sent. */
  declare readonly command: string;
  /** Null if a signal ended the command, or the server sent no status. */
  declare readonly exitCode: number | null;
  /** For example `SIGTERM`; null if the command exited. */
  declare readonly signal: string | null;
  /** Text, or bytes with `encoding: 'buffer'`; cut off at `maxBuffer` if `truncated`. */
  declare readonly stdout: string | Buffer;
  /** Like `stdout`. */
  declare readonly stderr: string | Buffer;
  /** Milliseconds from the start of the command to its end. */
  declare readonly durationMs: number;
  /** Whether output is missing because there were more than `maxBuffer` bytes. */
  declare readonly truncated: boolean;
  /** After `kill()`: whether the command's own process ended. Background processes may still run. */
  declare readonly terminated?: boolean | 'unknown';

  constructor(message: string, details: CommandFailedDetails) {
    super(message, details);
    Object.assign(this, details.result);
  }

  static {
    identify(this, 'CommandFailed', 'SSH_COMMAND_FAILED');
  }
}

/** A command wrote more than `maxBuffer` bytes to stdout or stderr, and was stopped. */
export class OutputLimitExceeded extends SshError {
  declare readonly code: 'SSH_OUTPUT_LIMIT_EXCEEDED';
  /** The limit in bytes. */
  declare readonly maxBuffer: number;
  /** The stream that exceeded it. */
  declare readonly stream: 'stdout' | 'stderr';
  /** The command as it was sent. */
  declare readonly command: string;
  /** Its first `maxBuffer` bytes: text, or bytes with `encoding: 'buffer'`. */
  declare readonly stdout: string | Buffer;
  /** Like `stdout`. */
  declare readonly stderr: string | Buffer;
  /** Milliseconds from the start of the command until it exceeded the limit. */
  declare readonly durationMs: number;
  /** Whether the command's own process ended. Background processes may still run. */
  declare readonly terminated: boolean | 'unknown';

  constructor(message: string, details: OutputLimitExceededDetails) {
    super(message, details);
    const { maxBuffer, stream, terminated, output } = details;
    Object.assign(this, { maxBuffer, stream, terminated }, output);
  }

  static {
    identify(this, 'OutputLimitExceeded', 'SSH_OUTPUT_LIMIT_EXCEEDED');
  }
}

/**
 * A job's process is gone without an exit code (the PC rebooted, the process was killed from outside), or the server
 * has no such job.
 */
export class JobLost extends SshError {
  declare readonly code: 'SSH_JOB_LOST';
  /** The job's id. */
  declare readonly id: string;
  /** What the server found. */
  declare readonly reason: string;

  constructor(message: string, details: JobLostDetails) {
    super(message, details);
    Object.assign(this, { id: details.id, reason: details.reason });
  }

  static {
    identify(this, 'JobLost', 'SSH_JOB_LOST');
  }
}

/** The server refused an SFTP request or answered it with a malformed packet, or the SFTP session has ended. */
export class SftpFailed extends SshError {
  declare readonly code: 'SSH_SFTP_FAILED';
  /** The operation, for example `open` or `rename`. */
  declare readonly operation: string;
  /** The remote path, escaped for display. */
  declare readonly path?: string;
  /** SSH_FX_* of draft-ietf-secsh-filexfer-02: 2 no such file, 3 permission denied, 4 failure, 8 unsupported. */
  declare readonly status?: number;
  /** The server's words, escaped for display. */
  declare readonly reason?: string;

  constructor(message: string, details: SftpFailedDetails) {
    super(message, details);
    const { operation, path, status, reason } = details;
    Object.assign(this, { operation }, given({ path, status, reason }));
  }

  static {
    identify(this, 'SftpFailed', 'SSH_SFTP_FAILED');
  }
}

/**
 * A name from the server would lead out of the target folder, or cannot be used on this machine. Nothing was written
 * under it.
 */
export class UnsafeRemotePath extends SshError {
  declare readonly code: 'SSH_UNSAFE_REMOTE_PATH';
  /** The name, escaped for display. */
  declare readonly path: string;
  /** Why it was refused. */
  declare readonly reason: string;

  constructor(message: string, details: UnsafeRemotePathDetails) {
    super(message, details);
    Object.assign(this, { path: details.path, reason: details.reason });
  }

  static {
    identify(this, 'UnsafeRemotePath', 'SSH_UNSAFE_REMOTE_PATH');
  }
}

/**
 * A transfer failed before its file was complete. The target is unchanged, unless `atomic` is `false`. `cause` says
 * why.
 */
export class TransferFailed extends SshError {
  declare readonly code: 'SSH_TRANSFER_FAILED';
  /** The path at which it failed: remote if the server caused the failure, otherwise local. */
  declare readonly path?: string;
  /** Bytes transferred before the failure. */
  declare readonly transferred?: number;
  /** What went wrong, in words. */
  declare readonly reason?: string;

  constructor(message: string, details: TransferFailedDetails) {
    super(message, details);
    const { path, transferred, reason } = details;
    Object.assign(this, given({ path, transferred, reason }));
  }

  static {
    identify(this, 'TransferFailed', 'SSH_TRANSFER_FAILED');
  }
}
