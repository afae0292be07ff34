import { SftpFailed } from '../../errors/index.ts';
import { printable, quoted } from '../../text/printable.ts';
import { changed } from '../transfer/hinted.ts';

/** Names the file in the error of a request that had only a handle. */
export function ofFile(error: unknown, path: string): unknown {
  if (!(error instanceof SftpFailed) || error.path !== undefined || error.operation === 'session')
    return error;
  const { operation, message } = error;
  const named = message.replace(operation, `${operation} of ${quoted(path)}`);
  return changed(error, { path: printable(path) }, named);
}
