# stdout follows the answer, stderr goes to this command's stderr: no length has to be known in advance.
cd "$dir" 2>/dev/null && dir=$PWD
if ! cd "$dir/$id" 2>/dev/null; then
  [ -d "$dir/$id" ] && { printf "the folder of job %s cannot be entered\n" "$id" >&2; exit 77; }
  printf "%s absent=1\n" "$mark"
  exit 0
fi
look "$mark"
