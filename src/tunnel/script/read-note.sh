# embed: one line
# Prints the note of the port $port: `note` and the words that write-note.sh wrote.
[ -f "$HOME/$notes/$port" ] && echo "note $(head -c 200 "$HOME/$notes/$port" 2>/dev/null | head -n 1)"
