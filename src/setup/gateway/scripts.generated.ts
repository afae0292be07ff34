// Made from the scripts of this folder by scripts/embed-scripts.mjs: change those, then run `npm run embed`.

/** apply.sh */
export const apply = `umask 022
alone
dropin=$folder/$name
work=$state/pending
keep() {
[ ! -e "$1" ] || cp -p "$1" "$work/$(basename "$1")" || fail "$1 cannot be read."
}
restore() {
if [ -e "$work/$(basename "$1")" ]; then cp -p "$work/$(basename "$1")" "$1.old" && mv -f "$1.old" "$1"; else rm -f "$1"; fi
}
forget() { rm -f "$work/saved" && rm -rf "$work"; }
reloaded=
finished=
made_groups=
witness=
undo() {
[ -z "$witness" ] || userdel "$witness" 2>/dev/null
if [ -z "$finished" ]; then
restore "$dropin"
restore "$helper"
for made in $made_groups; do groupdel "$made" 2>/dev/null; done
[ -z "$reloaded" ] || reload_sshd >/dev/null 2>&1
say "undone"
fi
forget
}
setting() { "$sshd" -T -f "$config" 2>/dev/null | sed -n "s/^$1 //p" | head -n 1; }
limited() { if command -v timeout >/dev/null 2>&1; then timeout 20 "$@"; else "$@"; fi; }
reload_sshd() {
if [ -n "$reload" ]; then limited sh -c "$reload" 2>&1 9>&-; return; fi
if [ "$config" = /etc/ssh/sshd_config ] && [ -d /run/systemd/system ]; then
for unit in ssh sshd; do
systemctl is-active --quiet "$unit.service" && { limited systemctl reload "$unit.service" 2>&1; return; }
done
systemctl is-active --quiet ssh.socket sshd.socket && return 0
fi
pid_file=$(setting pidfile)
{ read -r pid <"$pid_file"; } 2>/dev/null || { say "no running sshd is known by $pid_file; --reload COMMAND says how"; return 1; }
kill -HUP "$pid" 2>&1
}
answers() {
command -v ssh-keyscan >/dev/null 2>&1 || return 0
address=$(setting listenaddress)
host=\${address%:*}
host=\${host#[}
host=\${host%]}
case $host in 0.0.0.0) host=127.0.0.1 ;; ::) host=::1 ;; esac
ssh-keyscan -T 1 -p "\${address##*:}" "$host" 2>/dev/null | grep -q .
}
of_root() { effective root 2>/dev/null | grep -v "^maxstartups " >"$work/$1"; }
if [ -e "$work/saved" ]; then
read -r begun <"$work/saved"
restore "$begun"
restore "$helper"
reloaded=1
say "did took back what an interrupted set-up had begun"
fi
for left in $(getent passwd | sed -n "s/^\\(tunnel-check-[0-9]*\\):.*:\\/nonexistent:.*/\\1/p"); do userdel "$left" 2>/dev/null; done
forget
mkdir -m 700 "$work" || fail "$work cannot be made."
keep "$dropin"
keep "$helper"
say "$dropin" >"$work/saved" || fail "$work cannot be written."
trap undo EXIT
trap "exit 1" HUP INT TERM
of_root before
answered=
answers && answered=1
for one in $group $workers; do
getent group "$one" >/dev/null && continue
groupadd -r "$one" || fail "The group $one cannot be made."
made_groups="$made_groups $one"
say "did made the group $one"
done
differs() { ! printf "%s" "$2" | cmp -s - "$1"; }
changed=1
! differs "$dropin" "$dropin_text" && ! differs "$helper" "$helper_text" && [ -z "$reloaded" ] && changed=
back=" The old settings are back."
[ -n "$changed" ] || back=" Nothing was changed."
{ ! differs "$dropin" "$dropin_text" || back_up "$dropin"; } && { ! differs "$helper" "$helper_text" || back_up "$helper"; } ||
fail "No backup could be written to $state/backup."
mkdir -p "$(dirname "$helper")" && put "$helper" "$helper_text" 755 || fail "$helper cannot be written."
put "$dropin" "$dropin_text" 644 || fail "$dropin cannot be written."
problem=$("$sshd" -t -f "$config" 2>&1) || fail "sshd does not take the new settings; the old ones are back: $problem"
witness=tunnel-check-$$
useradd -r -M -d /nonexistent -s /usr/sbin/nologin -G "$group" "$witness" 2>/dev/null || { witness=; fail "No account for the check can be made (useradd)."; }
effective "$witness" >"$work/now" 2>&1 || fail "sshd -T does not take the new settings; the old ones are back: $(cat "$work/now")"
userdel "$witness" 2>/dev/null
witness=
problem=$(obstacle "$work/now")
[ -z "$problem" ] || fail "$problem$back"
of_root after
cmp -s "$work/before" "$work/after" || fail "The settings of root would change; the old ones are back: $(diff "$work/before" "$work/after")"
printf "%s\\n" "$sshd" "$config" >"$state/sshd" || fail "$state cannot be written.$back"
if [ -z "$changed" ]; then
finished=1
say "done"
exit
fi
problem=$(reload_sshd) || { reloaded=1; fail "sshd could not be reloaded; the old settings are back: \${problem:-no answer}"; }
reloaded=1
if [ -n "$answered" ]; then
tries=0
until answers; do
tries=$((tries + 1))
[ "$tries" -lt 10 ] || fail "sshd does not answer any more; the old settings are back."
sleep 0.3
done
fi
finished=1
say "did wrote $dropin and reloaded sshd"
say "done"
`;

