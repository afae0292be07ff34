eval "$library"
umask=$(umask)
umask 077
home=$PWD
why=$(mkdir -p "$dir" 2>&1)
cd "$dir" && dir=$PWD || { printf "%s\n" "$why" >&2; exit 73; }
# A full disk still accepts empty files; better to find out before the command runs than to lose its result.
room() {
  blocks=$((32 + ${#command} / 1024))
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
    # It existed, and was removed before we entered it.
    [ -d "$dir/$id" ] || [ "$tries" -gt 10 ] || { nap; continue; }
    printf "%s\n" "${why:-"cannot enter $dir/$id"}" >&2
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
    printf "the disk is full: %s\n" "$why" >&2
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
  # The wrapper holds nothing of the session but this pipe, and that only until it has answered.
  answer=$("$@" /bin/sh -c "$library$wrapper" "ssh-via-gateway job $id" \
    "$id" "$fingerprint" "$flags" "$home" "$umask" "$command" "$dir" "$runner" "$library" 3>&1 </dev/null >/dev/null 2>&1 &)
  claim
  in_place || continue
  # If there is no claim now, none can be made any more.
  case $claim in
    1:*) break ;;
    "") [ "$tries" -lt 3 ] || break ;;
  esac
done
look "$mark answer=${answer%% *}"
printf "%s" "${answer#* }" >&2
