import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A hash of files and of all files in folders, their names included; those of `except` do not count. */
export function stateOf(paths, except = []) {
  const hash = createHash('sha256');
  for (const file of paths.flatMap((path) => filesOf(path, except))) {
    hash.update(`\0${file}\0`).update(createHash('sha256').update(readFileSync(file)).digest());
  }
  return hash.digest('hex');
}

function filesOf(path, except) {
  if (except.includes(path) || !existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesOf(join(path, name), except));
}
