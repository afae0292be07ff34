import { SftpFailed } from '../../errors/index.ts';
import type { RawPath, SftpRequests } from '../../ssh2/sftp/requests.ts';
import { statusCode } from '../../ssh2/sftp/wire.ts';

/** SSH_FX_NO_SUCH_PATH of later protocol versions; some servers send it in version 3 too. */
const noSuchPath = 10;

/** Whether the server reported that the path does not exist. */
export function saysMissing(error: unknown): error is SftpFailed {
  return (
    error instanceof SftpFailed && (error.status === statusCode.noSuchFile || error.status === noSuchPath)
  );
}

/** Whether the server reports, when it is asked, that the path does not exist. */
export function isMissing(sftp: SftpRequests, path: RawPath): Promise<boolean> {
  return sftp.lstat(path).then(() => false, saysMissing);
}

/** Whether the server answered a request with an error status, rather than with an invalid reply or not at all. */
export function saysNo(error: unknown): error is SftpFailed {
  return error instanceof SftpFailed && error.status !== undefined;
}

/**
 * Whether the server does not support the request, or not for this account. Many servers, unlike OpenSSH, say
 * SSH_FX_FAILURE then, which may mean anything else as well: what asks in another way loses nothing by it.
 */
export function isRefused(error: unknown): error is SftpFailed {
  return saysNo(error) && refusals.includes(error.status);
}

const refusals: readonly (number | undefined)[] = [
  statusCode.permissionDenied,
  statusCode.failure,
  statusCode.unsupported,
];
