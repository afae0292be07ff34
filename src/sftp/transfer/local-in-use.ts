import { rename, rm, stat } from 'node:fs/promises';
import { openElsewhere, openElsewhereHint, type Pursuit, patiently, whileHeld } from './in-use.ts';

/** A local file cannot be opened or replaced because a program here has it open. */
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

/** Renames a file here. Windows refuses while a virus scanner or indexer has either open: tried again for some seconds. */
export async function moveLocally(from: string, to: string, options: MoveOptions = {}): Promise<void> {
  const { move = rename, ...wait } = options;
  await whileHeldHere(() => move(from, to), wait);
}

/** The same for what opens the file `path`. A folder and a read-only file will not become anything else. */
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
  // Nobody else refuses so, and a folder has many files.
  if (platform !== 'win32') return work();
  return whileHeld(work, run, {
    means: (error) => isHeld(error, platform),
    isFinal,
    held: (error) => new OpenElsewhere(error),
  });
}

/** Takes a temporary file away, as far as that can be done. */
export async function removeHere(path: string, platform = process.platform): Promise<void> {
  const remove = () => rm(path, { force: true });
  await patiently(remove, undefined, (error) => isHeld(error, platform)).catch(() => {});
}

function isHeld(error: unknown, platform: NodeJS.Platform): boolean {
  return platform === 'win32' && passing.has((error as NodeJS.ErrnoException).code ?? '');
}
