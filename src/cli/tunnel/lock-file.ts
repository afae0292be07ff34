import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { readOwnFile } from '../../files/own-file.ts';

/** Who holds a lock, according to the file. */
export interface Holder {
  pid: number;
  host: string;
  since: string;
  token: string;
}

export interface Sight {
  /** Identifies the state of the file: if two marks are equal, nobody has touched it in between. */
  mark: string;
  /** Milliseconds since the last sign of life; compares the file system's clock with ours. */
  age: number;
  /** Undefined if the file cannot be read as a lock: a crash may have truncated it. */
  holder: Holder | undefined;
}

export function newHolder(): Holder {
  return { pid: process.pid, host: hostname(), since: new Date().toISOString(), token: randomUUID() };
}

/** The current lock, or undefined if there is none. */
export async function lookAtLock(path: string): Promise<Sight | undefined> {
  try {
    const [bytes, { mtimeMs }] = await Promise.all([readOwnFile(path), stat(path)]);
    const text = bytes.toString();
    return { mark: `${mtimeMs} ${text}`, age: Math.abs(Date.now() - mtimeMs), holder: parseHolder(text) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function parseHolder(text: string): Holder | undefined {
  try {
    const { pid, host, since, token } = JSON.parse(text);
    return Number.isInteger(pid) && typeof token === 'string'
      ? { pid, host: String(host), since: String(since), token }
      : undefined;
  } catch {
    return undefined;
  }
}

/** Creates the lock if there is none: if several try, one succeeds. */
export async function createLock(path: string, holder: Holder): Promise<boolean> {
  await makeFolder(dirname(path));
  try {
    await writeNew(path, holder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Whoever may write into the folder can replace the lock. Not `recursive`: where a folder may not be created, Node
 * says that it does not exist (ENOENT) instead of why.
 */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, 0o700);
  } catch (error) {
    if (await isFolder(path)) return;
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await mkdir(path, 0o700);
  }
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ?? false;
}

/** On a full disk, no empty file stays that would look like somebody's lock. */
async function writeNew(path: string, holder: Holder): Promise<void> {
  const file = await open(path, 'wx', 0o644);
  try {
    await file.writeFile(JSON.stringify(holder));
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** Replaces a stale lock by ours, atomically. If several do, the last one holds it. */
export async function replaceLock(path: string, holder: Holder): Promise<void> {
  const temporary = `${path}.${holder.token}`;
  await writeNew(temporary, holder);
  try {
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

export async function touchLock(path: string): Promise<void> {
  const at = new Date();
  await utimes(path, at, at);
}

export async function removeLock(path: string): Promise<void> {
  await rm(path, { force: true });
}

/** Whether this machine has a process with that id. It may be another program that was given the id later. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
