import { mkdirSync, statSync } from 'node:fs';
import module from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The command line is a short process: of the 320 ms of one that connects and runs a command, a tenth goes into
 * compiling. Node 22.1 and later can keep what was compiled (https://nodejs.org/api/module.html#module-compile-cache).
 * Not in the temporary folder, as it does by itself: what lies there could be anyone's, and it is run.
 * `NODE_COMPILE_CACHE` names another folder, `NODE_DISABLE_COMPILE_CACHE=1` keeps nothing.
 */
export function keepCompiled(): void {
  const { enableCompileCache } = module as { enableCompileCache?: (folder: string) => unknown };
  const folder = enableCompileCache && compiledFolder();
  if (folder !== undefined) enableCompileCache?.(folder);
}

/** A folder below the home folder that is the user's alone. Undefined where there is none, or another user could change it. */
export function compiledFolder(): string | undefined {
  try {
    const home = homedir();
    const cache = process.platform === 'darwin' ? join(home, 'Library', 'Caches') : join(home, '.cache');
    if (process.platform === 'win32') return join(process.env['LOCALAPPDATA'] ?? cache, 'ssh-via-gateway');
    const folder = join(cache, 'ssh-via-gateway');
    if (!isOurs(home)) return undefined;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return isOurs(cache) && isOurs(folder) ? folder : undefined;
  } catch {
    // No account, no home folder, or a file system that is only read.
    return undefined;
  }
}

function isOurs(folder: string): boolean {
  const { uid, mode } = statSync(folder);
  return uid === process.geteuid?.() && (mode & 0o022) === 0;
}
