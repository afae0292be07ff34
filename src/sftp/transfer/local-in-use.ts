import { rename, rm } from 'node:fs/promises';
import { openElsewhere, openElsewhereHint, type Pursuit, patiently } from './in-use.ts';

/** A local file cannot be replaced because a program here has it open. */
export class OpenElsewhere extends Error {
  readonly retryable = true;
  readonly hint = openElsewhereHint;

  constructor(cause: unknown) {
    super(openElsewhere, { cause });
  }
}

const passing = new Set(['EPERM', 'EACCES', 'EBUSY']);

interface MoveOptions {
  run?: Pursuit | undefined;
  platform?: NodeJS.Platform;
  move?: (from: string, to: string) => Promise<void>;
}

/** Renames a file here. Windows refuses while a virus scanner or indexer has either open: tried again for some seconds. */
export async function moveLocally(from: string, to: string, options: MoveOptions = {}): Promise<void> {
  const { run, platform = process.platform, move = rename } = options;
  const mayPass = (error: unknown) => isHeld(error, platform);
  try {
    await patiently(() => move(from, to), run, mayPass);
  } catch (error) {
    throw mayPass(error) ? new OpenElsewhere(error) : error;
  }
}

/** Takes a temporary file away, as far as that can be done. */
export async function removeHere(path: string, platform = process.platform): Promise<void> {
  const remove = () => rm(path, { force: true });
  await patiently(remove, undefined, (error) => isHeld(error, platform)).catch(() => {});
}

function isHeld(error: unknown, platform: NodeJS.Platform): boolean {
  return platform === 'win32' && passing.has((error as NodeJS.ErrnoException).code ?? '');
}
