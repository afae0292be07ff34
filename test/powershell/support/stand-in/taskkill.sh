#!/bin/sh
# Stands for taskkill /T /F /PID number: a process and all below it.
[ "$1 $2 $3" = "/T /F /PID" ] || { echo "taskkill $*: not known" >&2; exit 1; }
echo taskkill >>"$STAND_IN/log"
below() {
  for child in $(ps -A -o pid= -o ppid= | awk -v up="$1" '$2 == up { print $1 }'); do
    below "$child"
    echo "$child"
  done
}
kill -0 "$4" 2>/dev/null || { echo "ERROR: The process \"$4\" not found." >&2; exit 128; }
# shellcheck disable=SC2046
kill -KILL "$4" $(below "$4")
