import type { Where } from '../../ssh2/channels/link.ts';
import type { SftpRequests } from '../../ssh2/sftp/requests.ts';
import { isFolder } from '../names/file-mode.ts';
import { joinRemote, nameProblem, unsafe } from '../names/paths.ts';
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
export async function removeTree(removal: Removal, path: string, depth = 0): Promise<void> {
  const { sftp, where, signal } = removal;
  const onNames = () => signal?.throwIfAborted();
  if (depth > mostDepth) throw unsafe(where, path, 'the folders do not end');
  const entries = await readFolder(sftp, path, { where, onNames });
  for (const { raw, name } of entries) {
    const problem = nameProblem(raw, name, 'linux');
    // Names of devices and drives are harmless on the server itself; names that lead elsewhere are not.
    if (problem && (/[/\\]/.test(name) || !Buffer.from(name).equals(raw))) throw unsafe(where, name, problem);
  }
  const folders = entries.filter(({ attributes }) => isFolder(attributes.mode));
  const others = entries.filter(({ attributes }) => !isFolder(attributes.mode));
  await eachOf(others, parallel, async ({ name }) => {
    signal?.throwIfAborted();
    await sftp.remove(joinRemote(path, name));
  });
  for (const { name } of folders) await removeTree(removal, joinRemote(path, name), depth + 1);
  signal?.throwIfAborted();
  await sftp.rmdir(path);
}
