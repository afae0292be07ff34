# embed: one line
# Shell functions. `stat_of PID` sets `comm`, `state`, `ppid` and `start` (clock ticks after boot: together with the
# pid, it identifies a process forever); `is_sshd` tells whether that was a live sshd. Its names have been `sshd`,
# `sshd-session` (since 9.8) and `sshd-auth`.
stat_of() {
  { read -r line < "/proc/$1/stat"; } 2>/dev/null || return 1
  comm="${line#*(}"
  comm="${comm%%)*}"
  set -- ${line##*) }
  state="$1"
  ppid="$2"
  start="${20}"
}
is_sshd() {
  case "$comm" in
    sshd*) [ "$state" != Z ];;
    *) return 1;;
  esac
}
