import { appendFileSync, renameSync, statSync } from 'node:fs';
import { quoted } from '../../text/printable.ts';
import { type Io, say } from '../io.ts';
import type { TunnelEvent } from '../library.ts';
import { jsonText } from '../report/json.ts';
import { describeEvent, type Level, recordOf } from './events.ts';
import { Thinning } from './thinning.ts';

export interface TunnelLog {
  event(event: TunnelEvent): void;
  /** A line of the program's own. */
  note(level: Level, event: string, text: string): void;
}

export interface LogOptions {
  /** Lines go to this file instead of stdout. */
  file?: string | undefined;
  json: boolean;
  /** Every line, also what has been said a hundred times. */
  verbose?: boolean;
}

const nothing = { count: 0, ms: 0 };

/** Lines with time stamps in UTC, for a service's log: `2026-11-22T10:00:00.000Z info  up  the gateway listens ...`. */
export function openLog(io: Io, { file, json, verbose = false }: LogOptions): TunnelLog {
  const write = file === undefined ? (line: string) => say(io.stdout, line) : fileWriter(file, io);
  const note = (level: Level, event: string, text: string, at = new Date()) => {
    const time = at.toISOString();
    write(
      json
        ? jsonText({ time, level, event, message: text })
        : `${time} ${level.padEnd(5)} ${event.padEnd(10)} ${text}`,
    );
  };
  const thinning = new Thinning();
  return {
    note,
    event(event) {
      const leftOut = verbose ? nothing : thinning.pass(event);
      if (leftOut === undefined) return;
      if (json) return write(jsonText(recordOf(event, leftOut)));
      const { level, text } = describeEvent(event, leftOut);
      note(level, event.type, text, event.at);
    },
  };
}

/** A tunnel runs for years; its log must not fill the disk: at this size it becomes FILE.1, and a new one begins. */
const largest = 10_000_000;

/** A few lines an hour: written at once, so that none is lost when the machine goes down. */
function fileWriter(file: string, io: Io): (line: string) => void {
  let isBroken = false;
  return (line) => {
    try {
      rotate(file);
      appendFileSync(file, `${line}\n`);
      isBroken = false;
    } catch (error) {
      // A full disk must not take the tunnel down.
      if (!isBroken) say(io.stderr, `ssh-via-gateway: the log ${quoted(file)} cannot be written: ${error}`);
      isBroken = true;
      say(io.stderr, line);
    }
  };
}

function rotate(file: string): void {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size < largest) return;
  try {
    renameSync(file, `${file}.1`);
  } catch {
    // On Windows a file that another program has open keeps its name: a log that is too long beats lines that are lost.
  }
}
