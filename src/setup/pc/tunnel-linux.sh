#!/bin/sh
# embed: whole
# Keeps this PC reachable through an SSH gateway. Made by: ssh-via-gateway setup pc. Contains no secret: the tunnel's
# key is generated on this PC and stays here.
#
#   sh FILE               install: key, pinned gateway, service; run again, it changes nothing
#   sh FILE --key         show the public key of the tunnel
#   sh FILE --status      is it up? (exit code 0: yes)
#   sh FILE --update      install this file in the place of the one before, and restart the tunnel
#   sh FILE --uninstall   take everything away again
#   sh FILE --run         keep the tunnel (what the service does)
#
# Options: --state DIR, a folder for this tunnel alone, to be given each time (default /var/lib/ssh-via-gateway-pc/CODE);
# --unit-dir DIR (default /etc/systemd/system).
set -u
LC_ALL=C
export LC_ALL
# --- settings ---

action=
own_place=/var/lib/ssh-via-gateway-pc/$code
state=$own_place
unit_dir=/etc/systemd/system
named=
wrong() { echo "$*" >&2; exit 2; }
# Whoever asks for two things at once may mean either; help does nothing, so it goes with all.
choose() {
  case $action in
    help) ;;
    '' | "$1") action=$1 ;;
    *) [ "$1" = help ] || wrong "--$action and --$1 do not go together: one of them would be right."; action=help ;;
  esac
}
while [ $# -gt 0 ]; do
  case $1 in
    --run | --status | --uninstall | --update | --key) choose "${1#--}" ;;
    -Run | -Status | -Uninstall | -Update | -Key) choose "$(printf '%s' "${1#-}" | tr '[:upper:]' '[:lower:]')" ;;
    --state | --unit-dir)
      case ${2-} in *[!A-Za-z0-9/._-]*) wrong "$1: letters, digits and / . _ - would be right" ;; /*) ;; *) wrong "$1 needs an absolute path" ;; esac
      if [ "$1" = --state ]; then state=$2 named=1; else unit_dir=$2; fi
      shift
      ;;
    -h | --help) choose help ;;
    *) wrong "What is $1? --help tells what there is." ;;
  esac
  shift
done
# With a slash at its end, a link would be taken for its folder.
while [ "$state" != "${state%/}" ]; do state=${state%/}; done

service=ssh-via-gateway-$code
unit=$unit_dir/$service.service
key=$state/id_ed25519
log=$state/tunnel.log
changed=

now() { date -u +%s; }
note() { printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$*" >>"$log"; }
die() { echo "$*" >&2; exit 1; }
need_root() { [ "$(id -u)" = 0 ] || die "Root is needed for this: sudo sh $0"; }
did() { changed=1; echo "$*"; }
# Whether the process $1 has $2 in its command line: after a restart, its number may belong to another program.
is_running() { [ -n "${1-}" ] && { tr '\0' ' ' <"/proc/$1/cmdline" | grep -qF -e "$2"; } 2>/dev/null; }
is_tunnel() { is_running "${1-}" "--run --state $state "; }
is_ssh() { is_running "${1-}" "UserKnownHostsFile=\"$state/known_hosts\""; }
first_line() { { read -r first <"$1"; } 2>/dev/null && printf '%s' "$first"; }

# Writes $2 to the file $1 unless that is its content already.
put() {
  [ "$(cat "$1" 2>/dev/null; echo .)" = "$2
." ] && return 1
  printf '%s\n' "$2" >"$1.new" && chmod "$3" "$1.new" && mv -f "$1.new" "$1" || die "$1 cannot be written."
}

# Always run in a subshell, which ssh replaces. The gateway's output is limited to 1 MB.
gateway() {
  ulimit -f 2000
  exec ssh -F none -T -i "$key" -p "$gateway_port" -l "$account" \
    -o IdentitiesOnly=yes -o BatchMode=yes -o ConnectTimeout=10 \
    -o UserKnownHostsFile="\"$state/known_hosts\"" -o GlobalKnownHostsFile=/dev/null \
    -o StrictHostKeyChecking=yes -o HostKeyAlias="$alias_name" -o CheckHostIP=no -o UpdateHostKeys=no \
    -o ServerAliveInterval=30 -o ServerAliveCountMax=3 -o ExitOnForwardFailure=yes \
    -o ControlMaster=no -o ControlPath=none "$@"
}

# --- the folder ---

# All that this script and earlier ones make there. Nothing else in the folder is touched. The copy goes last: a removal
# that was cut short can be repeated, since the copy shows whose folder it is.
own_files='id_ed25519 id_ed25519.pub known_hosts known_hosts.new tunnel.log tunnel.log.1 ssh.err ssh.pid pid lock tunnel.sh.new tunnel.sh'

has_others() {
  for path in "$state"/* "$state"/.[!.]* "$state"/..?*; do
    [ -e "$path" ] || [ -L "$path" ] || continue
    case ${path##*/} in *[!a-z0-9._]*) return 0 ;; esac
    case " $own_files " in *" ${path##*/} "*) ;; *) return 0 ;; esac
  done
  return 1
}

