import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { MockFiles } from './mock-files.ts';
import { joinPath, normalPath, type PathRules } from './paths.ts';

/** The files of a folder as tests see them: by the clients' paths, without following links. */
export function folderFiles(root: string, rules: PathRules): MockFiles {
  const real = (path: string) => join(root, normalPath(path, rules).replace(/^\/[A-Z]:(?=\/|$)/, ''));
  const stat = (path: string) => lstatSync(real(path), { throwIfNoEntry: false });
  return {
    read: (path) => readFileSync(real(path)),
    text: (path) => readFileSync(real(path), 'utf8'),
    write: (path, content, { mode = 0o644, mtime } = {}) => {
      mkdirSync(dirname(real(path)), { recursive: true });
      writeFileSync(real(path), content);
      chmodSync(real(path), mode);
      if (mtime !== undefined) utimesSync(real(path), mtime, mtime);
    },
    mkdir: (path) => void mkdirSync(real(path), { recursive: true }),
    symlink: (target, path) => {
      mkdirSync(dirname(real(path)), { recursive: true });
      symlinkSync(target, real(path));
    },
    has: (path) => stat(path) !== undefined,
    remove: (path) => rmSync(real(path), { recursive: true, force: true }),
    list: (path = '/') => (stat(path) ? below(normalPath(path, rules), real(path)).sort() : []),
    stat: (path) => {
      const found = lstatSync(real(path));
      const type = found.isSymbolicLink() ? 'symlink' : found.isDirectory() ? 'directory' : 'file';
      return { type, size: found.size, mode: found.mode & 0o7777, mtime: Math.floor(found.mtimeMs / 1000) };
    },
  };
}

function below(path: string, real: string): string[] {
  if (!lstatSync(real).isDirectory()) return [path];
  return readdirSync(real).flatMap((name) => below(joinPath(path, name), join(real, name)));
}
