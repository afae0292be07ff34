# Its own process, outside of sshd's job object: makes the claim, and with it runs the command and notes its end.
# What it needs from its start it reads before the claim: when that is gone, so is the reason to run.
#
# Output goes from the pipes to the files byte by byte as it is; PowerShell's own redirection would decode it.
$ErrorActionPreference='Stop'
try{
  $command=[IO.File]::ReadAllText($job+'\command.'+$nonce)
  $settings=[IO.File]::ReadAllText($job+'\environment.'+$nonce)
  $process=[Diagnostics.Process]::GetCurrentProcess()
  $start=[string]$process.StartTime.ToFileTimeUtc()+'-'+$process.Id
  $alive=New-Object IO.FileStream(($job+'\alive.'+$start),[IO.FileMode]::CreateNew,[IO.FileAccess]::ReadWrite,[IO.FileShare]::None)
  $claim='1:'+$process.Id+':'+$start+':-:'+$fingerprint+':'+(Get-Now)+':'+$nonce+':'+$id
  if(-not (Set-Claim $claim $start)){
    $alive.Dispose()
    [IO.File]::Delete($job+'\alive.'+$start)
    exit 0
  }
}catch{
  try{[IO.File]::WriteAllText($job+'\error.'+$nonce,[string]$_)}catch{}
  exit 1
}
foreach($name in 'command','environment','wrapper'){try{[IO.File]::Delete($job+'\'+$name+'.'+$nonce)}catch{}}
[IO.File]::WriteAllText($job+'\pid',[string]$process.Id)
[IO.File]::WriteAllText($job+'\command',$command)
# WMI starts processes with a service's environment; this is the one of the session that asked.
foreach($setting in $settings.Split([char]0)){
  $at=$setting.IndexOf('=')
  if($at -gt 0){[Environment]::SetEnvironmentVariable($setting.Substring(0,$at),$setting.Substring($at+1))}
}
function New-Output($name){
  # A buffer of one byte is none: what the command wrote is in the file at once.
  New-Object IO.FileStream(($job+'\'+$name),[IO.FileMode]::Create,[IO.FileAccess]::Write,([IO.FileShare]'ReadWrite,Delete'),1)
}
$out=New-Output 'stdout'
$err=New-Output 'stderr'
try{
  $info=New-Object Diagnostics.ProcessStartInfo
  $info.FileName=$env:ComSpec
  # With /s cmd.exe takes away these two quotes and leaves the command as it is.
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
  while(-not $child.WaitForExit(1000)){
    # A full disk: better that the command sees a broken pipe than that it waits for ever.
    if($pumps[0].IsFaulted){$child.StandardOutput.BaseStream.Dispose()}
    if($pumps[1].IsFaulted){$child.StandardError.BaseStream.Dispose()}
  }
  # What the command has started may hold the pipes open; the command itself is over.
  try{[void][Threading.Tasks.Task]::WaitAll($pumps,5000)}catch{}
  $code=[BitConverter]::ToUInt32([BitConverter]::GetBytes([int]$child.ExitCode),0)
}catch{
  $code=1
  $problem=[Text.Encoding]::UTF8.GetBytes([string]$_+[Environment]::NewLine)
  try{$err.Write($problem,0,$problem.Length)}catch{}
}
try{$out.Dispose()}catch{}
try{$err.Dispose()}catch{}
$line=[string]$code+' '+(Get-Now)+' - end'
for($try=0;$try -lt 600;$try++){
  try{
    [IO.File]::WriteAllText($job+'\exit.new',$line)
    [IO.File]::Move($job+'\exit.new',$job+'\exit')
    break
  }catch{Start-Sleep -Milliseconds 1000}
}
if($task){try{Unregister-ScheduledTask -TaskName $task -Confirm:$false}catch{}}
exit 0
