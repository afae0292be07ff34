# embed: one line
# Prints `session PID START UID PPID COMM` for every sshd process.
for d in /proc/[0-9]*; do
  stat_of "${d#/proc/}" && is_sshd || continue
  uid=
  while read -r key real rest; do
    [ "$key" = Uid: ] && uid="$real" && break
  done 2>/dev/null < "$d/status"
  echo "session ${d#/proc/} $start $uid $ppid $comm"
done
