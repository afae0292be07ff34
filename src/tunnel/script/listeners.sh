# embed: one line
# Prints `listener ADDRESS:PORT UID` (hexadecimal, as in /proc/net/tcp) for the listeners on the ports that match $ports.
grep -hE "^ *[0-9]+: [0-9A-F]+:$ports [0-9A-F]+:0000 0A " /proc/net/tcp /proc/net/tcp6 2>/dev/null |
  while read -r sl local remote st queue timer retr owner rest; do
    echo "listener $local $owner"
  done
