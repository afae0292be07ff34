import crypto from 'node:crypto';

/** The longest file name that common file systems support, in bytes. */
const maxNameBytes = 255;

/** Splits at the last slash, which `folder` keeps. */
export function splitPath(path: string): { folder: string; name: string } {
  const at = path.lastIndexOf('/') + 1;
  return { folder: path.slice(0, at), name: path.slice(at) };
}

/**
 * The temporary name that is the same for every transfer to this path. It is in the same folder, so that the rename
 * does not cross file systems. `longest`: the server's limit on a path in UTF-16 code units; see `maxPath` of Windows.
 */
export function lastingTempName(path: string, longest?: number): string {
  return beside(path, sha256(path).slice(0, 8), 'part', longest);
}

/** Uses `crypto.hash` if the runtime has it: for a thousand files, a Hash object each takes three times as long. */
const sha256: (text: string) => string =
  typeof crypto.hash === 'function'
    ? (text) => crypto.hash('sha256', text)
    : (text) => crypto.createHash('sha256').update(text).digest('hex');

/** Twelve hexadecimal digits. `randomUUID` is the fastest source: Node caches random bytes for it. */
function randomTag(): string {
  const id = crypto.randomUUID();
  return id.slice(0, 8) + id.slice(9, 13);
}

/** A unique temporary name. */
export function freshTempName(path: string, longest?: number): string {
  return beside(path, randomTag(), 'part', longest);
}

/** The name for the old file while a new one takes its name, on servers that cannot replace a file. */
export function backupName(path: string, longest?: number): string {
  return beside(path, randomTag(), 'old', longest);
}

function beside(path: string, tag: string, kind: string, longest = Number.POSITIVE_INFINITY): string {
  const { folder, name } = splitPath(path);
  const ending = `.${tag}.${kind}`;
  // The slash before a drive letter is not part of the PC's path. A path that is already too long stays so.
  const start = /^\/[A-Za-z]:/.test(folder) ? 1 : 0;
  const room = Math.max(longest - (folder.length - start), name.length);
  if (room < ending.length) return `${folder}${ending.slice(0, Math.max(2, room))}`;
  const kept = cut(name, maxNameBytes - 1 - ending.length).slice(0, Math.max(0, room - 1 - ending.length));
  return kept === '' ? `${folder}${ending}` : `${folder}.${withoutHalf(kept)}${ending}`;
}

/** Drops a high surrogate left over at the end. */
function withoutHalf(text: string): string {
  return text.replace(/[\uD800-\uDBFF]$/, '');
}

/** The longest prefix of at most `bytes` bytes that does not split a character. */
function cut(name: string, bytes: number): string {
  if (Buffer.byteLength(name) <= bytes) return name;
  let size = 0;
  let kept = '';
  for (const character of name) {
    size += Buffer.byteLength(character);
    if (size > bytes) break;
    kept += character;
  }
  return kept;
}
