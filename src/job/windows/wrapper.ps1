# A process of its own, outside sshd's job object: makes the claim, and if it succeeds, runs the command and records its
# end. What it needs from its start is read before the claim: once that is gone, so is the reason to run. Output is
# copied from the pipes to the files byte by byte; PowerShell's own redirection would decode it.
$ErrorActionPreference='Stop'
try{
  $command=[IO.File]::ReadAllText((Get-Path ('command.'+$nonce)))
  $settings=[IO.File]::ReadAllText((Get-Path ('environment.'+$nonce)))
  $process=[Diagnostics.Process]::GetCurrentProcess()
  $start=[string]$process.StartTime.ToFileTimeUtc()+'-'+$process.Id
  $alive=New-Object IO.FileStream((Get-Path ('alive.'+$start)),[IO.FileMode]::CreateNew,[IO.FileAccess]::ReadWrite,[IO.FileShare]::None)
  $claim='1:'+$process.Id+':'+$start+':-:'+$fingerprint+':'+(Get-Now)+':'+$nonce+':'+$id
  # Reserves space for the last line, so that a full disk cannot swallow it.
  $exitFile=Get-Path ('exit.'+$start)
  [IO.File]::WriteAllText($exitFile,' '*80)
  if(-not (Set-Claim $claim $start)){
    $alive.Dispose()
    [IO.File]::Delete((Get-Path ('alive.'+$start)))
    [IO.File]::Delete($exitFile)
    Remove-Task $nonce
    exit 0
  }
}catch{
  # Whoever comes after the claim finds nothing, and nobody waits for its answer.
  try{if(-not [IO.File]::Exists((Get-Path 'claim'))){[IO.File]::WriteAllText((Get-Path ('error.'+$nonce)),[string]$_)}}catch{}
  exit 1
}
foreach($name in 'command','environment','wrapper'){try{[IO.File]::Delete((Get-Path ($name+'.'+$nonce)))}catch{}}
try{
  [IO.File]::WriteAllText((Get-Path 'pid'),[string]$process.Id)
  [IO.File]::WriteAllText((Get-Path 'command'),$command)
}catch{}
# WMI starts processes with a service's environment; this is that of the session that asked.
foreach($setting in $settings.Split([char]0)){
  $at=$setting.IndexOf('=')
  if($at -gt 0){[Environment]::SetEnvironmentVariable($setting.Substring(0,$at),$setting.Substring($at+1))}
}
function New-Output($name){
  # A buffer of one byte means none: what the command wrote is in the file at once.
  New-Object IO.FileStream((Get-Path $name),[IO.FileMode]::Create,[IO.FileAccess]::Write,([IO.FileShare]'ReadWrite,Delete'),1)
}
# Written under another name, then moved: it exists completely or not at all.
function Write-Exit($line){
  $bytes=[Text.Encoding]::ASCII.GetBytes($line)
  $file=New-Object IO.FileStream($exitFile,[IO.FileMode]::Open)
  try{$file.Write($bytes,0,$bytes.Length);$file.SetLength($bytes.Length)}finally{$file.Dispose()}
  [IO.File]::Move($exitFile,(Get-Path 'exit'))
}
try{
  $out=New-Output 'stdout'
  $err=New-Output 'stderr'
  $info=New-Object Diagnostics.ProcessStartInfo
  $info.FileName=$env:ComSpec
  # With /s, cmd.exe removes these two quotes and leaves the command as it is.
  $info.Arguments='/d /s /c "'+$command+'"'
  $info.WorkingDirectory=$folder
  $info.UseShellExecute=$false
  $info.CreateNoWindow=$true
  $info.RedirectStandardInput=$true
  $info.RedirectStandardOutput=$true
  $info.RedirectStandardError=$true
  $child=[Diagnostics.Process]::Start($info)
  # The writer on top would send a byte order mark.
  $child.StandardInput.BaseStream.Close()
  $pumps=[Threading.Tasks.Task[]]@($child.StandardOutput.BaseStream.CopyToAsync($out),$child.StandardError.BaseStream.CopyToAsync($err))
  $limit=if($timeLimit){(Get-Now)+[long]$timeLimit}else{[long]::MaxValue}
  while(-not $child.WaitForExit(500)){
    $isLate=(Get-Now) -ge $limit
    if($isLate){try{[IO.File]::WriteAllText((Get-Path 'killed'),'KILL')}catch{}}
    # Here, and not in the caller, whose connection may end in the middle of it. The note then stands for an exit code.
    $isKilled=[IO.File]::Exists((Get-Path 'killed'))
    if($isLate -or $isKilled){
      if($isKilled){$exitFile=''}
      Stop-Tree @{Id=$child.Id;Start=$child.StartTime.ToFileTimeUtc()}
      [void]$child.WaitForExit(5000)
      break
    }
    # The disk is full: better a broken pipe for the command than waiting forever.
    if($pumps[0].IsFaulted){$child.StandardOutput.BaseStream.Dispose()}
    if($pumps[1].IsFaulted){$child.StandardError.BaseStream.Dispose()}
  }
  # What the command has started may hold the pipes open; the command itself has ended.
  try{[void][Threading.Tasks.Task]::WaitAll($pumps,5000)}catch{}
  if($exitFile){$code=[BitConverter]::ToUInt32([BitConverter]::GetBytes([int]$child.ExitCode),0)}
}catch{
  $code=1
  $problem=[Text.Encoding]::UTF8.GetBytes([string]$_+[Environment]::NewLine)
  try{$err.Write($problem,0,$problem.Length)}catch{}
}
try{$out.Dispose()}catch{}
try{$err.Dispose()}catch{}
$line=[string]$code+' '+(Get-Now)+' - end'
for($try=0;$exitFile -and $try -lt 600;$try++){
  try{Write-Exit $line;break}catch{Start-Sleep -Milliseconds 1000}
}
Remove-Task $nonce
exit 0
