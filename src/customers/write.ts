import { randomUUID } from 'node:crypto';
import { type FileHandle, link, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { sleep } from '../time/timer.ts';
import { CustomersFileError } from './error.ts';
import { readCustomersText } from './load.ts';
import { readCustomers } from './read.ts';

/** Milliseconds that another writer may take. */
const patience = 5_000;
const pollInterval = 50;
/** What a writer left who died in between is this old at least. */
const staleAfter = 30_000;

/**
 * Changes a customers file: reads it, lets `edit` make the new text, checks that, and puts it in place in one step.
 * Several who change it at once wait for each other. Nothing happens when the text stays the same.
 *
 * @param options `initial`: the text to start with when there is no file; without it, a missing file is an error. `isTrial`: only see whether it
 *   could be done.
 * @returns whether the file has changed.
 * @throws {CustomersFileError} for a file that is wrong (before or after), or may not be written.
 */
export async function changeCustomersFile(
  path: string,
  edit: (text: string) => string,
  { initial, isTrial = false }: { initial?: string | undefined; isTrial?: boolean | undefined } = {},
): Promise<boolean> {
  const file = await realpath(path).catch(() => resolve(path));
  for (;;) {
    // Also before the lock: a folder that is missing or a file that may not be written is no reason to wait.
    await modeOf(file, initial);
    const hasChanged = await changeOnce(file, edit, { initial, isTrial });
    if (hasChanged !== undefined) return hasChanged;
  }
}

/** Undefined: the lock was lost in between, because this process stood still for long; nothing was written. */
async function changeOnce(
  file: string,
  edit: (text: string) => string,
  { initial, isTrial }: { initial: string | undefined; isTrial: boolean },
): Promise<boolean | undefined> {
  const temporary = `${file}.new`;
  const output = await openAlone(file, temporary);
  let isOurs = true;
  try {
    const mode = await modeOf(file, initial);
    const before = mode === undefined ? initial! : await readCustomersText(file);
    if (mode !== undefined) readCustomers({ file, text: before });
    const after = edit(before);
    readCustomers({ file, text: after });
    if (isTrial || (mode !== undefined && after === before)) return false;
    await output.writeFile(after);
    if (mode !== undefined) await output.chmod(mode);
    await output.sync();
    isOurs = await isStill(output, temporary);
    if (!isOurs) return undefined;
    await output.close();
    await rename(temporary, file);
    // From now on, a file of that name is the next writer's.
    isOurs = false;
    return true;
  } finally {
    await output.close();
    if (isOurs) await rm(temporary, { force: true });
  }
}

/** Whether the file of that name is the one that is open here. */
async function isStill(output: FileHandle, name: string): Promise<boolean> {
  const [own, found] = await Promise.all([
    output.stat({ bigint: true }),
    stat(name, { bigint: true }).catch(() => undefined),
  ]);
  return found !== undefined && found.ino === own.ino && found.dev === own.dev;
}

/** The permission bits of the file, which may be written; undefined: there is none, and `initial` is its text. */
async function modeOf(file: string, initial: string | undefined): Promise<number | undefined> {
  const found = await stat(file).catch(() => undefined);
  if (!found && initial === undefined) throw new CustomersFileError('there is no such file', { file });
  if (found && (found.mode & 0o222) === 0) throw new CustomersFileError('it is read-only', { file });
  return found && found.mode & 0o7777;
}

/** The temporary file is the lock, too: only one writer can make it. */
async function openAlone(file: string, temporary: string) {
  const deadline = Date.now() + patience;
  for (;;) {
    try {
      return await open(temporary, 'wx', 0o640);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EEXIST') throw new CustomersFileError(`it cannot be written (${code})`, { file });
    }
    await removeStale(temporary);
    if (Date.now() > deadline) {
      throw new CustomersFileError(`${temporary} is there: somebody else is changing it`, { file });
    }
    await sleep(pollInterval);
  }
}

/** Of several who find the same one stale, one takes it away: another's new one, taken by mistake, is put back. */
async function removeStale(temporary: string): Promise<void> {
  const seen = await stat(temporary, { bigint: true }).catch(() => undefined);
  if (!seen || Date.now() - Number(seen.mtimeMs) <= staleAfter) return;
  const aside = `${temporary}.${randomUUID()}`;
  try {
    await rename(temporary, aside);
    const taken = await stat(aside, { bigint: true });
    if (taken.ino !== seen.ino || taken.mtimeNs !== seen.mtimeNs) await link(aside, temporary);
  } catch {
    // Another one was first.
  }
  await rm(aside, { force: true });
}
