#!/bin/sh
# embed: whole
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

say() { printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$*"; }
answer() { printf '%s\n' "$*"; }

# stat_of PID sets comm, state and start: together with its start time, a pid identifies a process forever.
stat_of() {
  { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
  comm=${line#*(}
  comm=${comm%%)*}
  set -- ${line##*) }
  state=$1
  parent=$2
  start=${20}
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
    banner=$(ssh-keyscan -T "${1%.*}" -p "$port" 127.0.0.1 2>&1 | sed -n 's/^# [^ ]* //p' | head -n 1)
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
    pid=${folder#/proc/}
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
verb=${1-} port=${2-}
case $port in '' | 0* | *[!0-9]* | ??????*) verb= ;; esac
patience=15
if [ "$verb $#" = 'reclaim 3' ]; then
  patience=$3
  case $patience in '' | 0* | *[!0-9]* | ????*) verb= ;; esac
elif [ $# -ne 2 ]; then verb=; fi
[ "${port:-0}" -le 65535 ] || verb=
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
