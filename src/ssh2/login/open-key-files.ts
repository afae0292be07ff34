import { stat } from 'node:fs/promises';
import { expandHome } from './key-files.ts';

/**
 * The private key files that other accounts of this machine may read or write. `ssh` refuses to use those; here they
 * are used, because files mounted into containers often have such a mode, but they are reported. On Windows, the mode
 * says nothing.
 */
export async function openKeyFiles(paths: string | readonly string[] = []): Promise<string[]> {
  if (process.platform === 'win32') return [];
  const files = [paths].flat().map((path) => expandHome('privateKeyPath', path));
  const modes = await Promise.all(
    files.map((file) =>
      stat(file).then(
        ({ mode }) => mode,
        () => 0,
      ),
    ),
  );
  return files.filter((_, index) => (modes[index]! & 0o077) !== 0);
}
