. ([ScriptBlock]::Create($functions))
if($task){$task+=' '+$nonce}
[void][IO.Directory]::CreateDirectory($job)
for($try=0;$try -lt 5 -and (Read-FirstLine ($job+'\claim')) -eq 'removed';$try++){
  $lock=Lock-Removal
  try{if((Read-FirstLine ($job+'\claim')) -eq 'removed'){Remove-Folder}}finally{$lock.Dispose()}
  [void][IO.Directory]::CreateDirectory($job)
}
$reason=''
# PowerShell takes the typographic quotes for quotes, too.
function ConvertTo-Literal($text){"'"+($text -replace "['\u2018-\u201b]",'$0$0')+"'"}
function Start-ByWmi($line){
  $arguments=@{CommandLine=$line;CurrentDirectory=$HOME}
  try{$created=Invoke-CimMethod -ClassName Win32_Process -MethodName Create -Arguments $arguments}catch{
    $created=([wmiclass]'Win32_Process').Create($line,$HOME,$null)
  }
  if($created.ReturnValue -ne 0){throw ('Win32_Process.Create returned '+$created.ReturnValue)}
  return $created.ProcessId
}
function Start-ByTask($program,$arguments){
  $user=[Security.Principal.WindowsIdentity]::GetCurrent().Name
  $action=New-ScheduledTaskAction -Execute $program -Argument $arguments
  $principal=New-ScheduledTaskPrincipal -UserId $user -LogonType Interactive
  # By default a task ends after three days, on battery, and runs below normal priority.
  $set=New-ScheduledTaskSettingsSet -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries -ExecutionTimeLimit ([TimeSpan]::Zero) -Priority 5
  [void](Register-ScheduledTask -TaskName $task -Action $action -Principal $principal -Settings $set -Force)
  Start-ScheduledTask -TaskName $task
}
if(-not (Read-FirstLine ($job+'\claim'))){
  $settings=@(Get-ChildItem Env: | ForEach-Object {$_.Name+'='+$_.Value}) -join [char]0
  if($task){$settings=''}
  $values=@{dir=$dir;folder=$HOME;id=$id;nonce=$nonce;fingerprint=$fingerprint;task=$task}
  $head=@($values.Keys | ForEach-Object {'$'+$_+'='+(ConvertTo-Literal $values[$_])}) -join [Environment]::NewLine
  [IO.File]::WriteAllText($job+'\command.'+$nonce,$command)
  [IO.File]::WriteAllText($job+'\environment.'+$nonce,$settings)
  [IO.File]::WriteAllText($job+'\wrapper.'+$nonce,$head+[Environment]::NewLine+$functions+[Environment]::NewLine+$wrapper)
  $code='&([ScriptBlock]::Create([IO.File]::ReadAllText('+(ConvertTo-Literal ($job+'\wrapper.'+$nonce))+')))'
  $program=$env:SystemRoot+'\System32\WindowsPowerShell\v1.0\powershell.exe'
  $arguments='-NoProfile -NonInteractive -WindowStyle Hidden -EncodedCommand '+[Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($code))
  $process=0
  try{
    if($task){Start-ByTask $program $arguments}else{$process=Start-ByWmi ('"'+$program+'" '+$arguments)}
    $until=(Get-Now)+60000
    while(-not [IO.File]::Exists($job+'\claim')){
      if([IO.File]::Exists($job+'\error.'+$nonce)){$reason=Read-FirstLine ($job+'\error.'+$nonce)}
      elseif($process -and -not (Get-Process -Id $process -ErrorAction SilentlyContinue)){
        if(-not [IO.File]::Exists($job+'\claim')){$reason='the process that runs jobs ended at once'}
      }
      elseif((Get-Now) -gt $until){$reason='the process that runs jobs did not begin within 60 s'}
      if($reason){break}
      Start-Sleep -Milliseconds 50
    }
  }catch{$reason=[string]$_}
  if($reason -and (Set-Claim 'removed' $nonce)){
    if($task){
      $reason+='; an interactive job needs '+[Security.Principal.WindowsIdentity]::GetCurrent().Name+' to be logged on at the desktop'
      try{Unregister-ScheduledTask -TaskName $task -Confirm:$false}catch{}
    }
    $lock=Lock-Removal
    try{if((Read-FirstLine ($job+'\claim')) -eq 'removed'){Remove-Folder}}finally{$lock.Dispose()}
  }
  foreach($name in 'command','environment','wrapper','error'){try{[IO.File]::Delete($job+'\'+$name+'.'+$nonce)}catch{}}
}
Write-Answer ('why='+[Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($reason))+' '+(Get-Record))
exit 0