# Whether the file $1 is this script for this customer. The names of the other files prove nothing: ~/.ssh has them too.
is_copy() {
  [ -f "$1" ] && [ ! -L "$1" ] && grep -qF 'Made by: ssh-via-gateway setup pc.' "$1" && grep -qx "code='\{0,1\}$code'\{0,1\}" "$1"
}

# A copy beside files of others, without a key, was only saved there: nothing has been installed.
is_ours() {
  [ -d "$state" ] || return 1
  [ "$state" != "$own_place" ] || return 0
  is_copy "$state/tunnel.sh" || is_copy "$state/tunnel.sh.new" || return 1
  [ -f "$key" ] || ! has_others
}

# Root removes files here and closes the folder to everybody else: a mistyped path must end before that.
check_state() {
  right="would be right. Nothing was changed."
  case $state/ in
    / | *//* | */./* | */../*) wrong "--state ${state:-/}: the full path of a folder for this tunnel alone $right" ;;
  esac
  [ ! -L "$state" ] || wrong "--state $state is a link: a folder itself $right"
  [ -e "$state" ] || return 0
  [ -d "$state" ] || wrong "--state $state is not a folder: the path of a folder $right"
  ! is_ours || return 0
  for shared in "/${state##*/}" "${HOME-}" "$(getent passwd "$login" | cut -d : -f 6)"; do
    [ "$state" != "${shared%/}" ] || wrong "--state $state has other uses: a new folder in it $right"
  done
  [ -z "$(ls -A "$state")" ] || wrong "--state $state holds files, and not those of the tunnel of $code: a new or empty folder, or the one of its installation, $right"
}

# Leaves files of others, and then the folder, where they are.
remove_state() {
  [ -d "$state" ] || return 0
  for file in $own_files; do
    if [ ! -d "$state/$file" ] || [ -L "$state/$file" ]; then rm -f "$state/$file"; fi
  done
  rmdir "$state" 2>/dev/null || echo "$state stays: it is in use, or holds files that are not this script's."
}

# --- the tunnel ---

rotate() {
  size=$({ wc -c <"$log"; } 2>/dev/null)
  [ "${size:-0}" -lt 500000 ] || mv -f "$log" "$log.1"
}

# The port is taken, perhaps by this PC's own dead session. Returns whether the port is free now.
reclaim() {
  answer=$(gateway "$gateway_host" reclaim "$port" </dev/null 2>/dev/null | tail -n 1 | tr -cd '[:print:]' | cut -c 1-200)
  note "port $port is taken; reclaim: ${answer:-no answer}"
  case $answer in reclaimed* | free*) return 0 ;; *) return 1 ;; esac
}

# Adds up to a fifth, so that a fleet does not reconnect in step.
jitter() {
  byte=$(od -An -N1 -tu1 /dev/urandom 2>/dev/null | tr -d ' ')
  echo $(($1 + $1 * ${byte:-0} / 1280))
}

# Nothing reports when a socket is up; whatever does not work ends within this time.
await_socket() {
  seconds=0
  while [ "$seconds" -lt 15 ] && kill -0 "$child" 2>/dev/null; do sleep 1 9>&-; seconds=$((seconds + 1)); done
  ! kill -0 "$child" 2>/dev/null || note "up: nothing was refused in $seconds s"
}

one_connection() {
  began=$(now)
  if [ -n "$socket" ]; then
    gateway -N -R "$socket:$target" "$gateway_host" </dev/null >>"$log" 2>"$state/ssh.err" 9>&- &
  else
    gateway -R "$listen$port:$target" "$gateway_host" hold "$port" </dev/null >>"$log" 2>"$state/ssh.err" 9>&- &
  fi
  child=$!
  echo "$child" >"$state/ssh.pid"
  [ -z "$socket" ] || await_socket
  wait "$child"
  status=$?
  child=
  lasted=$(($(now) - began))
  why=$(tail -n 3 "$state/ssh.err" | tr '\n' ' ' | tr -cd '[:print:]' | cut -c 1-300)
  note "down after $lasted s: ssh ended with $status: $why"
}

