# Begins every script for a gateway. A script's last word is `done`, or `failed` and the reason.
say() { printf "%s\n" "$*"; }
fail() {
  say "failed $(printf "%s" "$*" | tr "\n" " ")"
  exit 1
}
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH LC_ALL=C
# The caller may be gone, and so may its answer: what was begun is completed all the same.
trap "" PIPE
[ "$(id -u)" = 0 ] || fail "Root is needed for this. Log in as root, or give --sudo where sudo asks for no password."
# One set-up at a time; the lock ends with this process, however that ends.
alone() {
  command -v flock >/dev/null 2>&1 || fail "There is no flock on this gateway: install util-linux."
  mkdir -p "$state" 2>/dev/null && (umask 077 && : >>"$state/lock") 2>/dev/null || fail "$state cannot be written."
  exec 9>"$state/lock"
  flock -w 20 9 || fail "Another set-up is under way on this gateway: come again when it is done."
}
# The content of a file in one word; a missing file is `absent`.
content() {
  if [ -e "$1" ]; then base64 <"$1" | tr -d "\n"; echo; else echo absent; fi
}
# Writes $2 to the file $1 with the mode $3, atomically. Removes what a killed run has left behind.
put() {
  rm -f "$1".ssh-via-gateway.??????
  temporary=$(mktemp "$1.ssh-via-gateway.XXXXXX") || return 1
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
# Prints the uids that listen on the TCP port $1, without duplicates.
listeners_on() {
  hex=$(printf "%04X" "$1")
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
    awk -v port=":$hex" "\$4 == \"0A\" && substr(\$2, length(\$2) - 4) == port { print \$8 }" | sort -u
}
# Prints the processes of the uid $1. One that has ended but has not been waited for (a zombie) does not count.
processes_of() {
  for process in /proc/[0-9]*; do
    { while read -r field word rest; do
      case $field$word in
        State:Z) break ;;
        "Uid:$1") say "${process#/proc/}" ;;
      esac
    done <"$process/status"; } 2>/dev/null
  done
}
# Ends the sessions of the account $1 with the uid $2. A login that was under way shows up a moment later, so only three
# quiet looks in a row count.
end_sessions() {
  quiet=0
  tries=0
  ended=
  while [ "$quiet" -lt 3 ] && [ "$tries" -lt 60 ]; do
    tries=$((tries + 1))
    running=$(processes_of "$2")
    if [ -z "$running" ]; then
      quiet=$((quiet + 1))
    else
      quiet=0
      ended=1
      # shellcheck disable=SC2086 # one word each
      if [ "$tries" -lt 10 ]; then kill -TERM $running 2>/dev/null; else kill -KILL $running 2>/dev/null; fi
    fi
    sleep 0.1 2>/dev/null || sleep 1
  done
  [ "$quiet" -ge 3 ] || fail "Sessions of $1 do not end: $(processes_of "$2" | tr "\n" " ")"
  [ -z "$ended" ] || say "did ended its sessions"
}
# The accounts of the group.
members() { getent group "$group" | cut -d: -f4 | tr "," "\n" | grep .; }
# What sshd would really use for the account $1.
effective() { "$sshd" -T -C "user=$1,host=check.invalid,addr=192.0.2.1" -f "$config"; }
# Whether a pattern fits $1. Those in the lists of sshd work like those of `case`, except for a host after an @.
fits() {
  while read -r pattern; do
    # shellcheck disable=SC2254 # a pattern
    case $1 in $pattern) return 0 ;; esac
  done
  return 1
}
# What the file $1 of settings has for the keyword $2.
list() { sed -n "s/^$2 //p" "$1"; }
# Prints which list in the file $1 of settings keeps the account $2 out, whatever its key; $3 says whose account it is.
keeps_out() {
  if list "$1" denyusers | fits "$2"; then
    say "DenyUsers of sshd fits $3"
  elif list "$1" denygroups | fits "$group"; then
    say "DenyGroups of sshd fits the group $group"
  elif [ -n "$(list "$1" allowgroups)" ] && ! list "$1" allowgroups | fits "$group"; then
    say "AllowGroups of sshd does not name the group $group (add $group to it)"
  elif [ -n "$(list "$1" allowusers)" ] && ! list "$1" allowusers | cut -d@ -f1 | fits "$2"; then
    say "AllowUsers of sshd does not name $3 (add tunnel-* to it)"
  fi
}
# Prints what in the file $1 of settings is not as expected, or keeps the PCs out.
obstacle() {
  wrong=$(printf "%s\n" "$expected" | while read -r line; do
    grep -qixF -e "$line" "$1" && continue
    say "Something else in the configuration of sshd wins: instead of \"$line\" it would use \"$(grep -i "^${line%% *} " "$1")\""
    break
  done)
  if [ -n "$wrong" ]; then
    say "$wrong."
    return
  fi
  wrong=$(keeps_out "$1" tunnel-any "the accounts tunnel-*")
  case $wrong in
    AllowUsers*)
      # It may name each of them.
      unnamed=1
      for one in $(members); do
        unnamed=$(keeps_out "$1" "$one" "$one")
        [ -z "$unnamed" ] || break
      done
      [ -n "$unnamed" ] || wrong= ;;
  esac
  [ -z "$wrong" ] || say "$wrong, so no PC could log in."
}
