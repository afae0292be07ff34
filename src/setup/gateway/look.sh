# Examines a gateway: what there is of ours, and what stands in the way. Changes nothing.
command -v "$sshd" >/dev/null 2>&1 || fail "There is no $sshd here: install the OpenSSH server first."
[ -r "$config" ] || fail "There is no $config."
broken=$("$sshd" -t -f "$config" 2>&1) || fail "The configuration of sshd is wrong already, before anything was changed: $broken"
# The first folder of `Include FOLDER/*.conf` before any Match block.
folder=$(awk "
  tolower(\$1) == \"match\" { exit }
  tolower(\$1) == \"include\" {
    for (i = 2; i <= NF; i++) {
      gsub(/\"/, \"\", \$i)
      if (\$i ~ /\\/\\*\\.conf\$/) { sub(/\\/\\*\\.conf\$/, \"\", \$i); print \$i; exit }
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
# What has been put in place may still not be what sshd uses.
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
