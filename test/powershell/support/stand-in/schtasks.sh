#!/bin/sh
# Stands for schtasks.exe: /Create /TN name /XML file /F, /Run /TN name, /Delete /TN name /F.
setting=$(cat "$STAND_IN/schtasks" 2>/dev/null)
[ "$setting" != denied ] || { echo 'ERROR: Access is denied.' >&2; exit 1; }
task=$STAND_IN/tasks.d/$3
element() { printf '%s' "$xml" | sed -n "s:.*<$1>\\(.*\\)</$1>.*:\\1:p" | sed 's/&quot;/"/g; s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g'; }
case "$1 $2 $4 $6" in
  '/Create /TN /XML /F')
    # It reads UTF-16 with its mark.
    [ "$(head -c 2 "$5" | od -An -tx1)" = ' ff fe' ] || { echo 'ERROR: The task XML is malformed.' >&2; exit 1; }
    xml=$(iconv -f UTF-16 -t UTF-8 "$5")
    if [ -e "$STAND_IN/standard" ] && [ "$(element RunLevel)" = HighestAvailable ]; then echo 'ERROR: Access is denied.' >&2; exit 1; fi
    mkdir -p "$STAND_IN/tasks.d"
    printf '"%s" %s' "$(element Command)" "$(element Arguments)" >"$task"
    echo "schtasks $(element RunLevel) $(element ExecutionTimeLimit) $(element StopIfGoingOnBatteries)" >>"$STAND_IN/log"
    ;;
  '/Run /TN  ')
    [ -e "$task" ] || { echo 'ERROR: The system cannot find the file specified.' >&2; exit 1; }
    [ "$(cat "$STAND_IN/desktop" 2>/dev/null)" = nobody ] || "$STAND_IN/bin/spawn" "$HOME" "$(cat "$task")" >/dev/null
    ;;
  '/Delete /TN /F ') rm "$task" 2>/dev/null || { echo 'ERROR: The system cannot find the file specified.' >&2; exit 1; } ;;
  *) echo "ERROR: Invalid argument/option - '$*'." >&2; exit 1 ;;
esac
echo 'SUCCESS'
