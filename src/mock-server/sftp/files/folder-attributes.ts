import type { Stats } from 'node:fs';
import type { Attributes } from './filesystem.ts';

/** The attributes of a local file as SFTP sends them. */
export function attributes({ size, uid, gid, mode, atimeMs, mtimeMs }: Stats): Attributes {
  return { size, uid, gid, mode, atime: Math.floor(atimeMs / 1000), mtime: Math.floor(mtimeMs / 1000) };
}
