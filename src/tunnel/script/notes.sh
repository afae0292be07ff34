# embed: one line
# Prints `note PORT PID START BOOT` for every note that this account can read: its own, and as root everybody's.
# Whose home it is chooses what lies there: a pipe would never end, a link leads anywhere, a name may hold a line break,
# and there may be any number of them.
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