/** helper.sh */
export const helper = `#!/bin/sh
# Made by ssh-via-gateway setup gateway; replaced as a whole. The only thing that a tunnel account can run on this
# gateway: sshd forces it (ForceCommand), and passes what the client requested in SSH_ORIGINAL_COMMAND.
#
#   hold PORT      note that this session holds the port; go through the port once a minute; end when it is broken
#   note PORT      only note it
#   reclaim PORT [TENTHS]
#                  end this account's own dead session that holds the port: one that is silent for so many tenths of a
#                  second (15) and whose note fits
#   check PORT     go through the port once
#
# The first word of the last line is the outcome. Nothing else is run, and no port is touched but this account's own.
set -f
umask 077
PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin
export PATH LC_ALL=C
notes=$HOME/.ssh-via-gateway

say() { printf '%s %s\\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$*"; }
answer() { printf '%s\\n' "$*"; }

# stat_of PID sets comm, state and start: together with its start time, a pid identifies a process forever.
stat_of() {
  { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
  comm=\${line#*(}
  comm=\${comm%%)*}
  set -- \${line##*) }
  state=$1
  parent=$2
  start=\${20}
}
is_sshd() {
  case $comm in sshd*) [ "$state" != Z ] ;; *) return 1 ;; esac
}
is_mine() {
  real=
  { while read -r key real rest; do [ "$key" = Uid: ] && break; done <"/proc/$1/status"; } 2>/dev/null
  [ "$real" = "$me" ]
}

# The uids that listen on the port.
listeners() {
  hex=$(printf '%04X' "$port")
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
    awk -v port=":$hex" '$4 == "0A" && substr($2, length($2) - 4) == port { print $8 }' | sort -u
}

# Connects through the port: banner, closed, silent, or unknown if nothing here can connect.
look_through() {
  banner=
  if command -v bash >/dev/null 2>&1; then
    banner=$(bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
      IFS= read -r -t "$2" line <&3
      code=$?
      printf "%s" "$line" | tr -cd "[:print:]" | cut -c 1-80
      [ $code -le 128 ] || exit 2' check "$port" "$1" 2>/dev/null)
    case $? in
      2) seen=silent ;;
      *) case $banner in SSH-*) seen=banner ;; *) seen=closed ;; esac ;;
    esac
  elif command -v ssh-keyscan >/dev/null 2>&1; then
    banner=$(ssh-keyscan -T "\${1%.*}" -p "$port" 127.0.0.1 2>&1 | sed -n 's/^# [^ ]* //p' | head -n 1)
    case $banner in SSH-*) seen=banner ;; *) seen=silent ;; esac
  else
    seen=unknown
  fi
}

take_note() {
  mkdir -p "$notes" && stat_of "$PPID" && is_sshd || return 1
  answer "$PPID $start $boot" >"$notes/.$port.$$" && mv -f "$notes/.$port.$$" "$notes/$port"
}

# The sessions of this account, except for this one.
other_sessions() {
  set +f
  for folder in /proc/[0-9]*; do
    pid=\${folder#/proc/}
    [ "$pid" != "$PPID" ] && is_mine "$pid" && stat_of "$pid" && is_sshd && answer "$pid"
  done
  set -f
}

# Sets pid and born of the session that holds the port: from its note, else the account's only other session.
find_holder() {
  pid="" born="" at=""
  { read -r pid born at <"$notes/$port"; } 2>/dev/null
  case $pid$born in *[!0-9]*) pid= ;; esac
  if [ -n "$pid" ] && [ "$at" = "$boot" ] && stat_of "$pid" && is_sshd && [ "$start" = "$born" ] && is_mine "$pid"; then
    [ "$pid" != "$PPID" ]
    return
  fi
  set -- $(other_sessions)
  [ $# -eq 1 ] || return 1
  pid=$1
  stat_of "$pid" || return 1
  born=$start
}
same() { stat_of "$pid" && is_sshd && [ "$start" = "$born" ]; }
await_end() {
  tenths=0
  while same && [ "$tenths" -lt 10 ]; do
    sleep 0.1 2>/dev/null || sleep 1
    tenths=$((tenths + 1))
  done
}

reclaim() {
  owner=$(listeners)
  [ -n "$owner" ] || { answer free; return; }
  [ "$owner" = "$me" ] || { answer 'refused other-user'; return; }
  find_holder || { answer 'refused no-note'; return; }
  look_through "$((patience / 10)).$((patience % 10))"
  [ "$seen" != unknown ] || { answer 'refused cannot-check'; return; }
  [ "$seen" = silent ] || { answer "refused answers $seen $banner"; return; }
  kill -TERM "$pid" 2>/dev/null
  await_end
  if same; then kill -KILL "$pid" 2>/dev/null; await_end; fi
  if same; then answer "refused survived $pid"; else answer "reclaimed $pid"; fi
}

hold() {
  if take_note; then say "up noted $PPID"; else say 'up, but the note could not be written'; fi
  before="" bad=0 ticks=2
  # If this script has another parent, sshd has ended.
  while stat_of "$$" && [ "$parent" = "$PPID" ]; do
    if [ "$ticks" -ge 12 ]; then
      ticks=0
      look_through 10
      [ "$seen" = "$before" ] || say "check $seen $banner"
      before=$seen
      # Accepted and silent: the session cannot carry anything. Closed: the PC's SSH server is down.
      if [ "$seen" = silent ]; then bad=$((bad + 1)); else bad=0; fi
      [ "$bad" -lt 2 ] || { say broken; exit 3; }
    fi
    ticks=$((ticks + 1))
    sleep 5 >/dev/null 2>&1
  done
}

answer ssh-via-gateway-helper-1
set -- $SSH_ORIGINAL_COMMAND
verb=\${1-} port=\${2-}
case $port in '' | 0* | *[!0-9]* | ??????*) verb= ;; esac
patience=15
if [ "$verb $#" = 'reclaim 3' ]; then
  patience=$3
  case $patience in '' | 0* | *[!0-9]* | ????*) verb= ;; esac
elif [ $# -ne 2 ]; then verb=; fi
[ "\${port:-0}" -le 65535 ] || verb=
me=$(id -u)
boot=none
{ read -r boot </proc/sys/kernel/random/boot_id; } 2>/dev/null
case $verb in
  hold) hold ;;
  note) if take_note; then answer "noted $PPID $start $boot"; else answer 'refused no-note'; fi ;;
  reclaim) reclaim ;;
  check)
    [ "$(listeners)" = "$me" ] || { answer 'refused not-yours'; exit 1; }
    look_through 10
    answer "$seen $banner"
    ;;
  *)
    answer 'refused This account keeps a tunnel: hold, note, reclaim or check, and its port.'
    exit 1
    ;;
esac
`;

