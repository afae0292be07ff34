// Made from the scripts of this folder by scripts/embed-scripts.mjs: change those, then run `npm run embed`.

/** enter.sh */
export const enter = `cd "$dir" 2>/dev/null && dir=$PWD && cd "$dir/$id" 2>/dev/null || { printf "%s absent=1\\n" "$mark"; exit 0; }
look "before" >/dev/null
IFS=:
set -- $claim
unset IFS
alive=
if [ -n "$live" ] && [ "$live" = "$3" ] && [ "$boot" = "$4" ]; then alive=1; fi
`;

/** kill.sh */
export const kill = `below() {
ps -A -o pid= -o ppid= | awk -v top="$1" "{ up[\\$1] = \\$2 }
END { for (p in up) { q = up[p]; while (q in up && q != top) q = up[q]; if (q == top) print p } }"
}
send() {
if [ "$flags" = group ]; then
kill -"$1" -"$pid" 2>/dev/null
else
signal=$1
set -- $(below "$pid")
[ $# -eq 0 ] || kill -"$signal" "$@" 2>/dev/null
[ "$signal" != KILL ] || kill -KILL "$pid" 2>/dev/null
fi
}
still() {
if [ "$flags" != group ]; then live "$pid"; [ -n "$live" ]; return; fi
kill -0 -"$pid" 2>/dev/null || return 1
command -v ps >/dev/null 2>&1 || return 0
ps -A -o pgid= -o stat= | awk -v group="$pid" "\\$1 == group && \\$2 !~ /^Z/ { found = 1 } END { exit !found }"
}
await_end() {
tenths=0
while still && [ "$tenths" -lt "$1" ]; do
if sleep 0.1 2>/dev/null; then tenths=$((tenths + 1)); else sleep 1; tenths=$((tenths + 10)); fi
done
}
if [ -n "$alive" ]; then
pid=$2
flags=$7
umask 077
printf "TERM\\n" >killed
send TERM
await_end "$grace"
if still; then
printf "KILL\\n" >killed
send KILL
await_end 50
fi
fi
look "$mark"
`;

/** library.sh */
export const library = `live() {
live=
if [ -r /proc/self/stat ]; then
{ read -r live <"/proc/$1/stat"; } 2>/dev/null || live=
live=\${live##*") "}
case $live in
""|[ZXx]*) live= ;;
*) set -- $live; live=\${20} ;;
esac
else
live=$(TZ=UTC0 LC_ALL=C ps -o stat= -o lstart= -p "$1" 2>/dev/null | tr -s " :" "__")
live=\${live#_}
case $live in
Z*) live= ;;
*) live=\${live#*_}; live=\${live%_} ;;
esac
fi
}
boot() {
if [ -r /proc/sys/kernel/random/boot_id ]; then
read -r boot </proc/sys/kernel/random/boot_id
else
boot=$({ sysctl -n kern.bootsessionuuid || sysctl -n kern.boot_id; } 2>/dev/null | tr -cd "A-Za-z0-9-")
fi
boot=\${boot:--}
}
now() {
now=$(date +%s%3N 2>/dev/null)
case $now in
""|*[!0-9]*) now=$(date +%s)000 ;;
esac
}
claim() {
claim=$(readlink claim 2>/dev/null) || claim=$(ls -ld claim 2>/dev/null | sed -n "s/.* -> //p")
}
size() {
size=0
if [ -f "$1" ]; then set -- $(ls -ln "$1"); size=$5; fi
}
look() {
claim
pid=\${claim#1:}; pid=\${pid%%:*}
case $pid in
""|*[!0-9]*) live= ;;
*) live "$pid" ;;
esac
boot; now
exit=; killed=
if [ -r exit ]; then read -r code time signal end <exit; exit=$code,$time,$signal,$end; fi
if [ -r killed ]; then read -r killed <killed; fi
size stdout; out=$size
size stderr; err=$size
{ [ -n "$live" ] && [ -z "$exit" ]; } || in_place || claim=
printf "%s claim=%s live=%s boot=%s exit=%s killed=%s out=%s err=%s now=%s\\n" \\
"$1" "$claim" "$live" "$boot" "$exit" "$killed" "$out" "$err" "$now"
}
nap() {
sleep 0.1 2>/dev/null || sleep 1
}
in_place() {
set -- $(ls -di . 2>/dev/null)
here=$1
set -- $(ls -di "$dir/$id/." 2>/dev/null)
[ -n "$here" ] && [ "$1" = "$here" ]
}
discard() {
live $$
boot
me=$$:$live:$boot
lock=removing
while ! ln -s "$me" "$lock" 2>/dev/null; do
owner=$(readlink "$lock" 2>/dev/null)
[ -n "$owner" ] || return 0
live "\${owner%%:*}"
[ "$owner" != "\${owner%%:*}:$live:$boot" ] || return 1
lock=after-$owner
done
in_place || return 0
why=$(mv "$dir/$id" "$dir/.trash-$nonce" 2>&1) || { printf "%s\\n" "$why" >&2; exit 74; }
cd "$dir" || :
rm -rf "$dir/.trash-$nonce" 2>/dev/null || rm -rf "$dir/.trash-$nonce" 2>/dev/null
return 0
}
`;

