import { SftpFailed } from '../../errors/index.ts';
import type { SftpRequests } from '../../ssh2/sftp/requests.ts';
import { statusCode } from '../../ssh2/sftp/wire.ts';
import { now, sleep } from '../../time/timer.ts';

/** What a wait belongs to, usually a transfer; the wait ends when that has failed. */
export interface Pursuit {
  throwIfFailed(): void;
  /** Called after each wait, so that it does not count as a stall. */
  alive(): void;
  /** Called when a file has its final name. */
  placed?(): void;
  /** Called when a file begins or ceases to be without its name, because another one gets it. */
  swapping?(isSwapping: boolean): void;
}

/** A `Pursuit` for a call that is not a transfer; it ends when `throwIfFailed` throws. */
export function pursuitOf(throwIfFailed: () => void): Pursuit {
  return { throwIfFailed, alive: () => {} };
}

/** Total milliseconds to wait for a virus scanner, an indexer or a backup to close a file. */
const patience = 5_000;
const firstDelay = 50;
const longestDelay = 500;

export const openElsewhere = 'it is open in another program';
export const openElsewhereHint =
  'A program on the PC has the file open and does not share it (Excel, a virus scanner, an indexer, a backup, another ' +
  'transfer). Close it, or try again later. If nobody has it open: does its access list (icacls) allow this?';

/**
 * The status of an open that another program's share mode does not allow: OpenSSH for Windows maps no errno to
 * ERROR_SHARING_VIOLATION (win32compat/fileio.c, 7.7 to 9.8). Permission denied means the access list, a read-only file
 * or a folder.
 */
const refusesOpen: readonly number[] = [statusCode.failure];
/** The same for a rename or removal: the C runtime and MoveFileEx report access denied, CreateHardLink a failure. */
const refusesChange: readonly number[] = [statusCode.permissionDenied, statusCode.failure];

/** Opens a file that another program may have open: on a Windows server, retries for up to 5 s. */
export function openInUse<T>(
  sftp: SftpRequests,
  run: Pursuit | undefined,
  open: () => Promise<T>,
): Promise<T> {
  return whileInUse(sftp, run, open, refusesOpen);
}

/** Like `openInUse`, for renaming or removing a file. `isFinal` says whether the reason is a permanent one. */
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

/** How to treat errors that may mean that another program has the file open. */
interface Holding {
  /** Whether the error may mean that. */
  means(error: unknown): boolean;
  /** Whether the error has another, permanent reason. */
  isFinal(): Promise<boolean>;
  /** The error to report if it persists. */
  held(error: unknown): Error;
}

/** Retries `work` for up to 5 s while another program may have its file open. */
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

/** The server's error, with the reason that the file is open in another program. */
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

/** Retries `work` for up to 5 s while `mayPass` accepts its errors; rejects with the last one. */
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
