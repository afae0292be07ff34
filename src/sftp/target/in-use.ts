import { SftpFailed } from '../../errors/index.ts';
import type { SftpRequests } from '../../ssh2/sftp/requests.ts';
import { statusCode } from '../../ssh2/sftp/wire.ts';
import { now, sleep } from '../../time/timer.ts';

/** What a wait belongs to: it is over when the transfer has failed. */
export interface Pursuit {
  throwIfFailed(): void;
  alive(): void;
}

/** Milliseconds that a virus scanner, an indexer or a backup is given to let go of a file. */
const patience = 5_000;
const firstDelay = 50;
const longestDelay = 500;

/** Statuses of a Windows server for an open that another program's share mode does not allow. */
const heldAgainstOpen = [statusCode.failure];

/** Does what another program may stand in the way of for a moment: on a Windows server, again for some seconds. */
export async function whileInUse<T>(
  sftp: SftpRequests,
  run: Pursuit | undefined,
  work: () => Promise<T>,
  statuses: readonly number[] = heldAgainstOpen,
): Promise<T> {
  const mayBeHeld = (error: unknown) =>
    sftp.windows !== undefined &&
    !sftp.ended &&
    error instanceof SftpFailed &&
    statuses.includes(error.status ?? -1);
  return patiently(work, mayBeHeld, run);
}

/** Repeats `work` for some seconds while its errors are of the kind that passes; rejects with the last one. */
export async function patiently<T>(
  work: () => Promise<T>,
  mayPass: (error: unknown) => boolean,
  run: Pursuit | undefined,
): Promise<T> {
  const end = now() + patience;
  for (let delay = firstDelay; ; delay = Math.min(longestDelay, delay * 2)) {
    run?.throwIfFailed();
    try {
      return await work();
    } catch (error) {
      if (!mayPass(error) || now() + delay > end) throw error;
      await sleep(delay);
      run?.alive();
    }
  }
}