/** list.sh */
export const list = `cd "$dir" 2>/dev/null || { printf "%s count=0\\n" "$mark"; exit 0; }
dir=$PWD
printf "%s count=1\\n" "$mark"
rm -rf "$dir"/.trash-*
for folder in "$dir"/*; do
id=\${folder##*/}
[ -d "$folder" ] && cd "$folder" && look "job=$id"
done
exit 0
`;

/** look.sh */
export const look = `cd "$dir" 2>/dev/null && dir=$PWD
if ! cd "$dir/$id" 2>/dev/null; then
[ -d "$dir/$id" ] && { printf "the folder of job %s cannot be entered\\n" "$id" >&2; exit 77; }
printf "%s absent=1\\n" "$mark"
exit 0
fi
look "$mark"
`;

/** pieces.sh */
export const pieces = `piece() {
if [ "$2" -gt "$3" ]; then dd if="$1" bs=65536 skip="$4" count="$blocks" 2>/dev/null | tail -c "+$5"; fi
}
piece stdout "$out" $stdout_at
printf "%s\\n" "$mark" >&2
piece stderr "$err" $stderr_at >&2
`;

/** remove.sh */
export const remove = `tries=0
if [ -z "$claim" ]; then
ln -s removed claim 2>/dev/null || alive=1
fi
if [ -n "$alive" ] && [ "\${exit##*,}" != end ]; then
printf "%s running=1\\n" "$mark"
exit 0
fi
until discard || [ "$tries" -gt 50 ]; do
nap
tries=$((tries + 1))
done
printf "%s removed=1\\n" "$mark"
`;

/** runner.sh */
export const runner = `printf "%s\\n" "$$" >pid
printf "%s\\n" "$6" >command
printf "%60s\\n" "" >exit.new
trap : HUP INT TERM
( cd "$4" && umask "$5" && exec "\${SHELL:-/bin/sh}" -c "$6" ) </dev/null >stdout 2>stderr
code=$?
name=
if [ "$code" -gt 128 ] && [ "$code" -lt 160 ]; then name=$(kill -l "$code" 2>/dev/null); fi
now
printf "%s %s %s end\\n" "$code" "$now" "\${name:--}" 1<>exit.new
mv exit.new exit
`;

/** start.sh */
export const start = `eval "$library"
umask=$(umask)
umask 077
home=$PWD
why=$(mkdir -p "$dir" 2>&1)
cd "$dir" && dir=$PWD || { printf "%s\\n" "$why" >&2; exit 73; }
room() {
blocks=$((32 + \${#command} / 1024))
why=$(dd if=/dev/zero of="room.$nonce" bs=4096 count="$blocks" 2>&1 | sed 1q)
size "room.$nonce"
rm -f "room.$nonce"
[ "$size" -eq $((blocks * 4096)) ]
}
answer=
tries=0
while [ "$tries" -lt 50 ]; do
tries=$((tries + 1))
why=$(mkdir "$dir/$id" 2>&1)
if ! cd "$dir/$id" 2>/dev/null; then
[ -d "$dir/$id" ] || [ "$tries" -gt 10 ] || { nap; continue; }
printf "%s\\n" "\${why:-"cannot enter $dir/$id"}" >&2
exit 73
fi
claim
case $claim in
removed)
discard || nap
continue
;;
?*) break ;;
esac
if in_place && ! room; then
cd "$dir" && rmdir "$dir/$id" 2>/dev/null
printf "the disk is full: %s\\n" "$why" >&2
exit 74
fi
flags=group
if command -v setsid >/dev/null 2>&1; then
set -- setsid
elif command -v perl >/dev/null 2>&1; then
set -- perl -e "use POSIX; POSIX::setsid(); exec @ARGV"
else
set -- nohup
flags=
fi
answer=$("$@" /bin/sh -c "$library$wrapper" "ssh-via-gateway job $id" \\
"$id" "$fingerprint" "$flags" "$home" "$umask" "$command" "$dir" "$runner" "$library" 3>&1 </dev/null >/dev/null 2>&1 &)
claim
in_place || continue
case $claim in
1:*) break ;;
"") [ "$tries" -lt 3 ] || break ;;
esac
done
look "$mark answer=\${answer%% *}"
printf "%s" "\${answer#* }" >&2
`;

/** wrapper.sh */
export const wrapper = `live $$
boot
now
id=$1
dir=$7
library=$9
if why=$(ln -s "1:$$:\${live:--}:$boot:$2:$now:$3:$1" claim 2>&1); then
answer=claimed
else
answer="refused $why"
fi
in_place || answer="refused: the job was removed meanwhile"
trap "" PIPE
printf "%s" "$answer" >&3
trap - PIPE
[ "$answer" = claimed ] || exit 0
exec /bin/sh -c "$library$8" "$0" "$@" 3>&-
`;
