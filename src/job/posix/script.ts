import { randomBytes } from 'node:crypto';
import { inSh } from '../../exec/quote/any-shell.ts';
import { posixWord } from '../../exec/quote/posix.ts';

/*
 * Everything here runs in any POSIX sh (dash, bash, BusyBox, mksh, macOS) with POSIX tools. Beyond POSIX it uses
 * readlink, and `sleep 0.1` and `date +%s%3N` where they work.
 *
 * A job's folder:
 *   claim    a symbolic link whose text says who runs the job: 1:pid:start:boot:fingerprint:time:flags:id.
 *            Making a link fails when the name exists, and its text is there with it or not at all. So the claim is
 *            the lock, it is never half written, and there is no state "being started" that could be left behind:
 *            as long as there is no claim, nothing was started, and whoever makes the claim runs the command.
 *   pid, command, stdout, stderr
 *   killed   the last signal that a kill sent
 *   exit     code, time, signal and the word "end"; put in place by a rename
 */

/** A script that is ready to be sent, and the mark at the start of its answer. */
interface PosixScript {
  line: string;
  mark: string;
}

/** The login shell may be any; the script is for sh. */
export function posixScript(variables: Record<string, string>, ...parts: string[]): PosixScript {
  const nonce = randomBytes(8).toString('hex');
  const mark = `ssh-via-gateway:${nonce}`;
  const assignments = Object.entries({ ...variables, nonce, mark }).map(
    ([name, value]) => `${name}=${name === 'dir' ? value : posixWord(value)}\n`,
  );
  const text = [...assignments, ...parts].join('');
  return { line: inSh(text), mark };
}

/** The folder of all jobs as a word for sh. `~` is the user's home; other relative paths begin there, too. */
export function posixDir(dir: string | undefined): string {
  if (dir === undefined) return '"$HOME"/.ssh-via-gateway/jobs';
  if (dir === '~') return '"$HOME"';
  if (dir.startsWith('~/')) return `"$HOME"/${posixWord(dir.slice(2))}`;
  return posixWord(dir.startsWith('/') ? dir : `./${dir}`);
}
