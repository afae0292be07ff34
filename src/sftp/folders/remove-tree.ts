import type { Where } from '../../ssh2/channels/link.ts';
import type { RawPath, SftpRequests } from '../../ssh2/sftp/requests.ts';
import { isFolder } from '../names/file-mode.ts';
import { joinRaw, strayProblem, unsafe } from '../names/paths.ts';
import { eachOf } from './each-of.ts';
import { readFolder } from './read-folder.ts';

const parallel = 64;
const mostDepth = 200;

interface Removal {
  sftp: SftpRequests;
  where: Where;
  signal: AbortSignal | undefined;
}

/** Removes a folder with all that is in it. Links are removed, never followed. An abort ends it between two requests. */
export function removeTree(removal: Removal, path: string): Promise<void> {
  return removeLevel(removal, path, 0);
}

async function removeLevel(removal: Removal, path: RawPath, depth: number): Promise<void> {
  const { sftp, where, signal } = removal;
  const onNames = () => signal?.throwIfAborted();
  if (depth > mostDepth) throw unsafe(where, path.toString(), 'the folders do not end');
  const entries = await readFolder(sftp, path, { where, onNames });
  for (const { name } of entries) {
    const problem = strayProblem(name, sftp.windows !== undefined);
    if (problem) throw unsafe(where, name, problem);
  }
  const folders = entries.filter(({ attributes }) => isFolder(attributes.mode));
  const others = entries.filter(({ attributes }) => !isFolder(attributes.mode));
  await eachOf(others, parallel, async (entry) => {
    signal?.throwIfAborted();
    await sftp.remove(joinRaw(path, entry));
  });
  for (const entry of folders) await removeLevel(removal, joinRaw(path, entry), depth + 1);
  signal?.throwIfAborted();
  await sftp.rmdir(path);
}
