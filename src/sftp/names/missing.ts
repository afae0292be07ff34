import { SftpFailed } from '../../errors/index.ts';
import { statusCode } from '../../ssh2/sftp/wire.ts';

/** SSH_FX_NO_SUCH_PATH of later protocol versions; some servers send it in version 3 too. */
const noSuchPath = 10;

/** Whether the server reported that the path does not exist. */
export function saysMissing(error: unknown): error is SftpFailed {
  return (
    error instanceof SftpFailed && (error.status === statusCode.noSuchFile || error.status === noSuchPath)
  );
}

/** Whether the server does not support the request or not for this account. SSH_FX_FAILURE may mean anything else. */
export function isRefused(error: unknown): error is SftpFailed {
  if (!(error instanceof SftpFailed)) return false;
  return error.status === statusCode.permissionDenied || error.status === statusCode.unsupported;
}
