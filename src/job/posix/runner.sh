# Runs the command and records its end.
printf "%s\n" "$$" >pid
printf "%s\n" "$6" >command
# Reserves space for the last line, so that a full disk cannot swallow it.
printf "%60s\n" "" >exit.new
# A kill is meant for the command; we stay to record its end. The command gets the signals' original dispositions back.
trap : HUP INT TERM
( cd "$4" && umask "$5" && exec "${SHELL:-/bin/sh}" -c "$6" ) </dev/null >stdout 2>stderr
code=$?
name=
if [ "$code" -gt 128 ] && [ "$code" -lt 160 ]; then name=$(kill -l "$code" 2>/dev/null); fi
now
printf "%s %s %s end\n" "$code" "$now" "${name:--}" 1<>exit.new
mv exit.new exit
