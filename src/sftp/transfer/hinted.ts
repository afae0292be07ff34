import { SftpFailed } from '../../errors/index.ts';

/** A copy of the error with `hint` before its own hint. */
export function hinted(error: SftpFailed, hint: string): SftpFailed {
  const { operation, path, phase, host, port, hop, status, reason, retryable } = error;
  const details = { operation, path, phase, host, port, hop, status, reason, retryable };
  const all = [hint, error.hint].filter(Boolean).join(' ');
  return new SftpFailed(error.message, { ...details, hint: all, cause: error });
}
