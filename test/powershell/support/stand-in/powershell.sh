#!/bin/sh
# Stands for powershell.exe: PowerShell 7 with our module in place of Windows' own cmdlets and, for P/Invoke, our
# kernel32. What 7 on Linux does not know of the command line is left out.
[ ! -e "$STAND_IN/no-powershell" ] || { echo 'no powershell' >>"$STAND_IN/log"; echo "'powershell' is not recognized as an internal or external command," >&2; exit 1; }
echo started >>"$STAND_IN/starts"
export PSModulePath="$STAND_IN/modules" POWERSHELL_TELEMETRY_OPTOUT=1 POWERSHELL_UPDATECHECK=Off
[ -e "$STAND_IN/no-kernel32" ] || export LD_LIBRARY_PATH="$STAND_IN/lib"
[ "$#" -gt 0 ] || exit 1
last=
for word in "$@"; do
  shift
  case $word in
    -WindowStyle | Hidden) ;;
    *)
      # A PC whose policy puts all scripts under a language mode.
      if [ "$last" = -EncodedCommand ] && [ -e "$STAND_IN/language-mode" ]; then
        word=$({ printf "\$ExecutionContext.SessionState.LanguageMode='%s'\n" "$(cat "$STAND_IN/language-mode")" |
          iconv -f UTF-8 -t UTF-16LE; printf '%s' "$word" | base64 -d; } | base64 -w 0)
      fi
      set -- "$@" "$word"
      ;;
  esac
  last=$word
done
exec "$STAND_IN/pwsh" "$@"
