import * as crypto from 'node:crypto';
import { createHash, randomUUID } from 'node:crypto';

/** The longest name that common file systems store, in bytes. */
const maxNameBytes = 255;

/** Splits at the last slash; `folder` keeps it. */
export function splitPath(path: string): { folder: string; name: string } {
  const at = path.lastIndexOf('/') + 1;
  return { folder: path.slice(0, at), name: path.slice(at) };
}

/**
 * The temporary name that every transfer to this path finds again. Same folder, so that a rename stays on one disk.
 * `longest`: of a path of the server, in UTF-16 units; see `maxPath` of Windows.
 */
export function lastingTempName(path: string, longest?: number): string {
  return beside(path, sha256(path).slice(0, 8), 'part', longest);
}

/** In one call where the runtime has it: an object for each of a thousand files takes three times as long. */
const sha256: (text: string) => string =
  typeof crypto.hash === 'function'
    ? (text) => crypto.hash('sha256', text)
    : (text) => createHash('sha256').update(text).digest('hex');

/** Twelve digits. Node keeps random bytes in stock for these ids alone. */
function randomTag(): string {
  const id = randomUUID();
  return id.slice(0, 8) + id.slice(9, 13);
}

/** A unique temporary name. */
export function freshTempName(path: string, longest?: number): string {
  return beside(path, randomTag(), 'part', longest);
}

/** Where an existing file waits while another takes its name, on servers that cannot replace a file. */
export function backupName(path: string, longest?: number): string {
  return beside(path, randomTag(), 'old', longest);
}

function beside(path: string, tag: string, kind: string, longest = Number.POSITIVE_INFINITY): string {
  const { folder, name } = splitPath(path);
  const ending = `.${tag}.${kind}`;
  // The slash before a drive letter is not the PC's. What is longer than the longest is not our doing.
  const start = /^\/[A-Za-z]:/.test(folder) ? 1 : 0;
  const room = Math.max(longest - (folder.length - start), name.length);
  if (room < ending.length) return `${folder}${ending.slice(0, Math.max(2, room))}`;
  const kept = cut(name, maxNameBytes - 1 - ending.length).slice(0, Math.max(0, room - 1 - ending.length));
  return kept === '' ? `${folder}${ending}` : `${folder}.${withoutHalf(kept)}${ending}`;
}

/** Without a first half of a character at the end. */
function withoutHalf(text: string): string {
  return text.replace(/[\uD800-\uDBFF]$/, '');
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
