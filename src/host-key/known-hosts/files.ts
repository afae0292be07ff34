import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { checkText } from '../../check/values.ts';
import { wrongRange } from '../../check/wrong.ts';
import { Unchanged } from '../../files/unchanged.ts';
import { homeFolder } from '../../options/local-account.ts';

/** A known_hosts file in memory, one character per byte. */
export interface KnownHostsFile {
  readonly path: string;
  readonly text: string;
}

/** Far larger than any real file; a device that never ends must not fill the memory. */
const MAX_FILE_BYTES = 128 * 1024 * 1024;
const CHUNK_BYTES = 256 * 1024;

/**
 * The files that OpenSSH's client reads by default: `~/.ssh/known_hosts`, `~/.ssh/known_hosts2` and the two system-wide
 * files (`/etc/ssh/ssh_known_hosts`, on Windows `%ProgramData%\ssh\ssh_known_hosts`). Any of them may be missing.
 */
export function defaultKnownHostsFiles(): string[] {
  const { ProgramData } = process.env;
  return knownHostsFilesOf(process.platform, homeFolder(), ProgramData);
}

/**
 * Like {@link defaultKnownHostsFiles}, for a given machine. Without a home folder, only the system-wide files remain.
 */
export function knownHostsFilesOf(
  platform: string,
  home?: string,
  programData = 'C:\\ProgramData',
): string[] {
  const windows = platform === 'win32';
  const slash = windows ? '\\' : '/';
  const system = windows ? `${programData}\\ssh` : '/etc/ssh';
  const ofUser =
    home === undefined ? [] : ['known_hosts', 'known_hosts2'].map((f) => [home, '.ssh', f].join(slash));
  return [...ofUser, ...['ssh_known_hosts', 'ssh_known_hosts2'].map((file) => `${system}${slash}${file}`)];
}

/** Whether a file is one of the system-wide ones, which no user's connection may change. */
export function isSystemFile(path: string): boolean {
  return defaultKnownHostsFiles().slice(-2).includes(path);
}

/** Checks a path or a list of paths. */
export function checkPaths(name: string, value: unknown): void {
  if (!Array.isArray(value)) return void expandPath(name, value);
  for (const [index, path] of value.entries()) expandPath(`${name}[${index}]`, path);
}

/**
 * Checks a path and expands a leading `~` to the home folder.
 *
 * @throws TypeError or RangeError that names the option.
 */
export function expandPath(name: string, path: unknown): string {
  checkText(name, path, 'a path');
  if (!path.startsWith('~')) return path;
  const home = homeFolder();
  if (!/^~($|[\\/])/.test(path) || home === undefined) {
    throw wrongRange(name, path, "a path that begins with ~ only for one's own home folder");
  }
  return home + path.slice(1);
}

/**
 * Reads known_hosts files. A missing file is skipped, as in ssh.
 *
 * @throws Error with `code`, `path` and `cause` if a file exists but cannot be read: its contents are then unknown, and
 * nothing may be trusted.
 */
export async function readKnownHostsFiles(paths: readonly string[]): Promise<KnownHostsFile[]> {
  const files: KnownHostsFile[] = [];
  for (const path of paths) {
    const file = await sharedReading(path);
    if (file !== undefined) files.push(file);
  }
  return files;
}

const unchanged = /* @__PURE__ */ new Unchanged<KnownHostsFile>();

/** The reading of each path that has begun, and the one that has not. */
const running = new Map<string, Promise<unknown>>();
const waiting = new Map<string, Promise<KnownHostsFile | undefined>>();

/**
 * One reading at a time, shared by all who asked before it began: a thousand connections at once would otherwise open
 * the file thousands of times. A reading that has begun is not shared, as it may have missed a change.
 */
function sharedReading(path: string): Promise<KnownHostsFile | undefined> {
  const shared = waiting.get(path);
  if (shared) return shared;
  const reading = (async () => {
    await running.get(path);
    waiting.delete(path);
    const begun = readKnownHostsFile(path);
    const over = begun.then(
      () => {},
      () => {},
    );
    running.set(path, over);
    try {
      return await begun;
    } finally {
      if (running.get(path) === over) running.delete(path);
    }
  })();
  waiting.set(path, reading);
  return reading;
}

async function readKnownHostsFile(path: string): Promise<KnownHostsFile | undefined> {
  try {
    // Without O_NONBLOCK, opening a named pipe would wait for a writer, perhaps forever.
    const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      await refuseUnusual(handle);
      const stats = await handle.stat({ bigint: true });
      const same = unchanged.get(path, stats);
      if (same) return same;
      const file = { path, text: await readText(handle) };
      unchanged.keep(file, stats);
      return file;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw unusable(path, 'read', error);
  }
}

async function readText(handle: FileHandle): Promise<string> {
  const parts: string[] = [];
  const chunk = Buffer.alloc(CHUNK_BYTES);
  for (let total = 0; total <= MAX_FILE_BYTES; ) {
    const { bytesRead } = await handle.read(chunk, 0, CHUNK_BYTES);
    if (bytesRead === 0) return plainText(parts.join(''));
    parts.push(chunk.toString('latin1', 0, bytesRead));
    total += bytesRead;
  }
  throw Object.assign(new Error(`larger than ${MAX_FILE_BYTES} bytes`), { code: 'EFBIG' });
}

/**
 * Removes the byte order mark that an editor or PowerShell writes. UTF-16, the output of `>` in Windows PowerShell, is
 * refused: none of its lines could be read, and one that revokes a key would be ignored.
 */
function plainText(text: string): string {
  if (text.startsWith('\xff\xfe') || text.startsWith('\xfe\xff')) {
    const message =
      'it is UTF-16, as > writes it in Windows PowerShell; write it with Out-File -Encoding ascii';
    throw Object.assign(new Error(message), { code: 'EILSEQ' });
  }
  return text.startsWith('\xef\xbb\xbf') ? text.slice(3) : text;
}

/** Refuses folders, pipes and sockets. A character device is fine: `/dev/null` is how users say "no file". */
export async function refuseUnusual(handle: FileHandle): Promise<void> {
  const stats = await handle.stat();
  if (stats.isFile() || stats.isCharacterDevice()) return;
  const code = stats.isDirectory() ? 'EISDIR' : 'EINVAL';
  throw Object.assign(new Error(`${code}: not a regular file`), { code });
}

/** ENOTDIR: part of the path is a file (the home folder of a service account may be `/dev/null`). */
function isMissing(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** An error that says which known_hosts file could not be used, with the system's error as `cause`. */
export function unusable(path: string, verb: 'read' | 'write', cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const error = new Error(`Cannot ${verb} the known_hosts file ${JSON.stringify(path)}: ${reason}`, {
    cause,
  });
  return Object.assign(error, { code: codeOf(cause), path });
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
