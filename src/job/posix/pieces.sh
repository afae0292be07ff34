# Prints file $1, which had $2 bytes, from offset $3: $4 blocks are skipped, then all bytes before number $5.
piece() {
  if [ "$2" -gt "$3" ]; then dd if="$1" bs=65536 skip="$4" count="$blocks" 2>/dev/null | tail -c "+$5"; fi
}
piece stdout "$out" $stdout_at
printf "%s\n" "$mark" >&2
piece stderr "$err" $stderr_at >&2
