# Creates a customer's account on the gateway, or updates it: completely or not at all.
umask 022
alone
command -v useradd >/dev/null 2>&1 || fail "There is no useradd on this gateway."
getent group "$group" >/dev/null || fail "There is no group $group on this gateway: run setup gateway first."
mark="ssh-via-gateway $code"
[ "${#mark}" -gt 0 ] || exit 1
made=
finished=
# shellcheck disable=SC2329 # called by the trap
undo() {
  [ -n "$finished" ] || [ -z "$made" ] || { userdel -r "$account" >/dev/null 2>&1; say "undone"; }
}
trap undo EXIT
trap "exit 1" HUP INT TERM

# Nobody else may have the port, up or not, nor the key: a tunnel would end where another PC is expected.
for other in $(getent group "$group" | cut -d: -f4 | tr "," " "); do
  [ "$other" != "$account" ] || continue
  home=$(getent passwd "$other" | cut -d: -f6)
  ! grep -qF "permitlisten=\"$port\"" "$home/.ssh/authorized_keys" 2>/dev/null || fail "Port $port belongs to the account $other."
  [ -z "$key" ] || ! grep -qF "$key" "$home/.ssh/authorized_keys" 2>/dev/null ||
    fail "The key is that of the account $other already. Is this PC a copy of another one? Take -Uninstall on it, and install anew: then it makes a key of its own."
done
entry=$(getent passwd "$account")
uid=$(printf "%s" "$entry" | cut -d: -f3)
for holder in $(listeners_on "$port"); do
  [ "$holder" = "$uid" ] || fail "Port $port is in use on the gateway by $(getent passwd "$holder" | cut -d: -f1 || say "uid $holder"): take another one, or look there with: ss -ltnp"
done
if [ -n "$entry" ]; then
  [ "$uid" != 0 ] && id -nG "$account" | tr " " "\n" | grep -qx "$group" ||
    fail "The account $account exists and is not of the group $group: take another name with --account."
  owner=$(printf "%s" "$entry" | cut -d: -f5)
  case $owner in
    "ssh-via-gateway "*) ;;
    *) fail "The account $account exists and was not made for a customer: take another name with --account." ;;
  esac
  [ "$owner" = "$mark" ] || fail "The account $account is of another customer (\"$owner\"): take another name with --account."
fi
home=$(printf "%s" "$entry" | cut -d: -f6)
keys=$home/.ssh/authorized_keys
if [ -n "$entry" ] && [ -n "$line" ] && [ -s "$keys" ] && [ -z "$replace" ]; then
  read -r there <"$keys"
  case $there in *" $key"*) ;; *) fail "The account $account has another key already. If the PC has a new one: --replace-key." ;; esac
fi

if [ -z "$entry" ]; then
  # What is there belongs to someone, and might even let a key in.
  base=$(useradd -D 2>/dev/null | sed -n "s/^HOME=//p")
  [ ! -e "${base:-/home}/$account" ] || fail "There is no account $account, but there is ${base:-/home}/$account already: move that away first."
  useradd -m -c "$mark" -s /bin/sh -G "$group" -p "*" "$account" >/dev/null || fail "useradd could not make the account $account."
  made=1
  home=$(getent passwd "$account" | cut -d: -f6)
  keys=$home/.ssh/authorized_keys
  say "did made the account $account"
elif [ "$(getent shadow "$account" | cut -d: -f8)" = 0 ]; then
  usermod -e "" -p "*" "$account" || fail "The account $account could not be opened again."
  say "did opened the account $account again"
fi
# No key helps an account that sshd keeps out.
sshd=/usr/sbin/sshd
config=/etc/ssh/sshd_config
[ ! -r "$state/sshd" ] || { read -r sshd && read -r config; } <"$state/sshd"
now=$(mktemp) || fail "No temporary file can be made."
problem=
! effective "$account" >"$now" 2>/dev/null || problem=$(keeps_out "$now" "$account" "the account $account")
rm -f "$now"
[ -z "$problem" ] || fail "$problem, so its PC could not log in."
# Restores what sshd needs, whatever state the account is in: its shell runs the helper, its home keeps the helper's
# note.
if [ "$(getent passwd "$account" | cut -d: -f7)" != /bin/sh ]; then
  usermod -s /bin/sh "$account" || fail "The account $account could not get its shell back."
  say "did gave the account $account its shell back"
fi
if [ ! -d "$home" ]; then
  mkdir -p "$home" && chown "$account:" "$home" && chmod 755 "$home" || fail "$home cannot be made."
  say "did made $home anew"
fi
if [ -n "$line" ] && [ "$(cat "$keys" 2>/dev/null)" != "$line" ]; then
  # Owned by root: the account cannot change what it may do.
  mkdir -p "$home/.ssh" && chown root:root "$home/.ssh" && chmod 755 "$home/.ssh" || fail "$home/.ssh cannot be made."
  had_key=
  [ ! -s "$keys" ] || had_key=1
  back_up "$keys" || fail "No backup could be written to $state/backup."
  put "$keys" "$line
" 644 || fail "$keys cannot be written."
  limit=", which may listen on port $port only"
  [ -z "$workers" ] || limit=
  say "did wrote its key$limit"
  # Sessions that logged in with the old key no longer belong here.
  [ -z "$had_key" ] || end_sessions "$account" "$uid"
fi
if [ -n "$workers" ]; then
  sockets=$state/$account
  getent group "$workers" >/dev/null || fail "There is no group $workers on this gateway: run setup gateway --layout socket first."
  [ -d "$sockets" ] || say "did made $sockets for its socket"
  mkdir -p "$sockets" && chown "$account:$workers" "$sockets" && chmod 2750 "$sockets" || fail "$sockets cannot be made."
fi
finished=1
[ -s "$keys" ] || say "nokey"
say "done"
