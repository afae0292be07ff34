import type { HostCommand, Started, StartRequest } from '../host/commands.ts';
import { answerOf, findFields, readRecord } from '../host/record.ts';
import type { HostResult } from '../types.ts';
import { compact, library, posixScript } from './library.ts';

/*
 * Dies anywhere: before the claim, and nothing was started, the next caller starts; after it, and the claim tells
 * the next caller which process to look for.
 */
const starter = `
eval "$library"
umask=$(umask)
umask 077
home=$PWD
why=$(mkdir -p "$dir" 2>&1)
cd "$dir" && dir=$PWD || { printf "%s\\n" "$why" >&2; exit 73; }
answer=
tries=0
while [ "$tries" -lt 50 ]; do
  tries=$((tries + 1))
  why=$(mkdir "$dir/$id" 2>&1)
  if ! cd "$dir/$id" 2>/dev/null; then
    # It was there, and was removed before we came in.
    [ -d "$dir/$id" ] || [ "$tries" -gt 10 ] || { nap; continue; }
    printf "%s\\n" "\${why:-"cannot enter $dir/$id"}" >&2
    exit 73
  fi
  claim
  case $claim in
    removed)
      discard || nap
      continue
      ;;
    ?*) break ;;
  esac
  flags=group
  if command -v setsid >/dev/null 2>&1; then
    set -- setsid
  elif command -v perl >/dev/null 2>&1; then
    set -- perl -e "use POSIX; POSIX::setsid(); exec @ARGV"
  else
    set -- nohup
    flags=
  fi
  # The wrapper holds nothing of the session but this pipe, and that only until it has answered.
  answer=$("$@" /bin/sh -c "$library$wrapper" "ssh-via-gateway job $id" \\
    "$id" "$fingerprint" "$flags" "$home" "$umask" "$command" "$dir" "$runner" "$library" 3>&1 </dev/null >/dev/null 2>&1 &)
  claim
  in_place || continue
  # Without a claim now, none can be made.
  case $claim in
    1:*) break ;;
    "") [ "$tries" -lt 3 ] || break ;;
  esac
done
look "$mark answer=\${answer%% *}"
printf "%s" "\${answer#* }" >&2
`;

/** Its own process, detached from the session: makes the claim, and with it becomes the runner. */
const wrapper = `
live $$
boot
now
id=$1
dir=$7
library=$9
if why=$(ln -s "1:$$:\${live:--}:$boot:$2:$now:$3:$1" claim 2>&1); then
  answer=claimed
else
  answer="refused $why"
fi
# A folder that is being deleted takes a claim, too.
in_place || answer="refused: the job was removed meanwhile"
# Who asked may be gone.
trap "" PIPE
printf "%s" "$answer" >&3
trap - PIPE
[ "$answer" = claimed ] || exit 0
# mksh keeps a copy of what it closes, but not across this.
exec /bin/sh -c "$library$8" "$0" "$@" 3>&-
`;

/** Runs the command and notes its end. */
const runner = `
printf "%s\\n" "$$" >pid
printf "%s\\n" "$6" >command
# Room for the last line, so that a full disk cannot swallow it.
printf "%60s\\n" "" >exit.new
# A kill is for the command; we stay to note its end. The command gets the signals back as they were.
trap : HUP INT TERM
( cd "$4" && umask "$5" && exec "\${SHELL:-/bin/sh}" -c "$6" ) </dev/null >stdout 2>stderr
code=$?
name=
if [ "$code" -gt 128 ] && [ "$code" -lt 160 ]; then name=$(kill -l "$code" 2>/dev/null); fi
now
printf "%s %s %s end\\n" "$code" "$now" "\${name:--}" 1<>exit.new
mv exit.new exit
`;

/** Linux takes no single argument of 128 KiB or more, and sshd passes the whole command as one. */
const maxLine = 125_000;

export function startCommand(dir: string, request: StartRequest): HostCommand<Started> {
  const { id, line: command, fingerprint } = request;
  const variables = { action: 'start', dir, id, command, fingerprint, library: compact(library) };
  const parts = { wrapper: compact(wrapper), runner: compact(runner) };
  const { line, mark } = posixScript({ ...variables, ...parts }, starter);
  if (Buffer.byteLength(line) > maxLine) {
    throw new RangeError(
      `the command has ${Buffer.byteLength(command)} bytes, too many to start it as a job; pass long values in a file`,
    );
  }
  return { line, read: (result) => readStarted(result, mark) };
}

function readStarted(result: HostResult, mark: string): Started {
  const { fields } = findFields(answerOf(result), mark);
  const record = readRecord(fields);
  const answer = fields.get('answer') ?? '';
  const reason = result.stderr.toString('utf8').trim().split('\n').at(-1);
  return {
    record,
    isNew: answer === 'claimed',
    failure: record.claim ? undefined : reason || undefined,
  };
}
