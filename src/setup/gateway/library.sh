# What every script for a gateway begins with. A script's last word is `done`, or `failed` and why.
say() { printf "%s\n" "$*"; }
fail() {
  say "failed $(printf "%s" "$*" | tr "\n" " ")"
  exit 1
}
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH LC_ALL=C
[ "$(id -u)" = 0 ] || fail "Root is needed for this. Log in as root, or give --sudo where sudo asks for no password."
# The content of a file in one word; a missing file is `absent`.
content() {
  if [ -e "$1" ]; then base64 <"$1" | tr -d "\n"; echo; else echo absent; fi
}
# Puts $2 into the file $1, with the mode $3, in one step.
put() {
  temporary=$(mktemp "$1.XXXXXX") || return 1
  printf "%s" "$2" >"$temporary" && chmod "$3" "$temporary" && mv -f "$temporary" "$1" && return 0
  rm -f "$temporary"
  return 1
}
# Keeps a copy of the file $1.
back_up() {
  [ -e "$1" ] || return 0
  mkdir -p "$state/backup" && chmod 700 "$state/backup" || return 1
  copy=$state/backup/$(basename "$1").$(date -u +%Y%m%dT%H%M%SZ).$$
  cp -p "$1" "$copy" && say "backup $copy"
}
# Prints the uids that listen on the TCP port $1, each once.
listeners_on() {
  hex=$(printf "%04X" "$1")
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
    awk -v port=":$hex" "\$4 == \"0A\" && substr(\$2, length(\$2) - 4) == port { print \$8 }" | sort -u
}
# Prints the processes of the uid $1, this one left out.
processes_of() {
  for folder in /proc/[0-9]*; do
    { while read -r key real rest; do
      [ "$key" = Uid: ] && [ "$real" = "$1" ] && say "${folder#/proc/}"
    done <"$folder/status"; } 2>/dev/null
  done
}
