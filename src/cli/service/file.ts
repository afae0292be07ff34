import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { ServiceFailed } from './service.ts';

/** Writes a file atomically. Returns whether its contents changed. @throws {ServiceFailed} */
export async function putFile(path: string, text: string): Promise<boolean> {
  if ((await readFile(path, 'utf8').catch(() => undefined)) === text) return false;
  try {
    // A name to which nobody else writes at the same time.
    const temporary = `${path}.${process.pid}.new`;
    await writeFile(temporary, text, { mode: 0o644 });
    await rename(temporary, path);
    return true;
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