/** library.sh */
export const library = `say() { printf "%s\\n" "$*"; }
fail() {
say "failed $(printf "%s" "$*" | tr "\\n" " ")"
exit 1
}
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH LC_ALL=C
trap "" PIPE
[ "$(id -u)" = 0 ] || fail "Root is needed for this. Log in as root, or give --sudo where sudo asks for no password."
alone() {
command -v flock >/dev/null 2>&1 || fail "There is no flock on this gateway: install util-linux."
mkdir -p "$state" 2>/dev/null && (umask 077 && : >>"$state/lock") 2>/dev/null || fail "$state cannot be written."
exec 9>"$state/lock"
flock -w 20 9 || fail "Another set-up is under way on this gateway: come again when it is done."
}
content() {
if [ -e "$1" ]; then base64 <"$1" | tr -d "\\n"; echo; else echo absent; fi
}
put() {
rm -f "$1".ssh-via-gateway.??????
temporary=$(mktemp "$1.ssh-via-gateway.XXXXXX") || return 1
printf "%s" "$2" >"$temporary" && chmod "$3" "$temporary" && mv -f "$temporary" "$1" && return 0
rm -f "$temporary"
return 1
}
back_up() {
[ -e "$1" ] || return 0
mkdir -p "$state/backup" && chmod 700 "$state/backup" || return 1
copy=$state/backup/$(basename "$1").$(date -u +%Y%m%dT%H%M%SZ).$$
cp -p "$1" "$copy" && say "backup $copy"
}
listeners_on() {
hex=$(printf "%04X" "$1")
cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
awk -v port=":$hex" "\\$4 == \\"0A\\" && substr(\\$2, length(\\$2) - 4) == port { print \\$8 }" | sort -u
}
processes_of() {
for process in /proc/[0-9]*; do
{ while read -r field word rest; do
case $field$word in
State:Z) break ;;
"Uid:$1") say "\${process#/proc/}" ;;
esac
done <"$process/status"; } 2>/dev/null
done
}
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
if [ "$tries" -lt 10 ]; then kill -TERM $running 2>/dev/null; else kill -KILL $running 2>/dev/null; fi
fi
sleep 0.1 2>/dev/null || sleep 1
done
[ "$quiet" -ge 3 ] || fail "Sessions of $1 do not end: $(processes_of "$2" | tr "\\n" " ")"
[ -z "$ended" ] || say "did ended its sessions"
}
members() { getent group "$group" | cut -d: -f4 | tr "," "\\n" | grep .; }
effective() { "$sshd" -T -C "user=$1,host=check.invalid,addr=192.0.2.1" -f "$config"; }
fits() {
while read -r pattern; do
case $1 in $pattern) return 0 ;; esac
done
return 1
}
list() { sed -n "s/^$2 //p" "$1"; }
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
obstacle() {
wrong=$(printf "%s\\n" "$expected" | while read -r line; do
grep -qixF -e "$line" "$1" && continue
say "Something else in the configuration of sshd wins: instead of \\"$line\\" it would use \\"$(grep -i "^\${line%% *} " "$1")\\""
break
done)
if [ -n "$wrong" ]; then
say "$wrong."
return
fi
wrong=$(keeps_out "$1" tunnel-any "the accounts tunnel-*")
case $wrong in
AllowUsers*)
unnamed=1
for one in $(members); do
unnamed=$(keeps_out "$1" "$one" "$one")
[ -z "$unnamed" ] || break
done
[ -n "$unnamed" ] || wrong= ;;
esac
[ -z "$wrong" ] || say "$wrong, so no PC could log in."
}
`;

