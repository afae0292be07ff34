import type { Stats } from 'node:fs';
import type { Attributes } from './filesystem.ts';

/** A system's file attributes as SFTP tells them. */
export function attributes({ size, uid, gid, mode, atimeMs, mtimeMs }: Stats): Attributes {
  return { size, uid, gid, mode, atime: Math.floor(atimeMs / 1000), mtime: Math.floor(mtimeMs / 1000) };
}
