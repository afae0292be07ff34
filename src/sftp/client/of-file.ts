import { SftpFailed } from '../../errors/index.ts';
import { printable, quoted } from '../../text/printable.ts';

/** Names the file in the error of a request that had only a handle. */
export function ofFile(error: unknown, path: string): unknown {
  if (!(error instanceof SftpFailed) || error.path !== undefined || error.operation === 'session')
    return error;
  const { operation, phase, host, port, hop, status, reason, hint, retryable } = error;
  const details = { operation, phase, host, port, hop, status, reason, hint, retryable, cause: error };
  const message = error.message.replace(operation, `${operation} of ${quoted(path)}`);
  return new SftpFailed(message, { ...details, path: printable(path) });
}
