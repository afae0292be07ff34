# Ends a customer on the gateway: its key, its account, its sessions. The account stays, closed, so that its name stays
# taken.
alone
entry=$(getent passwd "$account")
uid=$(printf "%s" "$entry" | cut -d: -f3)
if [ -n "$entry" ]; then
  owner=$(printf "%s" "$entry" | cut -d: -f5)
  if [ "$uid" = 0 ]; then fail "The account $account is root."; fi
  if [ "$account" = "${SUDO_USER-}" ]; then fail "The account $account is your own."; fi
  case $owner in
    "ssh-via-gateway $code") ;;
    ssh-via-gateway*) fail "The account $account is of another customer (\"$owner\")." ;;
    *) [ -n "$adopt" ] || fail "The account $account was not made by setup customer (\"$owner\"). If it is this customer's alone: --adopt." ;;
  esac
  home=$(printf "%s" "$entry" | cut -d: -f6)
  for keys in "$home/.ssh/authorized_keys" "$home/.ssh/authorized_keys2"; do
    [ -e "$keys" ] || continue
    back_up "$keys" || fail "No backup could be written to $state/backup."
    rm -f "$keys" || fail "$keys cannot be removed."
    say "did took its key away"
  done
  if [ "$(getent shadow "$account" | cut -d: -f8)" != 0 ]; then
    # A locked password (usermod -L) does not stop a key; an expired account does.
    chage -E 0 "$account" || fail "The account $account could not be closed."
    say "did closed the account $account"
  fi
  end_sessions "$account" "$uid"
  rm -f "$state/$account/pc.sock"
fi
for holder in $(listeners_on "$port"); do
  [ "$holder" != "$uid" ] || fail "Port $port is still held by $account."
  say "held $(getent passwd "$holder" | cut -d: -f1)"
done
say "done"
