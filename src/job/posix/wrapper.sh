# A process of its own, detached from the session: makes the claim, and if it succeeds, becomes the runner.
live $$
boot
now
id=$1
dir=$7
library=$9
if why=$(ln -s "1:$$:${live:--}:$boot:$2:$now:$3:$1" claim 2>&1); then
  answer=claimed
else
  answer="refused $why"
fi
# A claim can also be made in a folder that is being deleted.
in_place || answer="refused: the job was removed meanwhile"
# The caller may be gone.
trap "" PIPE
printf "%s" "$answer" >&3
trap - PIPE
[ "$answer" = claimed ] || exit 0
# mksh keeps a copy of what it closes, but not across an exec.
exec /bin/sh -c "$library$8" "$0" "$@" 3>&-
