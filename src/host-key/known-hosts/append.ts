import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Checks, checkOptions, required } from '../../check/options.ts';
import { flag } from '../../check/values.ts';
import { wrongRange } from '../../check/wrong.ts';
import { keyTypeOf } from '../keys/fingerprint.ts';
import { expandPath, readKnownHostsFiles, refuseUnusual, unusable } from './files.ts';
import { checkPlainKey, judgeHostKey, keyBlob } from './lookup.ts';
import { hashHostName } from './match.ts';
import { type HostName, hostNameChecks, lookupNames } from './name.ts';

/** What to record; see {@link appendKnownHost}. */
interface AppendKnownHostOptions extends HostName {
  /**
   * The known_hosts file; `~` is expanded. The file and its folder are created if missing, accessible by the user
   * alone.
   */
  readonly file: string;
  /** The host's public key: in SSH wire format, or as text (`ssh-ed25519 AAAA…`). */
  readonly key: Uint8Array | string;
  /** Whether to hash the name, as `HashKnownHosts yes` does. Default false. */
  readonly hash?: boolean | undefined;
}

const checks: Checks<AppendKnownHostOptions> = {
  ...hostNameChecks,
  file: required(expandPath),
  key: required(checkPlainKey),
  hash: flag,
};

/** The last write of this process to each file: the next one waits for it. */
const lastWrites = new Map<string, Promise<unknown>>();

/**
 * Records a host key as `StrictHostKeyChecking=accept-new` does: appends one line to the file in a single write, after
 * a newline if the last line lacks one. Writes nothing if the key is already on record.
 *
 * @returns Whether a line was written.
 * @throws TypeError or RangeError for wrong options, or a name that would have another meaning in the file.
 * @throws Error if the file cannot be read or written, or by now contains another key for the host or a revocation of
 * this one: two simultaneous connections may have met two servers.
 */
export async function appendKnownHost(options: AppendKnownHostOptions): Promise<boolean> {
  checkOptions(options, checks);
  const file = expandPath('file', options.file);
  const blob = keyBlob(options.key);
  const names = lookupNames(options);
  checkRecordable(options);
  const append = () =>
    appendUnlessKnown(file, blob, names, entryLine(names.name, blob, options.hash === true));
  return inTurn(resolve(file), append);
}

type Names = ReturnType<typeof lookupNames>;

async function appendUnlessKnown(file: string, blob: Buffer, names: Names, line: Buffer): Promise<boolean> {
  const { verdict } = judgeHostKey(await readKnownHostsFiles([file]), names, blob);
  if (verdict === 'match') return false;
  if (verdict !== 'unknown') {
    const what = verdict === 'revoked' ? 'a revocation of this key' : 'another key';
    throw unusable(file, 'write', new Error(`it holds ${what} for ${JSON.stringify(names.name)} by now`));
  }
  try {
    await makeFolder(dirname(file));
    await appendLine(file, line);
    return true;
  } catch (error) {
    throw unusable(file, 'write', error);
  }
}

/**
 * Creates a folder and those above it. Node's own recursive mkdir reports a read-only file system as a missing file.
 */
async function makeFolder(path: string): Promise<void> {
  try {
    await makeOne(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await makeOne(path);
  }
}

async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    const found = await stat(path).catch(() => undefined);
    if (!found?.isDirectory()) throw error;
  }
}

/** Serialises this process's writes to one file. */
export function inTurn<T>(file: string, write: () => Promise<T>): Promise<T> {
  const previous = lastWrites.get(file) ?? Promise.resolve();
  const current = previous.then(write);
  const settled = current.then(
    () => undefined,
    () => undefined,
  );
  lastWrites.set(file, settled);
  void settled.then(() => {
    if (lastWrites.get(file) === settled) lastWrites.delete(file);
  });
  return current;
}

/**
 * A name is data of the caller, perhaps from a file or a form: it must not become a pattern, a list, a marker or a
 * comment. OpenSSH never records a host name with most of these characters either (check_host_key in sshconnect.c).
 */
export function checkRecordable({ host, alias }: HostName): void {
  const [option, name] = alias === undefined ? (['host', host] as const) : (['alias', alias] as const);
  const forbidden = alias === undefined ? /[@?*#[\]|'"\\,!\p{C}]/u : /[@?*#|'"\\,!\p{C}]/u;
  const found = forbidden.exec(name);
  if (found === null) return;
  throw wrongRange(option, name, `a name without ${JSON.stringify(found[0])}, which known_hosts can record,`);
}

export function entryLine(name: string, blob: Buffer, hash: boolean): Buffer {
  const shownName = hash ? hashHostName(name, randomBytes(20)) : name;
  return Buffer.from(`${shownName} ${keyTypeOf(blob)} ${blob.toString('base64')}\n`, 'latin1');
}

async function appendLine(file: string, line: Buffer): Promise<void> {
  const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | (constants.O_NONBLOCK ?? 0);
  const handle = await open(file, flags, 0o600);
  try {
    await refuseUnusual(handle);
    const whole = (await endsInsideLine(handle)) ? Buffer.concat([Buffer.from('\n'), line]) : line;
    // One write: with O_APPEND, the lines of several processes never mix.
    const { bytesWritten } = await handle.write(whole);
    if (bytesWritten !== whole.length) {
      throw Object.assign(new Error(`only ${bytesWritten} of ${whole.length} bytes were written`), {
        code: 'ENOSPC',
      });
    }
  } finally {
    await handle.close();
  }
}

async function endsInsideLine(handle: FileHandle): Promise<boolean> {
  const { size } = await handle.stat();
  if (size === 0) return false;
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
  return bytesRead === 1 && buffer[0] !== 0x0a;
}
