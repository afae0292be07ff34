import { appendFileSync, constants, renameSync, statSync } from 'node:fs';
import { quoted } from '../../text/printable.ts';
import type { Settings } from '../args/settings.ts';
import { type Io, type OutputLost, say, write } from '../io.ts';
import type { TunnelEvent } from '../library.ts';
import { jsonText } from '../report/json.ts';
import { describeEvent, hintOf, type Level, recordOf } from './events.ts';
import { Thinning } from './thinning.ts';

export interface TunnelLog {
  event(event: TunnelEvent): void;
  /** A line of the program's own. */
  note(level: Level, event: string, text: string): void;
}

interface LogOptions {
  /** Write to this file instead of stdout. */
  file?: string | undefined;
  json: boolean;
  /** Write every line, even what has been said a hundred times. */
  verbose?: boolean;
  /** What the user gave, so that a value is named as it was given. */
  settings?: Settings | undefined;
}

const nothing = { count: 0, ms: 0 };

/** Lines with UTC time stamps, for a service's log: `2026-11-22T10:00:00.000Z info  up  the gateway listens ...`. */
export function openLog(io: Io, { file, json, verbose = false, settings }: LogOptions): TunnelLog {
  const put =
    file === undefined ? streamWriter(io) : fileWriter(file, settings?.sourceOf('log-file') ?? 'the log', io);
  const note = (level: Level, event: string, text: string, at = new Date()) => {
    const time = at.toISOString();
    put(
      json
        ? jsonText({ time, level, event, message: text })
        : `${time} ${level.padEnd(5)} ${event.padEnd(10)} ${text}`,
    );
  };
  const thinning = new Thinning();
  const hinted = new Set<string>();
  /** Each kind of error is explained the first time it occurs, and again if it ends the tunnel. */
  const isNews = (event: TunnelEvent) => {
    const { error } = event as { error?: Error & { code?: string } };
    const kind = error?.code ?? error?.name ?? '';
    const isNew = event.type === 'closed' || !hinted.has(kind);
    hinted.add(kind);
    return isNew;
  };
  return {
    note,
    event(event) {
      const leftOut = verbose ? nothing : thinning.pass(event);
      if (leftOut === undefined) return;
      if (json) return put(jsonText(recordOf(event, leftOut, settings)));
      const { level, text } = describeEvent(event, leftOut, settings);
      note(level, event.type, text, event.at);
      const hint = hintOf(event);
      if (hint === undefined || !isNews(event)) return;
      note(level, 'hint', hint, event.at);
    },
  };
}

/**
 * A tunnel runs for years, and its log must not fill the disk: at this size, it becomes FILE.1 and a new one begins.
 */
const largest = 10_000_000;

/** Without O_NONBLOCK, a named pipe that nobody reads would block the tunnel forever. */
const append = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NONBLOCK ?? 0);

/** Like a file that cannot be written, a stdout on a full disk is tried again with each line. */
function streamWriter(io: Io): (line: string) => void {
  let isBroken = false;
  return (line) => {
    write(io.stdout, `${line}\n`).then(
      () => {
        isBroken = false;
      },
      ({ code, isClosed }: OutputLost) => {
        if (isClosed) return;
        if (!isBroken) say(io.stderr, insteadOf('stdout', code));
        isBroken = true;
        say(io.stderr, line);
      },
    );
  };
}

function insteadOf(what: string, code: string | undefined): string {
  return `ssh-via-gateway: ${what} cannot be written (${code}); its lines are written here instead`;
}

/** A few lines per hour: written synchronously, so that none is lost when the machine goes down. */
function fileWriter(file: string, source: string, io: Io): (line: string) => void {
  let isBroken = false;
  return (line) => {
    try {
      const mode = rotate(file);
      appendFileSync(file, `${line}\n`, { flag: append as unknown as string, mode });
      isBroken = false;
    } catch (error) {
      // A full disk must not take the tunnel down.
      const { code, message } = error as NodeJS.ErrnoException;
      if (!isBroken) say(io.stderr, insteadOf(`${source}: ${quoted(file)}`, code ?? message));
      isBroken = true;
      say(io.stderr, line);
    }
  };
}

/** Returns the mode for a new file, from which the umask may take more: the user's alone, or that of the one before it. */
function rotate(file: string): number {
  const { size = 0, mode = 0o600 } = statSync(file, { throwIfNoEntry: false }) ?? {};
  if (size < largest) return mode & 0o777;
  try {
    renameSync(file, `${file}.1`);
  } catch {
    // On Windows, a file that another program has open cannot be renamed: too long a log is better than lost lines.
  }
  return mode & 0o777;
}
