# embed: one line
# Prints `note PORT PID START BOOT` for every note that this account can read: its own, or, as root, everyone's. The
# owner of a home chooses what is in it: a pipe would never end, a link may lead anywhere, a name may contain a line
# break, and there may be any number of files.
if [ "$(id -u)" = 0 ]; then
  homes=$(cut -d: -f6 /etc/passwd | sort -u)
else
  homes="$HOME"
fi
for h in $homes; do
  [ ! -L "$h/$notes" ] || continue
  count=0
  for f in "$h/$notes"/[0-9]*; do
    case "${f##*/}" in
      *[!0-9]*) continue;;
    esac
    [ -f "$f" ] && [ ! -L "$f" ] || continue
    count=$((count + 1))
    [ "$count" -le 200 ] || break
    line=$(head -c 200 "$f" 2>/dev/null | head -n 1)
    set -f
    set -- $line
    set +f
    { [ $# -eq 3 ] || [ $# -eq 5 ] || [ $# -eq 8 ]; } && echo "note ${f##*/} $1 $2 $3"
  done
done