keep() {
  # Visible in the list of processes: that is how other instances see which tunnel is running.
  [ -n "$named" ] || exec /bin/sh "$0" --run --state "$state"
  is_ours || die "Nothing is installed in $state: run this first: sudo sh $0"
  # Held as long as this process lives: of two instances, only one runs.
  if command -v flock >/dev/null 2>&1; then
    exec 9>"$state/lock"
    if flock -n 9; then other=""; else other=$(first_line "$state/pid"); other=${other:-another}; fi
  else
    other=$(first_line "$state/pid")
    is_tunnel "$other" || other=""
  fi
  if [ -n "$other" ]; then
    echo "The tunnel of $code runs already (process $other)." >&2
    exit 3
  fi
  # A tunnel that was killed has left its ssh behind, which holds the port.
  left=$(first_line "$state/ssh.pid")
  is_ssh "$left" && kill "$left" 2>/dev/null
  echo $$ >"$state/pid"
  child=
  trap 'rm -f "$state/pid" "$state/ssh.pid"; [ -z "$child" ] || kill "$child" 2>/dev/null; note stopped; exit 0' TERM INT HUP
  failures=0
  reclaimed=
  while :; do
    rotate
    note "connecting to $account@$gateway_host:$gateway_port for port $port"
    one_connection
    case $why in
      *"forwarding failed"*)
        # Only one immediate retry: if it is refused again, a dead session is not the reason.
        if [ -z "$socket" ] && reclaim && [ -z "$reclaimed" ]; then reclaimed=1; continue; fi
        ;;
      *) reclaimed="" ;;
    esac
    [ "$lasted" -lt 60 ] || failures=0
    # Quick at first: 1, 2, 4 ... 30 seconds. A refused login does not go away by itself.
    case $why in *"Permission denied"* | *"Host key verification failed"*) pause=48 ;; *) pause=$((1 << (failures < 5 ? failures : 5))) ;; esac
    [ "$pause" -le 30 ] || [ "$pause" -eq 48 ] || pause=30
    failures=$((failures + 1))
    sleep "$(jitter "$pause")" 9>&- &
    child=$!
    wait "$child"
    child=
  done
}

# --- installing ---

# The file belongs to the account and is changed as that account: root would follow its links. Lines that end with our
# mark are ours; someone else's line with the same key is as good. Prints a word if something has changed.
change_keys() {
  # shellcheck disable=SC2016 # the account's own shell reads it
  mark=ssh-via-gateway-$code wanted=$1 su -s /bin/sh "$login" -c '
    umask 077
    file=$HOME/.ssh/authorized_keys
    file=$(readlink -f "$file" 2>/dev/null || printf "%s" "$file")
    before=$(cat "$file" 2>/dev/null)
    rest=$(printf "%s\n" "$before" | grep -v " $mark\$")
    after=$rest
    others=$(printf "%s\n" "$rest" | grep -v "^[[:space:]]*#" | grep -v " ssh-via-gateway-[A-Za-z0-9_-]*\$")
    if [ -n "$wanted" ] && ! printf "%s\n" "$others" | grep -qF "$wanted"; then
      after="${rest:+$rest
}$wanted $mark"
    fi
    [ "$before" != "$after" ] || exit 0
    if [ -z "$after" ]; then
      rm -f "$file" && rmdir "$HOME/.ssh" 2>/dev/null
    else
      mkdir -p "$HOME/.ssh" && printf "%s\n" "$after" >"$file.new" && chmod 600 "$file.new" && mv -f "$file.new" "$file" || exit 1
    fi
    echo changed'
}

authorize_worker() {
  [ -n "$worker_key" ] || return 0
  getent passwd "$login" >/dev/null || { echo "There is no account $login on this PC: make it, then run this again."; return 0; }
  answer=$(change_keys "$worker_key") || die "The authorized_keys of $login cannot be written."
  [ -z "$answer" ] || did "$login takes the workers' key now"
}

unit_text() {
  cat <<UNIT
[Unit]
Description=Tunnel of $code through $gateway_host
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
ExecStart=/bin/sh $state/tunnel.sh --run --state $state
Restart=always
RestartSec=5
NoNewPrivileges=yes
PrivateTmp=yes

[Install]
WantedBy=multi-user.target
UNIT
}

# Containers may have the program without a systemd that answers it.
has_systemd() { command -v systemctl >/dev/null 2>&1 && systemctl list-units --quiet >/dev/null 2>&1; }

