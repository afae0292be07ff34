import { randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import { type FileHandle, link, open, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { sleep } from '../time/timer.ts';
import { CustomersFileError } from './error.ts';
import { readCustomersText } from './load.ts';
import { readCustomers } from './read.ts';

/** Milliseconds to wait for another writer. */
const patience = 5_000;
const pollInterval = 50;
/** Milliseconds: the minimum age of what a crashed writer has left behind. */
const staleAfter = 30_000;

/**
 * Changes a customers file: reads it, lets `edit` produce the new text, validates that, and replaces the file
 * atomically. Simultaneous writers wait for each other. Nothing is written if the text stays the same.
 *
 * @param options `initial`: the text to start with if there is no file; without it, a missing file is an error.
 * `isTrial`: only check whether it could be done.
 * @returns Whether the file has changed.
 * @throws {CustomersFileError} if the file is invalid (before or after), or may not be written.
 */
export async function changeCustomersFile(
  path: string,
  edit: (text: string) => string,
  { initial, isTrial = false }: { initial?: string | undefined; isTrial?: boolean | undefined } = {},
): Promise<boolean> {
  const file = await placeOf(path);
  for (;;) {
    // Also before locking: a missing folder or a file without write permission is no reason to wait.
    await lookAt(file, initial);
    const hasChanged = await changeOnce(file, edit, { initial, isTrial });
    if (hasChanged !== undefined) return hasChanged;
  }
}

/** As many as Linux follows. */
const mostLinks = 40;

/** The location of the file, existing or not: symbolic links are followed, including a dangling last one. */
async function placeOf(path: string): Promise<string> {
  let file = resolve(path);
  for (let links = 0; links <= mostLinks; links++) {
    const found = await realpath(file).catch(() => undefined);
    if (found !== undefined) return found;
    const target = await readlink(file).catch(() => undefined);
    if (target === undefined) return file;
    file = resolve(dirname(file), target);
  }
  throw new CustomersFileError('it is a symbolic link that leads to itself', { file: path });
}

/** Undefined: the lock was lost, because this process was suspended for long; nothing was written. */
async function changeOnce(
  file: string,
  edit: (text: string) => string,
  { initial, isTrial }: { initial: string | undefined; isTrial: boolean },
): Promise<boolean | undefined> {
  const temporary = `${file}.new`;
  const output = await openAlone(file, temporary);
  let isOurs = true;
  try {
    const found = await lookAt(file, initial);
    const before = found ? await readCustomersText(file) : initial!;
    if (found) readCustomers({ file, text: before });
    const after = edit(before);
    readCustomers({ file, text: after });
    if (isTrial || (found && after === before)) return false;
    await fill(output, after, found).catch((error) => {
      throw cannotWrite(file, error);
    });
    isOurs = await isStill(output, temporary);
    if (!isOurs) return undefined;
    await output.close();
    await rename(temporary, file).catch((error) => {
      throw cannotWrite(file, error);
    });
    // From now on, a file of that name belongs to the next writer.
    isOurs = false;
    return true;
  } finally {
    await output.close();
    if (isOurs) await rm(temporary, { force: true });
  }
}

async function fill(output: FileHandle, text: string, like: Stats | undefined): Promise<void> {
  await output.writeFile(text);
  if (like) {
    await keepOwner(output, like);
    await output.chmod(like.mode & 0o7777);
  }
  await output.sync();
}

function cannotWrite(file: string, cause: NodeJS.ErrnoException): CustomersFileError {
  return new CustomersFileError(`it cannot be written (${cause.code})`, { file, cause });
}

/** Whether the open file is still the one with that name. */
async function isStill(output: FileHandle, name: string): Promise<boolean> {
  const [own, found] = await Promise.all([
    output.stat({ bigint: true }),
    stat(name, { bigint: true }).catch(() => undefined),
  ]);
  return found !== undefined && found.ino === own.ino && found.dev === own.dev;
}

/** Gives the new file the old one's owner, as far as this user may: root may, with sudo. */
async function keepOwner(output: FileHandle, { uid, gid }: Stats): Promise<void> {
  const own = await output.stat();
  if (own.uid === uid && own.gid === gid) return;
  await output.chown(uid, gid).catch(() => output.chown(own.uid, gid).catch(() => {}));
}

/** The file's status, if it may be written; undefined if there is none but `initial` is given. */
async function lookAt(file: string, initial: string | undefined): Promise<Stats | undefined> {
  const found = await stat(file).catch(() => undefined);
  if (!found && initial === undefined) throw new CustomersFileError('there is no such file', { file });
  if (found && (found.mode & 0o222) === 0) throw new CustomersFileError('it is read-only', { file });
  return found;
}

/** The temporary file doubles as the lock: only one writer can create it. */
async function openAlone(file: string, temporary: string) {
  const deadline = Date.now() + patience;
  for (;;) {
    try {
      return await open(temporary, 'wx', 0o640);
    } catch (error) {
      const problem = error as NodeJS.ErrnoException;
      if (problem.code !== 'EEXIST') throw cannotWrite(file, problem);
    }
    await removeStale(temporary);
    if (Date.now() > deadline) {
      throw new CustomersFileError(`${temporary} exists: somebody else is changing it`, { file });
    }
    await sleep(pollInterval);
  }
}

/**
 * If several find the same stale file, one removes it; if that was another writer's new one after all, it is put back.
 */
async function removeStale(temporary: string): Promise<void> {
  const seen = await stat(temporary, { bigint: true }).catch(() => undefined);
  if (!seen || Date.now() - Number(seen.mtimeMs) <= staleAfter) return;
  const aside = `${temporary}.${randomUUID()}`;
  try {
    await rename(temporary, aside);
    const taken = await stat(aside, { bigint: true });
    if (taken.ino !== seen.ino || taken.mtimeNs !== seen.mtimeNs) await link(aside, temporary);
  } catch {
    // Someone else was faster.
  }
  await rm(aside, { force: true });
}
