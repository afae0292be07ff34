#!/bin/sh
# What sshd runs for every command: stands for cmd.exe, the default shell of OpenSSH for Windows. STAND_IN is a folder
# with the stand-ins and the settings of this PC; sshd sets it.
PATH=$STAND_IN/bin:$PATH
[ -e "$STAND_IN/no-schtasks" ] || PATH=$STAND_IN/tools:$PATH
export PATH STAND_IN LD_PRELOAD="$STAND_IN/lib/every-process.so"
export SystemRoot="$STAND_IN/Windows" ComSpec="$STAND_IN/bin/cmd.exe" LOCALAPPDATA="$HOME/AppData/Local"
export MARK_OF_SESSION=session
case $SSH_ORIGINAL_COMMAND in
  "powershell "*)
    # Only letters, digits and = / + - come here.
    # shellcheck disable=SC2086
    exec $SSH_ORIGINAL_COMMAND
    ;;
  internal-sftp) exec /usr/lib/openssh/sftp-server ;;
  *) exec /bin/sh -c "$SSH_ORIGINAL_COMMAND" ;;
esac
