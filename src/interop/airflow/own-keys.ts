import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { smallFile } from '../../files/own-file.ts';
import { homeFolder } from '../../options/local-account.ts';
import { fileText } from '../../text/file-text.ts';
import { type KeyFileKind, keyFileKind } from '../key-file-kind.ts';

/** In paramiko's order. */
const names = ['id_rsa', 'id_ecdsa', 'id_ed25519'];

/**
 * The keys of the home folder that can be used as they are. Where nothing else can log in, the first one that needs a
 * passphrase stands for them: connecting then says what is wrong.
 */
export function ownKeys(isAllThereIs: boolean): readonly string[] {
  const home = homeFolder();
  if (home === undefined) return [];
  const keys = names.map((name) => join(home, '.ssh', name)).map((path) => ({ path, kind: kindOf(path) }));
  const plain = keys.filter(({ kind }) => kind === 'plain');
  const usable =
    plain.length > 0 || !isAllThereIs ? plain : keys.filter(({ kind }) => kind !== 'none').slice(0, 1);
  return usable.map(({ path }) => path);
}

/** Not of a pipe, which would wait for its writer. */
function kindOf(path: string): KeyFileKind {
  try {
    const stats = statSync(path);
    return stats.isFile() && stats.size <= smallFile ? keyFileKind(fileText(readFileSync(path))) : 'none';
  } catch {
    return 'none';
  }
}
