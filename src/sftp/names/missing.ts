import { SftpFailed } from '../../errors/index.ts';
import { statusCode } from '../../ssh2/sftp/wire.ts';

/** From later versions of the protocol; some servers send it in version 3 too. */
const noSuchPath = 10;

/** Whether the server says that nothing is there. */
export function saysMissing(error: unknown): error is SftpFailed {
  return (
    error instanceof SftpFailed && (error.status === statusCode.noSuchFile || error.status === noSuchPath)
  );
}

/** The server does not do this, or not for this account. A failure is something else: it may mean a broken disk. */
export function isRefused(error: unknown): error is SftpFailed {
  if (!(error instanceof SftpFailed)) return false;
  return error.status === statusCode.permissionDenied || error.status === statusCode.unsupported;
}
