# Without a console, the code page cannot be set; then only PowerShell's own output can be made UTF-8.
$OutputEncoding=New-Object Text.UTF8Encoding $false
try{[Console]::OutputEncoding=$OutputEncoding;[Console]::InputEncoding=$OutputEncoding}catch{
  $w=New-Object IO.StreamWriter([Console]::OpenStandardOutput(),$OutputEncoding);$w.AutoFlush=$true;[Console]::SetOut($w)
  $w=New-Object IO.StreamWriter([Console]::OpenStandardError(),$OutputEncoding);$w.AutoFlush=$true;[Console]::SetError($w)}
