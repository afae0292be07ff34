# Puts the settings of a gateway in place: all of them, checked, or none.
umask 022
alone
dropin=$folder/$name
# The previous state. It outlives this process: if this one is killed, the next one finds it.
work=$state/pending
keep() {
  [ ! -e "$1" ] || cp -p "$1" "$work/$(basename "$1")" || fail "$1 cannot be read."
}
restore() {
  if [ -e "$work/$(basename "$1")" ]; then cp -p "$work/$(basename "$1")" "$1.old" && mv -f "$1.old" "$1"; else rm -f "$1"; fi
}
# Its mark is removed first: there is no way back to half a copy.
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
    # With socket activation, the next sshd reads the settings by itself.
    systemctl is-active --quiet ssh.socket sshd.socket && return 0
  fi
  pid_file=$(setting pidfile)
  { read -r pid <"$pid_file"; } 2>/dev/null || { say "no running sshd is known by $pid_file; --reload COMMAND says how"; return 1; }
  kill -HUP "$pid" 2>&1
}
# Whether sshd sends its host keys on the first address on which it listens.
answers() {
  command -v ssh-keyscan >/dev/null 2>&1 || return 0
  address=$(setting listenaddress)
  host=${address%:*}
  host=${host#[}
  host=${host%]}
  case $host in 0.0.0.0) host=127.0.0.1 ;; ::) host=::1 ;; esac
  ssh-keyscan -T 1 -p "${address##*:}" "$host" 2>/dev/null | grep -q .
}
of_root() { effective root 2>/dev/null | grep -v "^maxstartups " >"$work/$1"; }

# An earlier run was killed: what it has changed is undone.
if [ -e "$work/saved" ]; then
  read -r begun <"$work/saved"
  restore "$begun"
  restore "$helper"
  reloaded=1
  say "did took back what an interrupted set-up had begun"
fi
for left in $(getent passwd | sed -n "s/^\(tunnel-check-[0-9]*\):.*:\/nonexistent:.*/\1/p"); do userdel "$left" 2>/dev/null; done
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

# What sshd would really use for an account of the group, named like the others: settings may depend on the name.
witness=tunnel-check-$$
useradd -r -M -d /nonexistent -s /usr/sbin/nologin -G "$group" "$witness" 2>/dev/null || { witness=; fail "No account for the check can be made (useradd)."; }
effective "$witness" >"$work/now" 2>&1 || fail "sshd -T does not take the new settings; the old ones are back: $(cat "$work/now")"
userdel "$witness" 2>/dev/null
witness=
problem=$(obstacle "$work/now")
[ -z "$problem" ] || fail "$problem$back"
of_root after
cmp -s "$work/before" "$work/after" || fail "The settings of root would change; the old ones are back: $(diff "$work/before" "$work/after")"

# For setup customer, which has to ask it too.
printf "%s\n" "$sshd" "$config" >"$state/sshd" || fail "$state cannot be written.$back"
if [ -z "$changed" ]; then
  finished=1
  say "done"
  exit
fi
problem=$(reload_sshd) || { reloaded=1; fail "sshd could not be reloaded; the old settings are back: ${problem:-no answer}"; }
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
