import { rename, rm, stat } from 'node:fs/promises';
import { openElsewhere, openElsewhereHint, type Pursuit, patiently, whileHeld } from './in-use.ts';

/** A local file cannot be opened or replaced because another local program has it open. */
export class OpenElsewhere extends Error {
  readonly retryable = true;
  readonly hint = openElsewhereHint;

  constructor(cause: unknown) {
    super(openElsewhere, { cause });
  }
}

const passing = new Set(['EPERM', 'EACCES', 'EBUSY']);

interface WaitOptions {
  run?: Pursuit | undefined;
  platform?: NodeJS.Platform;
}

interface MoveOptions extends WaitOptions {
  move?: (from: string, to: string) => Promise<void>;
}

/**
 * Renames a local file. Windows refuses while a virus scanner or indexer has either file open: retries for up to 5 s.
 */
export async function moveLocally(from: string, to: string, options: MoveOptions = {}): Promise<void> {
  const { move = rename, ...wait } = options;
  await whileHeldHere(() => move(from, to), wait);
}

/** Like `moveLocally`, for `work` that opens the file `path`. Does not retry for a folder or a read-only file. */
export async function openHere<T>(
  path: string,
  work: () => Promise<T>,
  options: WaitOptions = {},
): Promise<T> {
  return whileHeldHere(work, options, async () => {
    const found = await stat(path).catch(() => undefined);
    return found !== undefined && (!found.isFile() || (found.mode & 0o200) === 0);
  });
}

function whileHeldHere<T>(
  work: () => Promise<T>,
  { run, platform = process.platform }: WaitOptions,
  isFinal: () => Promise<boolean> = async () => false,
): Promise<T> {
  // Only Windows refuses like this; skip the overhead elsewhere, since a folder may have many files.
  if (platform !== 'win32') return work();
  return whileHeld(work, run, {
    means: (error) => isHeld(error, platform),
    isFinal,
    held: (error) => new OpenElsewhere(error),
  });
}

/** Removes a local temporary file if possible; never rejects. */
export async function removeHere(path: string, platform = process.platform): Promise<void> {
  const remove = () => rm(path, { force: true });
  await patiently(remove, undefined, (error) => isHeld(error, platform)).catch(() => {});
}

function isHeld(error: unknown, platform: NodeJS.Platform): boolean {
  return platform === 'win32' && passing.has((error as NodeJS.ErrnoException).code ?? '');
}
