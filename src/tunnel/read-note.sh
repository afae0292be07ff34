# embed: one line
# Prints `note PID START BOOT` of the port $port.
[ -f "$HOME/$notes/$port" ] && echo "note $(head -c 200 "$HOME/$notes/$port" 2>/dev/null | head -n 1)"
