import { createHash, randomBytes } from 'node:crypto';

/** The longest name that common file systems store, in bytes. */
const maxNameBytes = 255;

/** Splits at the last slash; `folder` keeps it. */
export function splitPath(path: string): { folder: string; name: string } {
  const at = path.lastIndexOf('/') + 1;
  return { folder: path.slice(0, at), name: path.slice(at) };
}

/** The temporary name that every transfer to this path finds again. Same folder, so that a rename stays on one disk. */
export function lastingTempName(path: string): string {
  return beside(path, createHash('sha256').update(path).digest('hex').slice(0, 8), 'part');
}

/** A temporary name that nobody else has. */
export function freshTempName(path: string): string {
  return beside(path, randomBytes(6).toString('hex'), 'part');
}

/** Where an existing file waits while another takes its name, on servers that cannot replace a file. */
export function backupName(path: string): string {
  return beside(path, randomBytes(6).toString('hex'), 'old');
}

function beside(path: string, tag: string, kind: string): string {
  const { folder, name } = splitPath(path);
  const ending = `.${tag}.${kind}`;
  return `${folder}.${cut(name, maxNameBytes - 1 - ending.length)}${ending}`;
}

/** The longest beginning that takes at most `bytes` bytes and does not end within a character. */
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
