#!/bin/sh
# Stands for cmd.exe: /d /s /c and a command, which sh runs.
while [ "$1" = /d ] || [ "$1" = /s ] || [ "$1" = /c ]; do shift; done
exec /bin/sh -c "$*"
