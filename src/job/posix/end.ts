import type { HostCommand, Removal } from '../host/commands.ts';
import { answerOf, findFields, type JobRecord, readRecord } from '../host/record.ts';
import { library, posixScript } from './library.ts';

const enter = `
cd "$dir" 2>/dev/null && dir=$PWD && cd "$dir/$id" 2>/dev/null || { printf "%s absent=1\\n" "$mark"; exit 0; }
look "before" >/dev/null
# From here on $2 to $7 are the claim's pid, start, boot, fingerprint, time and flags.
IFS=:
set -- $claim
unset IFS
alive=
if [ -n "$live" ] && [ "$live" = "$3" ] && [ "$boot" = "$4" ]; then alive=1; fi
`;

/** To the whole process group; where we could not make one, to all processes below the wrapper. */
const killer = `
below() {
  ps -A -o pid= -o ppid= | awk -v top="$1" "{ up[\\$1] = \\$2 }
    END { for (p in up) { q = up[p]; while (q in up && q != top) q = up[q]; if (q == top) print p } }"
}
send() {
  if [ "$flags" = group ]; then
    kill -"$1" -"$pid" 2>/dev/null
  else
    set -- "$1" $(below "$pid")
    [ $# -lt 2 ] || kill -"$@" 2>/dev/null
    [ "$1" != KILL ] || kill -KILL "$pid" 2>/dev/null
  fi
}
still() {
  if [ "$flags" != group ]; then live "$pid"; [ -n "$live" ]; return; fi
  kill -0 -"$pid" 2>/dev/null || return 1
  # What is left may be zombies.
  command -v ps >/dev/null 2>&1 || return 0
  ps -A -o pgid= -o stat= | awk -v group="$pid" "\\$1 == group && \\$2 !~ /^Z/ { found = 1 } END { exit !found }"
}
# Waits for at most $1 tenths of a second.
await_end() {
  tenths=0
  while still && [ "$tenths" -lt "$1" ]; do
    if sleep 0.1 2>/dev/null; then tenths=$((tenths + 1)); else sleep 1; tenths=$((tenths + 10)); fi
  done
}
if [ -n "$alive" ]; then
  pid=$2
  flags=$7
  umask 077
  printf "TERM\\n" >killed
  send TERM
  await_end "$grace"
  if still; then
    printf "KILL\\n" >killed
    send KILL
    await_end 50
  fi
fi
look "$mark"
`;

/** A job that nobody has claimed is claimed for its removal, so that nobody can start it meanwhile. */
const remover = `
tries=0
if [ -z "$claim" ]; then
  ln -s removed claim 2>/dev/null || alive=1
fi
if [ -n "$alive" ] && [ "\${exit##*,}" != end ]; then
  printf "%s running=1\\n" "$mark"
  exit 0
fi
until discard || [ "$tries" -gt 50 ]; do
  nap
  tries=$((tries + 1))
done
printf "%s removed=1\\n" "$mark"
`;

export function killCommand(dir: string, id: string, graceMs: number): HostCommand<JobRecord | undefined> {
  const grace = String(Math.ceil(graceMs / 100));
  const { line, mark } = posixScript({ action: 'kill', dir, id, grace }, library, enter, killer);
  return {
    line,
    read: (result) => {
      const { fields } = findFields(answerOf(result), mark);
      return fields.has('absent') ? undefined : readRecord(fields);
    },
  };
}

export function removeCommand(dir: string, id: string): HostCommand<Removal> {
  const { line, mark } = posixScript({ action: 'remove', dir, id }, library, enter, remover);
  return {
    line,
    read: (result) => {
      const { fields } = findFields(answerOf(result), mark);
      if (fields.has('running')) return 'running';
      return fields.has('removed') ? 'removed' : 'absent';
    },
  };
}
