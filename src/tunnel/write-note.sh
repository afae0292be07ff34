# embed: one line
# Notes who serves this connection as the holder of $port, with the machine and the tunnel behind it, and prints `noted PID START BOOT`.
umask 077
d="$HOME/$notes"
mkdir -p "$d" && stat_of "$PPID" && is_sshd &&
  echo "$PPID $start $boot $machine $tunnel" > "$d/.$port.$$" && mv -f "$d/.$port.$$" "$d/$port" && echo "noted $PPID $start $boot"
