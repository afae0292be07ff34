# embed: one line
# Prints `self PID START COMM` of the sshd process that serves this very connection, and `uid UID`.
stat_of "$PPID" && echo "self $PPID $start $comm"
echo "uid $(id -u)"