install_service() {
  if ! has_systemd; then
    echo "No systemd runs here: let something run this at every start: sh $state/tunnel.sh --run --state $state"
    return
  fi
  if put "$unit" "$(unit_text)" 644; then
    systemctl daemon-reload
    did "made the service $service"
  fi
  systemctl is-enabled --quiet "$service" 2>/dev/null || systemctl enable "$service" >/dev/null 2>&1
  if ! systemctl is-active --quiet "$service"; then
    systemctl start "$service" || die "The service $service does not start: systemctl status $service"
    did "started the service"
  elif [ "$action" = update ] || [ -n "$changed" ]; then
    systemctl restart "$service" && did "restarted the service"
  fi
}

show_key() {
  need_root
  { is_ours && [ -s "$key.pub" ]; } || die "There is no key yet: run this first: sudo sh $0"
  echo
  echo "The public key of this PC's tunnel. Give it to whoever looks after the gateway:"
  echo
  echo "  ssh-via-gateway setup customer $code --key \"$(first_line "$key.pub")\""
}

install() {
  need_root
  check_state
  [ -f "$0" ] || die "Save this script to a file first, then: sh FILE"
  for tool in ssh ssh-keygen; do
    command -v "$tool" >/dev/null 2>&1 || die "There is no $tool on this PC: install the OpenSSH client (apt install openssh-client)."
  done
  if ! command -v sshd >/dev/null 2>&1 && [ ! -x /usr/sbin/sshd ]; then
    echo "There is no SSH server on this PC, so nobody can be let in yet: install it (apt install openssh-server)."
  elif command -v ssh-keyscan >/dev/null 2>&1 && [ -z "$(ssh-keyscan -T 3 -p "${target##*:}" "${target%:*}" 2>/dev/null)" ]; then
    echo "No SSH server answers at $target on this PC, so nobody can be let in yet: start it (systemctl enable --now ssh)."
  fi
  umask 077
  mkdir -p "$state" && chmod 700 "$state" || die "$state cannot be made."
  if ! cmp -s "$0" "$state/tunnel.sh"; then
    cp "$0" "$state/tunnel.sh.new" && mv -f "$state/tunnel.sh.new" "$state/tunnel.sh" || die "$state cannot be written."
    did "installed into $state"
  fi
  if [ ! -s "$key" ] || [ ! -s "$key.pub" ]; then
    # ssh-keygen would ask before replacing half of a pair.
    rm -f "$key" "$key.pub"
    ssh-keygen -q -t ed25519 -N '' -C "$code" -f "$key" || die "The key could not be made."
    did "made the key of the tunnel"
  fi
  put "$state/known_hosts" "$known_hosts" 600 && did "pinned the gateway's host keys"
  authorize_worker
  install_service
  [ -n "$changed" ] || echo "All is as it should be."
  show_key
}

stop() {
  if [ -e "$unit" ] && has_systemd; then
    systemctl disable --now "$service" >/dev/null 2>&1
    rm -f "$unit"
    systemctl daemon-reload
  fi
  for one in "$(first_line "$state/pid")" "$(first_line "$state/ssh.pid")"; do
    is_tunnel "$one" || is_ssh "$one" || continue
    kill "$one" 2>/dev/null
    waited=0
    while kill -0 "$one" 2>/dev/null && [ "$waited" -lt 5 ]; do sleep 1; waited=$((waited + 1)); done
  done
}

uninstall() {
  need_root
  check_state
  stop
  # Also if the script has another key by now, or none.
  ! getent passwd "$login" >/dev/null || change_keys "" >/dev/null
  remove_state
  rmdir /var/lib/ssh-via-gateway-pc 2>/dev/null
  echo "The tunnel, its key and the workers' key were taken away; the SSH server stays. On the gateway: ssh-via-gateway setup remove $code"
}

show_status() {
  need_root
  pid=$(first_line "$state/pid")
  last=$(grep -E ' (up|down|connecting|stopped|check|broken)' "$log" 2>/dev/null | tail -n 1 | tr -cd '[:print:]' | cut -c 1-400)
  if is_tunnel "$pid"; then running="process $pid"; else running="not running"; fi
  echo "tunnel of $code to $gateway_host port $port: $running"
  echo "last: ${last:-nothing yet}"
  is_tunnel "$pid" || return 1
  case $last in *' up'* | *' check banner'*) return 0 ;; *) return 1 ;; esac
}

case ${action:=install} in
  install | update) install ;;
  uninstall) uninstall ;;
  status) show_status ;;
  key) show_key ;;
  run) keep ;;
  help) sed -n '2,/^set -u/p' "$0" | sed '$d; s/^# \{0,1\}//' ;;
esac
