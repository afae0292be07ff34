import { TransferFailed, TransferStalled } from '../../errors/index.ts';
import type { SftpRequests } from '../../ssh2/sftp/requests.ts';
import { quoted } from '../../text/printable.ts';
import { sleep } from '../../time/timer.ts';
import type { TransferContext } from '../flow/transfer-context.ts';
import { saysMissing } from '../names/missing.ts';
import { lastingTempName } from '../names/temp-name.ts';
import { isUnchanged, lookAtFile } from './leftover.ts';
import { giveBack, isAside, mayBeAside, removeFirmly } from './put-in-place.ts';
import { leaveTarget, type RemoteTarget, removeTarget } from './remote-target.ts';

/** Milliseconds between two looks at a file. The times that SFTP tells are whole seconds. */
const pause = 1_100;
/** How often to look whether a request that was not answered is done later. */
const looks = 6;

interface GivingUp {
  /** What the caller will get; it is told where the old file is, if that cannot have its name back. */
  error: unknown;
  /** Whether what was written is for a later call, or in the target itself. */
  keeps?: boolean;
}

/**
 * Cleans up after a file that could not be sent: the old file has its name, and nothing is left beside it. If the
 * transfer's session has ended or does not answer, this is done on another one. Never rejects.
 */
export async function giveUp(
  context: TransferContext,
  target: RemoteTarget,
  { error, keeps = false }: GivingUp,
): Promise<void> {
  const { sftp, run, second } = context;
  // Now, so that nothing more is asked on a session that does not answer.
  if (error instanceof TransferStalled) run.fail(error);
  const { backup } = target;
  if (backup === undefined) {
    await (keeps ? leaveTarget : removeTarget)(sftp, target);
    if (!sftp.ended || keeps) return;
  }
  const hint = new HintFor(error);
  if (backup !== undefined) hint.set(mayBeAside(backup));
  const other = sftp.ended ? await second.get() : sftp;
  if (!other) return;
  if (backup !== undefined) hint.set(await restore(context, other, target, backup));
  if (!keeps && !target.kept) await removeOurs(other, target);
}

/** Restores the old file if it is without its name. Resolves with a hint if that is not possible. */
async function restore(
  { second }: TransferContext,
  sftp: SftpRequests,
  target: RemoteTarget,
  backup: string,
): Promise<string | undefined> {
  const { wasAside, hint } = await restoreOnce(sftp, target, backup);
  if (!wasAside && hint === undefined) second.inBackground(watch(sftp, target, backup));
  return hint;
}

interface Restored {
  /** The old file had another name. */
  wasAside?: boolean;
  /** What is left to be done, and by whom. */
  hint?: string;
}

async function restoreOnce(sftp: SftpRequests, target: RemoteTarget, backup: string): Promise<Restored> {
  const [there, aside] = await Promise.all([isThere(sftp, target.path), isThere(sftp, backup)]);
  if (aside === undefined || there === undefined) return { hint: mayBeAside(backup) };
  if (!aside && there) return {};
  if (!aside) {
    // Neither is there: what was written is all there is.
    target.kept = true;
    return { hint: `The new file is complete under ${quoted(target.writePath)}: rename it.` };
  }
  try {
    await (there ? removeFirmly(sftp, backup) : giveBack(sftp, backup, target.path));
    return { wasAside: true };
  } catch {
    target.kept = true;
    return { hint: sftp.ended ? mayBeAside(backup) : isAside(backup) };
  }
}

/** A server that did not answer may go on later, and do what it was asked to: move the old file out of the way. */
async function watch(sftp: SftpRequests, target: RemoteTarget, backup: string): Promise<void> {
  for (let look = 0; look < looks && !sftp.ended; look++) {
    await sleep(pause);
    if ((await isThere(sftp, backup)) && (await restoreOnce(sftp, target, backup)).wasAside) return;
  }
}

/**
 * Removes the file that this transfer wrote. Its name may be another transfer's by now if it is the one that all
 * transfers to this path try first, and ours was to be renamed or removed: what somebody writes to is left alone.
 */
async function removeOurs(sftp: SftpRequests, target: RemoteTarget): Promise<void> {
  const { writePath, path, mayBeGone } = target;
  if (mayBeGone && writePath === lastingTempName(path, sftp.windows?.maxPath)) {
    const before = await lookAtFile(sftp, writePath).catch(() => undefined);
    if (!before) return;
    await sleep(pause);
    const found = await lookAtFile(sftp, writePath).catch(() => undefined);
    if (!found || !isUnchanged(before, found)) return;
  }
  if (!sftp.ended) await removeFirmly(sftp, writePath);
}

/** Undefined if the server does not tell. */
function isThere(sftp: SftpRequests, path: string): Promise<boolean | undefined> {
  return sftp.lstat(path).then(
    () => true,
    (error) => (saysMissing(error) ? false : undefined),
  );
}

/** The hint of an error that the caller gets; the caller's own errors, and those of the connection, have none of ours. */
class HintFor {
  readonly #error: TransferFailed | TransferStalled | undefined;
  readonly #own: string | undefined;

  constructor(error: unknown) {
    const isOurs = error instanceof TransferFailed || error instanceof TransferStalled;
    this.#error = isOurs ? error : undefined;
    this.#own = this.#error?.hint;
  }

  set(hint: string | undefined): void {
    const all = [hint, this.#own].filter(Boolean).join(' ');
    if (this.#error) Object.assign(this.#error, { hint: all === '' ? undefined : all });
  }
}
