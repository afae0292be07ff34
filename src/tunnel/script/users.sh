# embed: one line
# Prints `user UID NAME` for everyone who has a socket.
for u in $(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | while read -r sl local remote st queue timer retr owner rest; do echo "$owner"; done | sort -u); do
  case "$u" in
    *[!0-9]*) ;;
    *) echo "user $u $(id -nu "$u" 2>/dev/null)";;
  esac
done
