# Functions for all scripts. They contain no single quotes, so that quoting them again adds little.
# Sets `live` to the start time of process $1, or to nothing if it is gone. A zombie counts as gone.
live() {
  live=
  if [ -r /proc/self/stat ]; then
    { read -r live <"/proc/$1/stat"; } 2>/dev/null || live=
    live=${live##*") "}
    case $live in
      ""|[ZXx]*) live= ;;
      *) set -- $live; live=${20} ;;
    esac
  else
    live=$(TZ=UTC0 LC_ALL=C ps -o stat= -o lstart= -p "$1" 2>/dev/null | tr -s " :" "__")
    live=${live#_}
    case $live in
      Z*) live= ;;
      *) live=${live#*_}; live=${live%_} ;;
    esac
  fi
}
boot() {
  if [ -r /proc/sys/kernel/random/boot_id ]; then
    read -r boot </proc/sys/kernel/random/boot_id
  else
    boot=$({ sysctl -n kern.bootsessionuuid || sysctl -n kern.boot_id; } 2>/dev/null | tr -cd "A-Za-z0-9-")
  fi
  boot=${boot:--}
}
now() {
  now=$(date +%s%3N 2>/dev/null)
  case $now in
    ""|*[!0-9]*) now=$(date +%s)000 ;;
  esac
}
# shellcheck disable=SC2012
claim() {
  claim=$(readlink claim 2>/dev/null) || claim=$(ls -ld claim 2>/dev/null | sed -n "s/.* -> //p")
}
size() {
  size=0
  if [ -f "$1" ]; then set -- $(ls -ln "$1"); size=$5; fi
}
# Prints everything about the job in this folder. Whether it is alive is read before its exit.
look() {
  claim
  pid=${claim#1:}; pid=${pid%%:*}
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
  # In a folder that is being deleted, files vanish one after the other: nothing that was seen counts then.
  { [ -n "$live" ] && [ -z "$exit" ]; } || in_place || claim=
  printf "%s claim=%s live=%s boot=%s exit=%s killed=%s out=%s err=%s now=%s\n" \
    "$1" "$claim" "$live" "$boot" "$exit" "$killed" "$out" "$err" "$now"
}
nap() {
  sleep 0.1 2>/dev/null || sleep 1
}
# Whether the current folder still has the job's name: one that was moved away never gets it back.
in_place() {
  set -- $(ls -di . 2>/dev/null)
  here=$1
  set -- $(ls -di "$dir/$id/." 2>/dev/null)
  [ -n "$here" ] && [ "$1" = "$here" ]
}
# Deletes the job's folder, which is the current one. Only the holder of its lock may move it. A lock is a link that
# names its owner. If the owner has died, whoever creates the link named after it is the next owner. Fails while someone
# else is doing this.
discard() {
  live $$
  boot
  me=$$:$live:$boot
  lock=removing
  while ! ln -s "$me" "$lock" 2>/dev/null; do
    owner=$(readlink "$lock" 2>/dev/null)
    [ -n "$owner" ] || return 0
    live "${owner%%:*}"
    [ "$owner" != "${owner%%:*}:$live:$boot" ] || return 1
    lock=after-$owner
  done
  in_place || return 0
  why=$(mv "$dir/$id" "$dir/.trash-$nonce" 2>&1) || { printf "%s\n" "$why" >&2; exit 74; }
  cd "$dir" || :
  # A late process may put something into it.
  rm -rf "$dir/.trash-$nonce" 2>/dev/null || rm -rf "$dir/.trash-$nonce" 2>/dev/null
  return 0
}
