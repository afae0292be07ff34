# embed: one line
# Leaves word for the holder of $port that another tunnel requests it: `BOOT UPTIME MACHINE TUNNEL`.
umask 077
{ read -r up idle < /proc/uptime; } 2>/dev/null
mkdir -p "$HOME/$notes" 2>/dev/null && { echo "$boot ${up%%.*} $machine $tunnel" > "$HOME/$notes/.$port.wanted.$$"; } 2>/dev/null && mv -f "$HOME/$notes/.$port.wanted.$$" "$HOME/$notes/$port.wanted"
