# Reads the script $s, base64 of $n bytes, from stdin; what follows it is left for the script.
$b=New-Object byte[] $n;$r=0;$i=[Console]::OpenStandardInput()
while($r -lt $b.Length){$k=$i.Read($b,$r,$b.Length-$r)
  if($k -lt 1){[Console]::Error.WriteLine('The script did not arrive whole.');exit 1};$r+=$k}
$s=[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String([Text.Encoding]::ASCII.GetString($b)))
