import { randomBytes } from 'node:crypto';
import { printable, quoted } from '../../../text/printable.ts';
import { now } from '../../../time/timer.ts';
import { type Connection, isSshError } from '../../library.ts';
import { inBytes } from '../../report/bytes.ts';
import type { Finding } from '../steps.ts';
import type { Visit } from '../visit.ts';
import type { Words } from '../words/words.ts';

/** Share of the time of a whole run: nine seconds. */
const share = 1 / 6;
/** Used if nothing arrived in time; not the server's words. */
const noAnswer = 'no answer';
const testFile = Buffer.alloc(4_096);
/** Percent in use, and free bytes, beyond which a warning is due. */
const crowded = { percent: 95, free: 1_000_000_000 };

interface Means {
  /** The folder in which SFTP starts; undefined if SFTP does not work. */
  home: string | undefined;
  /** Whether commands can be run. */
  runs: boolean;
  windows: boolean;
}

interface Room {
  percent: number;
  /** Bytes. */
  free: number;
}

/** Whether a file can be written in the account's home, and how much room there is. The file is removed again. */
export async function checkDisk(connection: Connection, visit: Visit, means: Means): Promise<Finding> {
  if (means.home === undefined && !means.runs) return visit.skipped('noFiles');
  const started = now();
  const name = `.ssh-via-gateway-doctor-${randomBytes(4).toString('hex')}`;
  const failure =
    means.home === undefined ? undefined : await writeTest(connection, `${means.home}/${name}`, visit);
  const asks = means.runs && !means.windows;
  const room = asks ? roomOf(await output(connection, 'df -Pk .', visit)) : undefined;
  // SFTP only says that it failed; a command also says why.
  const touches = asks && (failure !== undefined || means.home === undefined);
  const command = `env LC_ALL=C touch ${name} && rm -f ${name}`;
  const why = touches ? await output(connection, command, visit) : '';
  const finding = judge({ failure, why, room, home: means.home ?? '~' }, visit.words.disk);
  return { ...finding, ms: now() - started, ...(room ? { facts: { ...room } } : {}) };
}

/** The error text of the failed write, or an empty string. */
async function writeTest(connection: Connection, path: string, visit: Visit): Promise<string | undefined> {
  try {
    const done = await visit.within(visit.limit(share), (signal) => writeAndRemove(connection, path, signal));
    return done === 'late' ? noAnswer : undefined;
  } catch (error) {
    visit.signal.throwIfAborted();
    if (!isSshError(error) || error.code === 'SSH_CONNECTION_LOST') throw error;
    return printable(error.message, 300);
  }
}

async function writeAndRemove(connection: Connection, path: string, signal: AbortSignal): Promise<void> {
  await using sftp = await connection.sftp({ signal });
  try {
    await sftp.writeFile(path, testFile, { signal, mode: 0o600 });
  } catch (error) {
    // A full disk creates the file but takes no data.
    await sftp.remove(path, { signal }).catch(() => {});
    throw error;
  }
  await sftp.remove(path, { signal });
}

async function output(connection: Connection, command: string, visit: Visit): Promise<string> {
  const { signal } = visit;
  const timeout = visit.limit(share);
  const { stdout, stderr } = await connection.exec(command, {
    timeout,
    maxBuffer: 100_000,
    reject: false,
    signal,
  });
  return `${stdout}\n${stderr}`;
}

/** `FILESYSTEM BLOCKS USED AVAILABLE 87% MOUNT`, in blocks of 1024 bytes. */
function roomOf(df: string): Room | undefined {
  const [, available, percent] = /\s(-?\d+)\s+(\d+)%\s+\//.exec(df) ?? [];
  return available === undefined
    ? undefined
    : { percent: Number(percent), free: Math.max(0, Number(available)) * 1_024 };
}

interface DiskCheck {
  failure: string | undefined;
  why: string;
  room: Room | undefined;
  home: string;
}

function judge({ failure, why, room, home }: DiskCheck, words: Words['disk']): Finding {
  const said = `${failure ?? ''} ${why}`;
  const fails = (kind: 'full' | 'readOnly' | 'quota'): Finding => {
    return { verdict: 'fail', says: words[kind], todo: words[`${kind}Todo`], kind: `disk-${kind}` };
  };
  if (/read-only file system/i.test(said)) return fails('readOnly');
  if (/quota/i.test(said)) return fails('quota');
  if (/no space left|disk full|not enough space/i.test(said) || room?.free === 0) return fails('full');
  if (/permission denied/i.test(said))
    return {
      verdict: 'warn',
      says: words.denied(quoted(home, 100)),
      todo: words.deniedTodo,
      kind: 'disk-denied',
    };
  if (failure === noAnswer)
    return { verdict: 'fail', says: words.silent, todo: words.silentTodo, kind: 'disk-silent' };
  if (failure !== undefined)
    return { verdict: 'fail', says: words.failed(failure), todo: words.failedTodo, kind: 'disk-failed' };
  if (room === undefined) return { verdict: 'ok', says: words.written };
  const free = inBytes(room.free);
  if (room.percent < crowded.percent || room.free > crowded.free)
    return { verdict: 'ok', says: words.ok(free) };
  const says = words.nearlyFull(room.percent, free);
  return { verdict: 'warn', says, todo: words.nearlyFullTodo, kind: 'disk-nearly-full' };
}
