import { SftpFailed } from '../../errors/index.ts';

/** The same refusal with a hint before its own. */
export function hinted(error: SftpFailed, hint: string): SftpFailed {
  const { operation, path, phase, host, port, hop, status, reason, retryable } = error;
  const details = { operation, path, phase, host, port, hop, status, reason, retryable };
  const all = [hint, error.hint].filter(Boolean).join(' ');
  return new SftpFailed(error.message, { ...details, hint: all, cause: error });
}
