import { SftpFailed, type SftpFailedDetails } from '../../errors/index.ts';

/** A copy of the error, with some of it changed. */
export function changed(
  error: SftpFailed,
  change: Partial<SftpFailedDetails>,
  message = error.message,
): SftpFailed {
  const { operation, path, phase, host, port, hop, status, reason, hint, retryable } = error;
  const details = { operation, path, phase, host, port, hop, status, reason, hint, retryable };
  return new SftpFailed(message, { ...details, ...change, cause: error });
}

/** A copy of the error with `hint` before its own hint. */
export function hinted(error: SftpFailed, hint: string, change: Partial<SftpFailedDetails> = {}): SftpFailed {
  return changed(error, { ...change, hint: [hint, error.hint].filter(Boolean).join(' ') });
}
