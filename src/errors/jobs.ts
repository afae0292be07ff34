import { identify, SshError } from './base.ts';
import type { JobErrorDetails } from './details.ts';

abstract class JobError extends SshError {
  /** The job that it is about. */
  declare readonly id: string;
  /** Why, in short; what the server said is escaped for display. */
  declare readonly reason: string;

  constructor(message: string, details: JobErrorDetails) {
    super(message, details);
    Object.assign(this, { id: details.id, reason: details.reason });
  }
}

/** Another command was started under this id before. Its job is untouched; nothing was started. */
export class JobConflict extends JobError {
  declare readonly code: 'SSH_JOB_CONFLICT';
  /** How what was asked for differs from what was started. */
  declare readonly reason: string;

  static {
    identify(this, 'JobConflict', 'SSH_JOB_CONFLICT');
  }
}

/**
 * The server could not start a job or look at it: no right to write its folder, a full disk, nobody logged on for an
 * interactive job. Says nothing about the job's own result.
 */
export class JobAccessFailed extends JobError {
  declare readonly code: 'SSH_JOB_ACCESS_FAILED';
  static {
    identify(this, 'JobAccessFailed', 'SSH_JOB_ACCESS_FAILED');
  }
}
