import { randomBytes } from 'node:crypto';
import { posixWord, quotePosix } from '../../exec/quote/posix.ts';

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

/** Functions for all scripts; they contain no single quotes, so that quoting them again costs little. */
export const library = `
# Sets live to the start time of process $1, to nothing when it is gone. A zombie is gone.
live() {
  live=
  if [ -r /proc/self/stat ]; then
    { read -r live <"/proc/$1/stat"; } 2>/dev/null || live=
    live=\${live##*") "}
    case $live in
      ""|[ZXx]*) live= ;;
      *) set -- $live; live=\${20} ;;
    esac
  else
    live=$(TZ=UTC0 LC_ALL=C ps -o stat= -o lstart= -p "$1" 2>/dev/null | tr -s " :" "__")
    live=\${live#_}
    case $live in
      Z*) live= ;;
      *) live=\${live#*_}; live=\${live%_} ;;
    esac
  fi
}
boot() {
  if [ -r /proc/sys/kernel/random/boot_id ]; then
    read -r boot </proc/sys/kernel/random/boot_id
  else
    boot=$({ sysctl -n kern.bootsessionuuid || sysctl -n kern.boot_id; } 2>/dev/null | tr -cd "A-Za-z0-9-")
  fi
  boot=\${boot:--}
}
now() {
  now=$(date +%s%3N 2>/dev/null)
  case $now in
    ""|*[!0-9]*) now=$(date +%s)000 ;;
  esac
}
claim() {
  claim=$(readlink claim 2>/dev/null) || claim=$(ls -ld claim 2>/dev/null | sed -n "s/.* -> //p")
}
size() {
  size=0
  if [ -f "$1" ]; then set -- $(ls -ln "$1"); size=$5; fi
}
# Says all about the job in this folder. Whether it lives is read before its exit.
look() {
  claim
  pid=\${claim#1:}; pid=\${pid%%:*}
  case $pid in
    ""|*[!0-9]*) live= ;;
    *) live "$pid" ;;
  esac
  boot; now
  exit=; killed=
  if [ -r exit ]; then read -r code time signal end <exit; exit=$code,$time,$signal,$end; fi
  if [ -r killed ]; then read -r killed <killed; fi
  size stdout; out=$size
  size stderr; err=$size
  printf "%s claim=%s live=%s boot=%s exit=%s killed=%s out=%s err=%s now=%s\\n" \\
    "$1" "$claim" "$live" "$boot" "$exit" "$killed" "$out" "$err" "$now"
}
nap() {
  sleep 0.1 2>/dev/null || sleep 1
}
# Whether the folder in which we are still has the job's name: one that was moved away never gets it back.
in_place() {
  set -- $(ls -di . 2>/dev/null)
  here=$1
  set -- $(ls -di "$dir/$id/." 2>/dev/null)
  [ -n "$here" ] && [ "$1" = "$here" ]
}
# Deletes the job's folder, in which we are. Only who holds its lock may move it. A lock is a link that names its owner. When that has died, the one
# who makes the link named after the dead is the next. Fails while another one is at it.
discard() {
  live $$
  boot
  me=$$:$live:$boot
  lock=removing
  while ! ln -s "$me" "$lock" 2>/dev/null; do
    owner=$(readlink "$lock" 2>/dev/null)
    [ -n "$owner" ] || return 0
    live "\${owner%%:*}"
    [ "$owner" != "\${owner%%:*}:$live:$boot" ] || return 1
    lock=after-$owner
  done
  in_place || return 0
  why=$(mv "$dir/$id" "$dir/.trash-$nonce" 2>&1) || { printf "%s\\n" "$why" >&2; exit 74; }
  cd "$dir"
  # Who was late may put something into it.
  rm -rf "$dir/.trash-$nonce" 2>/dev/null || rm -rf "$dir/.trash-$nonce" 2>/dev/null
  return 0
}
`;

/** A script that is ready to be sent, and the mark at the start of its answer. */
export interface PosixScript {
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
  const text = [...assignments, ...parts.map(compact)].join('');
  return { line: quotePosix(['/bin/sh', '-c', text]), mark };
}

/** Without comments and indentation; a command line is not the place for them. */
export function compact(script: string): string {
  return script
    .replace(/^[ ]+/gm, '')
    .replace(/^#.*\n/gm, '')
    .replace(/\n{2,}/g, '\n');
}

/** The folder of all jobs as a word for sh. `~` is the user's home; other relative paths begin there, too. */
export function posixDir(dir: string | undefined): string {
  if (dir === undefined) return '"$HOME"/.ssh-via-gateway/jobs';
  if (dir === '~') return '"$HOME"';
  if (dir.startsWith('~/')) return `"$HOME"/${posixWord(dir.slice(2))}`;
  return posixWord(dir.startsWith('/') ? dir : `./${dir}`);
}
