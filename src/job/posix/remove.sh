# A job that nobody has claimed is claimed for its removal, so that nobody can start it meanwhile.
tries=0
if [ -z "$claim" ]; then
  ln -s removed claim 2>/dev/null || alive=1
fi
if [ -n "$alive" ] && [ "${exit##*,}" != end ]; then
  printf "%s running=1\n" "$mark"
  exit 0
fi
until discard || [ "$tries" -gt 50 ]; do
  nap
  tries=$((tries + 1))
done
printf "%s removed=1\n" "$mark"
