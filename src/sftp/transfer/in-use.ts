import { SftpFailed } from '../../errors/index.ts';
import type { SftpRequests } from '../../ssh2/sftp/requests.ts';
import { statusCode } from '../../ssh2/sftp/wire.ts';
import { now, sleep } from '../../time/timer.ts';

/** What a wait belongs to: it is over when the transfer has failed. */
export interface Pursuit {
  throwIfFailed(): void;
  alive(): void;
  /** A file has its name. */
  placed?(): void;
}

/** What a call that is not a transfer belongs to: it ends when its caller stops. */
export function pursuitOf(throwIfFailed: () => void): Pursuit {
  return { throwIfFailed, alive: () => {} };
}

/** Milliseconds to wait for a virus scanner, an indexer or a backup to close a file. */
const patience = 5_000;
const firstDelay = 50;
const longestDelay = 500;

export const openElsewhere = 'it is open in another program';
export const openElsewhereHint =
  'A program on the PC has the file open and does not share it (Excel, a virus scanner, an indexer, a backup, another ' +
  'transfer). Close it, or try again later. If nobody has it open: does its access list (icacls) allow this?';

/**
 * What a server answers when a share mode of another program does not allow an open: ERROR_SHARING_VIOLATION has no errno
 * there (win32compat/fileio.c, 7.7 to 9.8). Permission denied is the access list, a read-only file or a folder.
 */
const refusesOpen: readonly number[] = [statusCode.failure];
/** The same for a rename or a removal: the C runtime and MoveFileEx deny it, CreateHardLink fails. */
const refusesChange: readonly number[] = [statusCode.permissionDenied, statusCode.failure];

/** Opens a file that another program may have open: on a Windows server, tries again for some seconds. */
export function openInUse<T>(
  sftp: SftpRequests,
  run: Pursuit | undefined,
  open: () => Promise<T>,
): Promise<T> {
  return whileInUse(sftp, run, open, refusesOpen);
}

/** The same for what gives a file another name, or none. `isFinal` knows of reasons that will not pass. */
export function changeInUse<T>(
  sftp: SftpRequests,
  run: Pursuit | undefined,
  change: () => Promise<T>,
  isFinal: () => Promise<boolean> = async () => false,
): Promise<T> {
  return whileInUse(sftp, run, change, refusesChange, isFinal);
}

async function whileInUse<T>(
  sftp: SftpRequests,
  run: Pursuit | undefined,
  work: () => Promise<T>,
  statuses: readonly number[],
  isFinal: () => Promise<boolean> = async () => false,
): Promise<T> {
  if (!sftp.windows) return work();
  return whileHeld(work, run, {
    means: (error) => isRefusal(error, statuses),
    isFinal: async () => sftp.ended !== undefined || (await isFinal()),
    held: (error) => held(error as SftpFailed),
  });
}

/** What is known of refusals that another program may be the reason of. */
interface Holding {
  /** Whether an error may be such a refusal. */
  means(error: unknown): boolean;
  /** Whether it has a reason that will not pass. */
  isFinal(): Promise<boolean>;
  /** What it must mean when it has not passed. */
  held(error: unknown): Error;
}

/** Repeats `work` for some seconds while another program may have its file open. */
export async function whileHeld<T>(
  work: () => Promise<T>,
  run: Pursuit | undefined,
  { means, isFinal, held }: Holding,
): Promise<T> {
  let isHeld = false;
  try {
    return await patiently(work, run, async (error) => {
      isHeld = means(error) && !(await isFinal());
      return isHeld;
    });
  } catch (error) {
    throw isHeld && means(error) ? held(error) : error;
  }
}

function isRefusal(error: unknown, statuses: readonly number[]): error is SftpFailed {
  return error instanceof SftpFailed && statuses.includes(error.status ?? -1);
}

/** The server's refusal, with what it must mean by now. */
function held(refusal: SftpFailed): SftpFailed {
  const { operation, path, phase, host, port, hop, status } = refusal;
  return new SftpFailed(`${refusal.message}: ${openElsewhere}`, {
    operation,
    path,
    phase,
    host,
    port,
    hop,
    status,
    reason: openElsewhere,
    hint: openElsewhereHint,
    retryable: true,
    cause: refusal,
  });
}

/** Repeats `work` for some seconds while its errors are of the kind that passes; rejects with the last one. */
export async function patiently<T>(
  work: () => Promise<T>,
  run: Pursuit | undefined,
  mayPass: (error: unknown) => boolean | Promise<boolean>,
): Promise<T> {
  const end = now() + patience;
  for (let delay = firstDelay; ; delay = Math.min(longestDelay, delay * 2)) {
    run?.throwIfFailed();
    try {
      return await work();
    } catch (error) {
      if (!(await mayPass(error)) || now() + delay > end) throw error;
      await sleep(delay);
      run?.alive();
    }
  }
}
