# Its own process, detached from the session: makes the claim, and with it becomes the runner.
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
# A folder that is being deleted takes a claim, too.
in_place || answer="refused: the job was removed meanwhile"
# Who asked may be gone.
trap "" PIPE
printf "%s" "$answer" >&3
trap - PIPE
[ "$answer" = claimed ] || exit 0
# mksh keeps a copy of what it closes, but not across this.
exec /bin/sh -c "$library$8" "$0" "$@" 3>&-
