#!/bin/sh
# embed: whole
# Keeps this PC reachable through an SSH gateway. Made by: ssh-via-gateway setup pc. Contains no secret: the key of the
# tunnel is made on this PC and stays here.
#
#   sh FILE               install: key, pinned gateway, service; run again, it changes nothing
#   sh FILE --key         show the public key of the tunnel
#   sh FILE --status      is it up? (exit code 0: yes)
#   sh FILE --update      install this file in the place of the one before, and restart the tunnel
#   sh FILE --uninstall   take everything away again
#   sh FILE --run         keep the tunnel (what the service does)
#
# Options: --state DIR (default /var/lib/ssh-via-gateway-pc/CODE), --unit-dir DIR (default /etc/systemd/system).
set -u
LC_ALL=C
export LC_ALL
# --- settings ---

action=install
state=/var/lib/ssh-via-gateway-pc/$code
unit_dir=/etc/systemd/system
named=
while [ $# -gt 0 ]; do
  case $1 in
    --run | --status | --uninstall | --update | --key) action=${1#--} ;;
    -Run | -Status | -Uninstall | -Update | -Key) action=$(printf '%s' "${1#-}" | tr '[:upper:]' '[:lower:]') ;;
    --state | --unit-dir)
      case ${2-} in /*) ;; *) echo "$1 needs an absolute path" >&2; exit 2 ;; esac
      if [ "$1" = --state ]; then state=$2 named=1; else unit_dir=$2; fi
      shift
      ;;
    -h | --help) action=help ;;
    *) echo "What is $1? --help tells what there is." >&2; exit 2 ;;
  esac
  shift
done

service=ssh-via-gateway-$code
unit=$unit_dir/$service.service
key=$state/id_ed25519
log=$state/tunnel.log
changed=

now() { date -u +%s; }
note() { printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$*" >>"$log"; }
die() { echo "$*" >&2; exit 1; }
did() { changed=1; echo "$*"; }
is_running() { [ -n "${1-}" ] && kill -0 "$1" 2>/dev/null; }
first_line() { { read -r first <"$1"; } 2>/dev/null && printf '%s' "$first"; }

# Puts $2 into the file $1 when it is not there already.
put() {
  [ "$(cat "$1" 2>/dev/null; echo .)" = "$2
." ] && return 1
  printf '%s\n' "$2" >"$1.new" && chmod "$3" "$1.new" && mv -f "$1.new" "$1" || die "$1 cannot be written."
}

gateway() {
  ssh -F none -T -i "$key" -p "$gateway_port" -l "$account" \
    -o IdentitiesOnly=yes -o BatchMode=yes -o ConnectTimeout=10 \
    -o UserKnownHostsFile="\"$state/known_hosts\"" -o GlobalKnownHostsFile=/dev/null \
    -o StrictHostKeyChecking=yes -o HostKeyAlias="$alias_name" -o CheckHostIP=no -o UpdateHostKeys=no \
    -o ServerAliveInterval=30 -o ServerAliveCountMax=3 -o ExitOnForwardFailure=yes \
    -o ControlMaster=no -o ControlPath=none "$@"
}

# --- the tunnel ---

rotate() {
  size=$({ wc -c <"$log"; } 2>/dev/null)
  [ "${size:-0}" -lt 1000000 ] || mv -f "$log" "$log.1"
}

# The port is taken: perhaps by this PC's own session that died. Says whether the port is free now.
reclaim() {
  answer=$(gateway "$gateway_host" reclaim "$port" </dev/null 2>/dev/null | tail -n 1 | tr -cd '[:print:]' | cut -c 1-200)
  note "port $port is taken; reclaim: ${answer:-no answer}"
  case $answer in reclaimed* | free*) return 0 ;; *) return 1 ;; esac
}

# One in five, more or less, so that a fleet does not knock in step.
jitter() {
  byte=$(od -An -N1 -tu1 /dev/urandom 2>/dev/null | tr -d ' ')
  echo $(($1 + $1 * ${byte:-0} / 1280))
}

one_connection() {
  began=$(now)
  if [ -n "$socket" ]; then
    gateway -N -R "$socket:$target" "$gateway_host" </dev/null >>"$log" 2>"$state/ssh.err" &
  else
    gateway -R "$listen$port:$target" "$gateway_host" hold "$port" </dev/null >>"$log" 2>"$state/ssh.err" &
  fi
  child=$!
  wait "$child"
  status=$?
  child=
  lasted=$(($(now) - began))
  why=$(tail -n 3 "$state/ssh.err" | tr '\n' ' ' | tr -cd '[:print:]' | cut -c 1-300)
  note "down after $lasted s: ssh ended with $status: $why"
}

keep() {
  # Named in the list of processes: that is how another one sees which tunnel runs.
  [ -n "$named" ] || exec /bin/sh "$0" --run --state "$state"
  other=$(first_line "$state/pid")
  if is_running "$other" && tr '\0' ' ' <"/proc/$other/cmdline" 2>/dev/null | grep -qF -e "--run --state $state "; then
    echo "The tunnel of $code runs already: process $other." >&2
    exit 3
  fi
  echo $$ >"$state/pid"
  child=
  trap 'rm -f "$state/pid"; [ -z "$child" ] || kill "$child" 2>/dev/null; note stopped; exit 0' TERM INT HUP
  failures=0
  reclaimed=
  while :; do
    rotate
    note "connecting to $account@$gateway_host:$gateway_port for port $port"
    one_connection
    case $why in
      *"forwarding failed"*)
        # Once at once: what is refused again is not a matter of a dead session.
        if [ -z "$socket" ] && reclaim && [ -z "$reclaimed" ]; then reclaimed=1; continue; fi
        ;;
      *) reclaimed="" ;;
    esac
    [ "$lasted" -lt 60 ] || failures=0
    # Quick at first: 1, 2, 4 ... 30 seconds. A refused login does not pass by itself.
    case $why in *"Permission denied"* | *"Host key verification failed"*) pause=60 ;; *) pause=$((1 << (failures < 5 ? failures : 5))) ;; esac
    [ "$pause" -le 30 ] || [ "$pause" -eq 60 ] || pause=30
    failures=$((failures + 1))
    sleep "$(jitter "$pause")" &
    child=$!
    wait "$child"
    child=
  done
}

# --- installing ---

# The worker's key logs in to the account on this PC. The mark at its end is how --uninstall finds it.
authorize_worker() {
  [ -n "$worker_key" ] || return 0
  home=$(getent passwd "$login" | cut -d: -f6)
  [ -n "$home" ] || { echo "There is no account $login on this PC: make it, then run this again."; return 0; }
  keys=$home/.ssh/authorized_keys
  grep -qF "$worker_key" "$keys" 2>/dev/null && return 0
  mkdir -p "$home/.ssh" && chmod 700 "$home/.ssh" && printf '%s\n' "$worker_key ssh-via-gateway-$code" >>"$keys" &&
    chmod 600 "$keys" && chown -R "$login" "$home/.ssh" || die "$keys cannot be written."
  did "$login takes the workers' key now"
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

# Containers have the program, and nobody who answers it.
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
    systemctl start "$service" && did "started the service"
  elif [ "$action" = update ] || [ -n "$changed" ]; then
    systemctl restart "$service" && did "restarted the service"
  fi
}

show_key() {
  echo
  echo "The public key of this PC's tunnel. Give it to whoever looks after the gateway:"
  echo
  echo "  ssh-via-gateway setup customer $code --key \"$(first_line "$key.pub")\""
}

install() {
  [ "$(id -u)" = 0 ] || die "Root is needed for this: sudo sh $0"
  [ -f "$0" ] || die "Save this script to a file first, then: sh FILE"
  for tool in ssh ssh-keygen; do
    command -v "$tool" >/dev/null 2>&1 || die "There is no $tool on this PC: install the OpenSSH client (apt install openssh-client)."
  done
  command -v sshd >/dev/null 2>&1 || [ -x /usr/sbin/sshd ] ||
    echo "There is no SSH server on this PC, so nobody can be let in yet: install it (apt install openssh-server)."
  umask 077
  mkdir -p "$state" && chmod 700 "$state" || die "$state cannot be made."
  if ! cmp -s "$0" "$state/tunnel.sh"; then
    cp "$0" "$state/tunnel.sh.new" && mv -f "$state/tunnel.sh.new" "$state/tunnel.sh" || die "$state cannot be written."
    did "installed into $state"
  fi
  if [ ! -s "$key" ]; then
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
  pid=$(first_line "$state/pid")
  is_running "$pid" || return 0
  kill "$pid" 2>/dev/null
  waited=0
  while is_running "$pid" && [ "$waited" -lt 5 ]; do sleep 1; waited=$((waited + 1)); done
}

uninstall() {
  [ "$(id -u)" = 0 ] || die "Root is needed for this: sudo sh $0 --uninstall"
  stop
  home=$(getent passwd "$login" | cut -d: -f6)
  if [ -n "$worker_key" ] && [ -n "$home" ] && grep -q " ssh-via-gateway-$code\$" "$home/.ssh/authorized_keys" 2>/dev/null; then
    sed -i "/ ssh-via-gateway-$code\$/d" "$home/.ssh/authorized_keys"
  fi
  rm -rf "$state"
  rmdir /var/lib/ssh-via-gateway-pc 2>/dev/null
  echo "Everything was taken away. On the gateway: ssh-via-gateway setup remove $code"
}

show_status() {
  pid=$(first_line "$state/pid")
  last=$(grep -E ' (up|down|connecting|stopped|check|broken)' "$log" 2>/dev/null | tail -n 1)
  if is_running "$pid"; then running="process $pid"; else running="not running"; fi
  echo "tunnel of $code to $gateway_host port $port: $running"
  echo "last: ${last:-nothing yet}"
  is_running "$pid" || return 1
  [ -z "$socket" ] || return 0
  case $last in *' up'* | *' check banner'*) return 0 ;; *) return 1 ;; esac
}

case $action in
  install | update) install ;;
  uninstall) uninstall ;;
  status) show_status ;;
  key) show_key ;;
  run) keep ;;
  help) sed -n '2,/^set -u/p' "$0" | sed '$d; s/^# \{0,1\}//' ;;
esac
