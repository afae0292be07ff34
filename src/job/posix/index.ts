import type { JobCommands } from '../host/commands.ts';
import { killCommand, removeCommand } from './end.ts';
import { listCommand, lookCommand } from './look.ts';
import { posixDir } from './script.ts';
import { startCommand } from './start.ts';

/** Jobs on servers with a POSIX shell. */
export function posixCommands(dir: string | undefined): JobCommands {
  const folder = posixDir(dir);
  return {
    start: (request) => startCommand(folder, request),
    look: (id, from) => lookCommand(folder, id, from),
    kill: (id, graceMs) => killCommand(folder, id, graceMs),
    remove: (id) => removeCommand(folder, id),
    list: () => listCommand(folder),
  };
}
