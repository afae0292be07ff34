# Sends a signal to the whole process group; if there is none of our own, to all processes below the wrapper.
below() {
  ps -A -o pid= -o ppid= | awk -v top="$1" "{ up[\$1] = \$2 }
    END { for (p in up) { q = up[p]; while (q in up && q != top) q = up[q]; if (q == top) print p } }"
}
send() {
  if [ "$flags" = group ]; then
    kill -"$1" -"$pid" 2>/dev/null
  else
    signal=$1
    set -- $(below "$pid")
    [ $# -eq 0 ] || kill -"$signal" "$@" 2>/dev/null
    [ "$signal" != KILL ] || kill -KILL "$pid" 2>/dev/null
  fi
}
still() {
  if [ "$flags" != group ]; then live "$pid"; [ -n "$live" ]; return; fi
  kill -0 -"$pid" 2>/dev/null || return 1
  # What is left may be zombies.
  command -v ps >/dev/null 2>&1 || return 0
  ps -A -o pgid= -o stat= | awk -v group="$pid" "\$1 == group && \$2 !~ /^Z/ { found = 1 } END { exit !found }"
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
  printf "TERM\n" >killed
  send TERM
  await_end "$grace"
  if still; then
    printf "KILL\n" >killed
    send KILL
    await_end 50
  fi
fi
look "$mark"
