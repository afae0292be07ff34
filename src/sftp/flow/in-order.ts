import { SftpFailed, TransferFailed } from '../../errors/index.ts';
import type { SftpRequests } from '../../ssh2/sftp/requests.ts';
import { statusCode } from '../../ssh2/sftp/wire.ts';
import { hinted } from '../transfer/hinted.ts';

const badMessage = 5;
const ofOrder: readonly (number | undefined)[] = [statusCode.failure, badMessage, statusCode.unsupported];

/** Whether the server may have refused this because the writes did not arrive in order. */
export function mayBeOrder(sftp: SftpRequests, error: unknown): error is SftpFailed {
  if (sftp.writes.order === 'free' || sftp.ended || !(error instanceof SftpFailed)) return false;
  const { operation, status, reason = '' } = error;
  const isFull = /\b(?:space|full|quota|limit|large)\b/i.test(reason);
  return (operation === 'write' || operation === 'close') && ofOrder.includes(status) && !isFull;
}

/**
 * Runs `attempt` to write a file. If it fails as on a server that accepts writes only in order, runs it again with one
 * write at a time; if that works, later writes on the connection are sent the same way.
 * @param resumes The first attempt does not write the file from its beginning, so that another differs in any case.
 */
export async function againInOrder(
  sftp: SftpRequests,
  attempt: (isAgain: boolean) => Promise<void>,
  resumes = false,
) {
  const wasOneByOne = isOneByOne(sftp);
  try {
    await attempt(false);
  } catch (error) {
    const refusal = error instanceof TransferFailed ? error.cause : error;
    if ((wasOneByOne && !resumes) || !mayBeOrder(sftp, refusal)) throw error;
    const knewBefore = isOneByOne(sftp);
    sftp.writes.oneByOne(true);
    await attempt(true).catch((problem) => {
      // The cause was something else, perhaps a full disk.
      sftp.writes.oneByOne(knewBefore);
      throw problem;
    });
  }
}

function isOneByOne({ writes }: SftpRequests): boolean {
  return writes.order === 'one by one';
}

/**
 * Adds a hint at `writesInOrder` to the error of a stream, whose bytes cannot be sent again.
 * @param isInside The stream does not write the file from its beginning.
 */
export function withOrderHint(sftp: SftpRequests, error: unknown, isInside = false): unknown {
  if (!mayBeOrder(sftp, error)) return error;
  if (isInside) return hinted(error, onlyWhole);
  if (isOneByOne(sftp)) return error;
  return hinted(
    error,
    'Some servers accept the writes of a file only in order (rclone, gateways to object stores): with writesInOrder: true they are sent one by one.',
  );
}

const onlyWhole =
  'Some servers (rclone, gateways to object stores) write a file only from its beginning, and empty it for that: send the whole file.';
