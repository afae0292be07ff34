# embed: one line
# Records the process that serves this connection as the holder of $port: process, machine, tunnel, when that was ($up,
# seconds after boot), the interval in seconds at which it is renewed ($every), and how long the target took to answer
# ($took). Prints `noted PID START BOOT`, and `wanted` with what the last requester left (see want.sh).
umask 077
d="$HOME/$notes"
{ read -r up idle < /proc/uptime; } 2>/dev/null
mkdir -p "$d" && stat_of "$PPID" && is_sshd &&
  echo "$PPID $start $boot $machine $tunnel ${up%%.*} $every $took" > "$d/.$port.$$" && mv -f "$d/.$port.$$" "$d/$port" && echo "noted $PPID $start $boot"
[ -f "$d/$port.wanted" ] && echo "wanted $(head -c 200 "$d/$port.wanted" 2>/dev/null | head -n 1)"
echo "now ${up%%.*}"
