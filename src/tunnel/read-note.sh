# embed: one line
# Prints `note PID START BOOT` of the port $port.
{ read -r pid was at < "$HOME/$notes/$port"; } 2>/dev/null && echo "note $pid $was $at"
