#!/bin/sh
# Runs a command line in a session of its own, outside of the SSH session, in a service's environment. Prints its id.
cd "$1" || exit 1
# shellcheck disable=SC2154
eval "exec setsid env -i HOME='$HOME' PATH='$PATH' STAND_IN='$STAND_IN' LD_PRELOAD='$LD_PRELOAD' SystemRoot='$SystemRoot' ComSpec='$ComSpec' $2" \
  </dev/null >/dev/null 2>&1 &
echo $!
