import { identify, SshError } from './base.ts';
import type { JobErrorDetails } from './details.ts';

abstract class JobError extends SshError {
  /** The job's id. */
  declare readonly id: string;
  /** The reason in brief; text from the server is escaped for display. */
  declare readonly reason: string;

  constructor(message: string, details: JobErrorDetails) {
    super(message, details);
    Object.assign(this, { id: details.id, reason: details.reason });
  }
}

/** Another command has already been started under this id. Nothing was started, and that job is unchanged. */
export class JobConflict extends JobError {
  declare readonly code: 'SSH_JOB_CONFLICT';
  /** How the request differs from the existing job. */
  declare readonly reason: string;

  static {
    identify(this, 'JobConflict', 'SSH_JOB_CONFLICT');
  }
}

/**
 * The server could not start or inspect a job: no permission on its folder, a full disk, nobody logged on for an
 * interactive job. Says nothing about the job's own result.
 */
export class JobAccessFailed extends JobError {
  declare readonly code: 'SSH_JOB_ACCESS_FAILED';
  static {
    identify(this, 'JobAccessFailed', 'SSH_JOB_ACCESS_FAILED');
  }
}
