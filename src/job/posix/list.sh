cd "$dir" 2>/dev/null || { printf "%s count=0\n" "$mark"; exit 0; }
dir=$PWD
printf "%s count=1\n" "$mark"
rm -rf "$dir"/.trash-*
for folder in "$dir"/*; do
  id=${folder##*/}
  [ -d "$folder" ] && cd "$folder" && look "job=$id"
done
exit 0
