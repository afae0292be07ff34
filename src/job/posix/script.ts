import { randomBytes } from 'node:crypto';
import { inSh } from '../../exec/quote/any-shell.ts';
import { posixWord } from '../../exec/quote/posix.ts';

/*
 * The scripts run in any POSIX sh (dash, bash, BusyBox, mksh, macOS) with POSIX tools. Beyond POSIX they use readlink,
 * and `sleep 0.1` and `date +%s%3N` where these work.
 *
 * A job's folder:
 *   claim    a symbolic link whose target says which process runs the job:
 *            1:pid:start:boot:fingerprint:time:flags:id. Creating a link fails if the name exists, and the link and its
 *            target appear together. So the claim is the lock, it is never half written, and there is no state
 *            "being started" that could be left behind: without a claim nothing was started, and the process that
 *            creates the claim runs the command.
 *   pid, command, stdout, stderr
 *   killed   the last signal sent by a kill
 *   exit     code, time, the signal that such a code means if one ended the command (sh cannot tell), and the word "end";
 *            put in place by a rename
 */

/** A complete script, and the mark at the start of its answer. */
interface PosixScript {
  line: string;
  mark: string;
}

/** Builds a script for sh, quoted for any login shell. */
export function posixScript(variables: Record<string, string>, ...parts: string[]): PosixScript {
  const nonce = randomBytes(8).toString('hex');
  const mark = `ssh-via-gateway:${nonce}`;
  const assignments = Object.entries({ ...variables, nonce, mark }).map(
    ([name, value]) => `${name}=${name === 'dir' ? value : posixWord(value)}\n`,
  );
  const text = [...assignments, ...parts].join('');
  return { line: inSh(text), mark };
}

/** The folder of all jobs as a word for sh. `~` is the user's home; other relative paths are relative to it. */
export function posixDir(dir: string | undefined): string {
  if (dir === undefined) return '"$HOME"/.ssh-via-gateway/jobs';
  if (dir === '~') return '"$HOME"';
  if (dir.startsWith('~/')) return `"$HOME"/${posixWord(dir.slice(2))}`;
  return posixWord(dir.startsWith('/') ? dir : `./${dir}`);
}
