import type { Settings } from '../settings.ts';
import type { MockServerOptions } from '../types.ts';
import type { Filesystem } from './filesystem.ts';
import { FolderFilesystem } from './folder.ts';
import { MemoryFilesystem } from './memory.ts';

/** The file system that the options ask for. */
export function filesystemFor(
  { sftp = 'memory' }: MockServerOptions,
  settings: Settings,
): Filesystem | undefined {
  if (sftp === false) return undefined;
  const { windows } = settings;
  const user = settings.accounts[0]?.username ?? 'rpa';
  const atomicRename = windows?.atomicRename ?? true;
  if (sftp !== 'memory' && sftp.root !== undefined)
    return new FolderFilesystem(sftp.root, { home: windows ? '/C:' : '/', windows: windows !== undefined });
  const home = windows ? `/C:/Users/${user}` : `/home/${user}`;
  return new MemoryFilesystem({ home, windows: windows !== undefined, atomicRename });
}