/** look.sh */
export const look = `command -v "$sshd" >/dev/null 2>&1 || fail "There is no $sshd here: install the OpenSSH server first."
[ -r "$config" ] || fail "There is no $config."
broken=$("$sshd" -t -f "$config" 2>&1) || fail "The configuration of sshd is wrong already, before anything was changed: $broken"
folder=$(awk "
tolower(\\$1) == \\"match\\" { exit }
tolower(\\$1) == \\"include\\" {
for (i = 2; i <= NF; i++) {
gsub(/\\"/, \\"\\", \\$i)
if (\\$i ~ /\\\\/\\\\*\\\\.conf\\$/) { sub(/\\\\/\\\\*\\\\.conf\\$/, \\"\\", \\$i); print \\$i; exit }
}
}" "$config")
[ -n "$folder" ] || fail "$config includes no folder of settings. Put this line at its top and come again: Include /etc/ssh/sshd_config.d/*.conf"
case $folder in /*) ;; *) folder=/etc/ssh/$folder ;; esac
[ -d "$folder" ] || fail "The folder $folder, which $config includes, does not exist. Make it: mkdir -m 755 $folder"
say "folder $folder"
say "dropin $(content "$folder/$name")"
say "helper $(content "$helper")"
[ ! -d "$state/pending" ] || say pending
getent group "$group" >/dev/null && say "group $group"
[ -z "$workers" ] || ! getent group "$workers" >/dev/null || say "workers $workers"
"$sshd" -T -f "$config" 2>/dev/null | sed -n "s/^hostkey //p" | while read -r key; do
[ -r "$key.pub" ] && read -r type text rest <"$key.pub" && say "hostkey $type $text"
done
if [ -e "$folder/$name" ]; then
now=$(mktemp) || fail "No temporary file can be made."
for one in $(members); do
effective "$one" >"$now" 2>/dev/null || continue
found=$(obstacle "$now")
[ -z "$found" ] || say "obstacle $found"
break
done
rm -f "$now"
fi
say "done"
`;
