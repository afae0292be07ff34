import type { MockSettings } from '../../settings.ts';
import type { MockServerOptions } from '../../types.ts';
import { WindowsFilesystem } from '../../windows/windows-filesystem.ts';
import type { Filesystem } from './filesystem.ts';
import { FolderFilesystem } from './folder.ts';
import { MemoryFilesystem } from './memory.ts';

/** The file system that the options ask for. */
export function filesystemFor(
  { sftp = 'memory' }: MockServerOptions,
  settings: MockSettings,
): Filesystem | undefined {
  if (sftp === false) return undefined;
  const root = sftp === 'memory' ? undefined : sftp.root;
  const { windows } = settings;
  const plain = filesIn(root, settings);
  return windows ? new WindowsFilesystem(plain, windows) : plain;
}

function filesIn(root: string | undefined, { windows, accounts }: MockSettings): Filesystem {
  if (root !== undefined)
    return new FolderFilesystem(root, { home: windows ? '/C:' : '/', windows: windows !== undefined });
  const user = accounts[0]?.username ?? 'rpa';
  const home = windows ? `/C:/Users/${user}` : `/home/${user}`;
  return new MemoryFilesystem({ home, windows: windows !== undefined });
}
