# Prints the SHA-256 of the first $n bytes of a file; its name is inserted in place of $file below.
$ErrorActionPreference='Stop'
$ProgressPreference='SilentlyContinue'
$stream=[IO.File]::Open($file,'Open','Read','ReadWrite')
$sum=[Security.Cryptography.SHA256]::Create()
$bytes=New-Object byte[] 1048576
while($n -gt 0){
  $read=$stream.Read($bytes,0,[int][Math]::Min($n,[long]$bytes.Length))
  if($read -le 0){break}
  [void]$sum.TransformBlock($bytes,0,$read,$bytes,0)
  $n-=$read
}
[void]$sum.TransformFinalBlock($bytes,0,0)
[BitConverter]::ToString($sum.Hash).Replace('-','')
