import { readdir, stat } from 'node:fs/promises';
import { join, parse, sep } from 'node:path';
import { WildcardMatcher } from '../../host-key/wildcard.ts';

/** The existing files that match a path with `*` and `?`, sorted. */
export async function filesMatching(pattern: string): Promise<string[]> {
  const { root } = parse(pattern);
  let found = [root === '' ? '.' : root];
  for (const part of pattern.slice(root.length).split(/[\\/]/).filter(Boolean)) {
    const steps = found.map((folder) => step(folder, part));
    found = (await Promise.all(steps)).flat();
  }
  const files = await Promise.all(found.map(async (path) => ((await isFile(path)) ? [path] : [])));
  return files.flat();
}

async function step(folder: string, part: string): Promise<string[]> {
  if (!/[*?]/.test(part)) return [join(folder, part)];
  const names = await namesIn(folder);
  // As in glob(3), a name that begins with a dot must be matched explicitly.
  const wanted = names.filter(
    (name) => (part.startsWith('.') || !name.startsWith('.')) && new WildcardMatcher(name).matches(part),
  );
  return wanted.sort().map((name) => join(folder, name));
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** `path` itself if it is absolute, otherwise below `folder`. */
export function below(folder: string, path: string): string {
  const absolute = parse(path).root !== '';
  return absolute ? path : `${folder}${sep}${path}`;
}
