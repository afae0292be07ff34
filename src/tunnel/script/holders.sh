# embed: one line
# Prints `holder PORT PID`. Root sees which process listens; everybody sees who.
if [ "$(id -u)" = 0 ]; then
  ss -Htlnp 2>/dev/null | while read -r st rq sq at peer who; do
    pid="${who#*pid=}"
    case "$who" in
      *pid=*) echo "holder ${at##*:} ${pid%%,*}";;
    esac
  done
fi
