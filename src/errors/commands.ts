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
 * A command ended with a non-zero exit code or by a signal, or the server closed its session without saying how it
 * ended (`exitCode` and `signal` are both null). Carries the fields of `CommandResult`.
 */
export class CommandFailed extends SshError {
  declare readonly code: 'SSH_COMMAND_FAILED';
  /** As it was sent. */
  declare readonly command: string;
  /** Null when a signal ended the command, or the server did not say. */
  declare readonly exitCode: number | null;
  /** For example `SIGTERM`; null when the command exited. */
  declare readonly signal: string | null;
  /** Text, or bytes with `encoding: 'buffer'`; cut at `maxBuffer` where `truncated` says so. */
  declare readonly stdout: string | Buffer;
  /** As `stdout`. */
  declare readonly stderr: string | Buffer;
  /** Milliseconds from the start of the command to its end. */
  declare readonly durationMs: number;
  /** Whether output was left out: more than `maxBuffer` bytes came. */
  declare readonly truncated: boolean;
  /** After `kill()`: whether the command's own process was ended; what it had put into the background may run on. */
  declare readonly terminated?: boolean | 'unknown';

  constructor(message: string, details: CommandFailedDetails) {
    super(message, details);
    Object.assign(this, details.result);
  }

  static {
    identify(this, 'CommandFailed', 'SSH_COMMAND_FAILED');
  }
}

/** A command wrote more to one stream than `maxBuffer` bytes. Carries what was kept. */
export class OutputLimitExceeded extends SshError {
  declare readonly code: 'SSH_OUTPUT_LIMIT_EXCEEDED';
  /** Bytes. */
  declare readonly maxBuffer: number;
  /** Which of the two was too long. */
  declare readonly stream: 'stdout' | 'stderr';
  /** As it was sent. */
  declare readonly command: string;
  /** The first `maxBuffer` bytes of it: text, or bytes with `encoding: 'buffer'`. */
  declare readonly stdout: string | Buffer;
  /** As `stdout`. */
  declare readonly stderr: string | Buffer;
  /** Milliseconds from the start of the command until the limit was passed. */
  declare readonly durationMs: number;
  /** Whether the command's own process was ended; what it had put into the background may run on. */
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

/** A job's process is gone and left no exit code (the PC rebooted, the process was killed from outside). */
export class JobLost extends SshError {
  declare readonly code: 'SSH_JOB_LOST';
  /** The job. */
  declare readonly id: string;
  /** What was found of it. */
  declare readonly reason: string;

  constructor(message: string, details: JobLostDetails) {
    super(message, details);
    Object.assign(this, { id: details.id, reason: details.reason });
  }

  static {
    identify(this, 'JobLost', 'SSH_JOB_LOST');
  }
}

/** The server refused one SFTP request. */
export class SftpFailed extends SshError {
  declare readonly code: 'SSH_SFTP_FAILED';
  /** The client's method, for example `open`, `rename`. */
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

/** A name sent by the server would leave the target folder, or cannot be stored here. Nothing was written. */
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

/** A transfer ended without its file whole; the target is untouched. `cause` says why. */
export class TransferFailed extends SshError {
  declare readonly code: 'SSH_TRANSFER_FAILED';
  /** The path at which it failed: a remote one for what the server refused or holds, else a local one. */
  declare readonly path?: string;
  /** Bytes moved before the failure. */
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
