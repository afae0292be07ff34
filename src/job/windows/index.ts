import type { JobCommands } from '../host/commands.ts';
import { killCommand, removeCommand } from './end.ts';
import { listCommand, lookCommand, watchCommand } from './look.ts';
import { defaultWindowsDir } from './script.ts';
import { startCommand } from './start.ts';

/** Jobs on Windows, through Windows PowerShell. */
export function windowsCommands(dir: string = defaultWindowsDir): JobCommands {
  return {
    start: (request) => startCommand(dir, request),
    look: (id, from) => lookCommand(dir, id, from),
    watch: (id, from, waitMs) => watchCommand(dir, id, from, waitMs),
    kill: (id) => killCommand(dir, id),
    remove: (id) => removeCommand(dir, id),
    list: () => listCommand(dir),
  };
}
