import { readFile, rm } from 'node:fs/promises';
import { putWhole } from '../put-whole.ts';
import { ServiceFailed } from './service.ts';

/**
 * Writes a service's file, and lets `start` make the system use it; if that fails, the file is as it was before, and
 * `undo` tells the system so. Resolves to whether the file has changed. @throws {ServiceFailed}
 */
export async function withFile(
  path: string,
  text: string,
  { start, undo }: { start: (isNews: boolean) => Promise<void>; undo: () => Promise<unknown> },
): Promise<boolean> {
  const before = await readFile(path, 'utf8').catch(() => undefined);
  const isNews = before !== text;
  if (isNews) await putFile(path, text);
  try {
    await start(isNews);
    return isNews;
  } catch (error) {
    if (isNews) {
      await (before === undefined ? removeFile(path) : putFile(path, before));
      await undo();
    }
    throw error;
  }
}

async function putFile(path: string, text: string): Promise<void> {
  try {
    await putWhole(path, text);
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

/** Returns whether it existed. @throws {ServiceFailed} */
export async function removeFile(path: string): Promise<boolean> {
  try {
    await rm(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw cannotWrite(path, error);
  }
}

function cannotWrite(path: string, error: unknown): ServiceFailed {
  const { code } = error as NodeJS.ErrnoException;
  const hint = code === 'EACCES' || code === 'EPERM' ? ': root is needed for this' : '';
  return new ServiceFailed(`${path} cannot be written (${code})${hint}`);
}
