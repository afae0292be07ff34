cd "$dir" 2>/dev/null && dir=$PWD && cd "$dir/$id" 2>/dev/null || { printf "%s absent=1\n" "$mark"; exit 0; }
look "before" >/dev/null
# From here on, $2 to $7 are the claim's pid, start, boot, fingerprint, time and flags.
IFS=:
set -- $claim
unset IFS
alive=
if [ -n "$live" ] && [ "$live" = "$3" ] && [ "$boot" = "$4" ]; then alive=1; fi
