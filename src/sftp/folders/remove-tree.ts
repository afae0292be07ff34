import { SftpFailed } from '../../errors/index.ts';
import type { Where } from '../../ssh2/channels/link.ts';
import type { RawPath, SftpRequests } from '../../ssh2/sftp/requests.ts';
import { isFolder, isLink, isReadOnly, isTypeTold } from '../names/file-mode.ts';
import { joinRaw, strayProblem, unsafe } from '../names/listed-names.ts';
import { withType } from '../names/look.ts';
import { isMissing, saysMissing } from '../names/missing.ts';
import { changeInUse, pursuitOf } from '../transfer/in-use.ts';
import { eachOf } from './each-of.ts';
import { readFolder } from './read-folder.ts';

const parallel = 64;
const mostDepth = 200;
const badMessage = 5;

interface TreeRemoval {
  sftp: SftpRequests;
  where: Where;
  /** Called between requests; if it throws, the removal ends with that error. */
  throwIfAborted: () => void;
}

/** Removes a file or a link. On Windows, retries while another program has it open. */
export function removeFile(
  { sftp, throwIfAborted }: TreeRemoval,
  path: RawPath,
  mode: number | undefined,
): Promise<void> {
  const isFinal = async () => isReadOnly(mode);
  const isWindowsLink = sftp.windows !== undefined && isLink(mode);
  const remove = () => (isWindowsLink ? removeLink(sftp, path) : sftp.remove(path));
  return changeInUse(sftp, pursuitOf(throwIfAborted), remove, isFinal);
}

/** On Windows, a link to a folder must be removed with RMDIR. */
async function removeLink(sftp: SftpRequests, path: RawPath): Promise<void> {
  await sftp.remove(path).catch((error) =>
    sftp.rmdir(path).catch(() => {
      throw error;
    }),
  );
}

/**
 * Whether the folder is a junction or a volume mount point. sftp-server.exe reports these as folders; only READLINK
 * tells them apart: it fails with `failure` for a folder, and with `bad message` (EINVAL) for these.
 */
async function leadsElsewhere(sftp: SftpRequests, path: RawPath): Promise<boolean> {
  if (!sftp.windows) return false;
  return sftp.readLink(path).then(
    () => true,
    (error) => error instanceof SftpFailed && error.status === badMessage,
  );
}

/** Removes an empty folder. On Windows, retries while it is the working directory of another program. */
export function removeFolder({ sftp, where, throwIfAborted }: TreeRemoval, path: RawPath): Promise<void> {
  const isFinal = () =>
    readFolder(sftp, path, { where }).then(
      (entries) => entries.length > 0,
      () => true,
    );
  return changeInUse(sftp, pursuitOf(throwIfAborted), () => sftp.rmdir(path), isFinal);
}

/**
 * Removes a folder and everything in it. Links and junctions are removed, never followed; what is missing by then counts
 * as removed.
 */
export function removeTree(removal: TreeRemoval, path: string): Promise<void> {
  return removeLevel(removal, path, 0);
}

async function removeLevel(removal: TreeRemoval, path: RawPath, depth: number): Promise<void> {
  const { sftp, where, throwIfAborted } = removal;
  if (depth > mostDepth) throw unsafe(where, path.toString(), 'the folders do not end');
  if (await leadsElsewhere(sftp, path)) return unlessGone(sftp, path, () => removeFolder(removal, path));
  // What was a folder when it was listed may be a link or a file by now. Asked together: this costs no round trip.
  const looking = depth === 0 ? undefined : sftp.lstat(path).catch(() => undefined);
  const listing = unlessGone(sftp, path, () => readFolder(sftp, path, { where, onNames: throwIfAborted }));
  listing.catch(() => {});
  const mode = (await looking)?.mode;
  if (isTypeTold(mode) && !isFolder(mode))
    return unlessGone(sftp, path, () => removeFile(removal, path, mode));
  const entries = await listing;
  if (entries === undefined) return;
  for (const entry of entries) {
    const { name } = entry;
    const problem = strayProblem(name, sftp.windows !== undefined);
    if (problem) throw unsafe(where, name, problem);
    entry.attributes = await withType(sftp, joinRaw(path, entry), entry.attributes);
  }
  const folders = entries.filter(({ attributes }) => isFolder(attributes.mode));
  const others = entries.filter(({ attributes }) => !isFolder(attributes.mode));
  await eachOf(others, parallel, async (entry) => {
    throwIfAborted();
    const file = joinRaw(path, entry);
    await unlessGone(sftp, file, () => removeFile(removal, file, entry.attributes.mode));
  });
  for (const entry of folders) await removeLevel(removal, joinRaw(path, entry), depth + 1);
  throwIfAborted();
  // A file that another program still has open stays in the folder until its last handle is closed.
  await unlessGone(sftp, path, () => changeInUse(sftp, pursuitOf(throwIfAborted), () => sftp.rmdir(path)));
}

/** What somebody else has removed meanwhile needs no removal. Asks, since some servers refuse with the same status. */
function unlessGone<T>(sftp: SftpRequests, path: RawPath, work: () => Promise<T>): Promise<T | undefined> {
  return work().catch(async (error) => {
    if (!saysMissing(error) || !(await isMissing(sftp, path))) throw error;
    return undefined;
  });
}
