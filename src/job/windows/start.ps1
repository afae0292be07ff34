. ([ScriptBlock]::Create($functions))
if($task){$task+=' '+$nonce}
[void][IO.Directory]::CreateDirectory($job)
for($try=0;$try -lt 5 -and (Read-FirstLine (Get-Path 'claim')) -eq 'removed';$try++){
  $lock=Lock-Removal
  try{if((Read-FirstLine (Get-Path 'claim')) -eq 'removed'){Remove-Folder}}finally{$lock.Dispose()}
  [void][IO.Directory]::CreateDirectory($job)
}
# PowerShell also treats typographic quotes as quotes.
function ConvertTo-Literal($text){"'"+($text -replace "['\u2018-\u201b]",'$0$0')+"'"}
# What went wrong, in terms that are the same in every language of Windows: the number and PowerShell's category.
function Get-Problem($record){
  $problem=$record.Exception
  while($problem -is [Management.Automation.MethodInvocationException] -and $problem.InnerException){$problem=$problem.InnerException}
  '{0} (0x{1:x8} {2})' -f $problem.Message.Trim(),$problem.HResult,$record.CategoryInfo.Category
}
# A full disk still accepts empty files; better to find out before the command runs than to lose its result.
function Test-Room{
  $path=Get-Path ('room.'+$nonce)
  $bytes=New-Object byte[] 131072
  try{
    $file=New-Object IO.FileStream($path,[IO.FileMode]::Create)
    try{$file.Write($bytes,0,$bytes.Length);$file.Flush($true)}finally{$file.Dispose()}
    if((New-Object IO.FileInfo $path).Length -ne $bytes.Length){throw 'the disk is full'}
  }finally{try{[IO.File]::Delete($path)}catch{}}
}
function Start-Directly($program,$arguments){
  Add-Type -TypeDefinition $detached
  [SshViaGatewayDetached]::Start('"'+$program+'" '+$arguments,$HOME)
}
function Start-ByWmi($program,$arguments){
  $values=@{CommandLine='"'+$program+'" '+$arguments;CurrentDirectory=$HOME}
  $created=Invoke-CimMethod -ClassName Win32_Process -MethodName Create -Arguments $values
  if($created.ReturnValue -ne 0){throw ('Win32_Process.Create returned '+$created.ReturnValue)}
  return $created.ProcessId
}
# By default, a task ends after three days, on battery, and runs below normal priority. The wrapper enforces the limit.
function Get-TaskXml($program,$arguments){
  $user=[Environment]::UserDomainName+'\'+[Environment]::UserName
  $texts=@($user,$program,$arguments | ForEach-Object {[Security.SecurityElement]::Escape($_)})
  '<?xml version="1.0" encoding="UTF-16"?><Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">'+
    '<Principals><Principal id="Author"><UserId>'+$texts[0]+'</UserId><LogonType>InteractiveToken</LogonType>'+
    '<RunLevel>'+@{Highest='HighestAvailable';Limited='LeastPrivilege'}[$runLevel]+'</RunLevel></Principal></Principals>'+
    '<Settings><DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries><StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>'+
    '<ExecutionTimeLimit>PT0S</ExecutionTimeLimit><Priority>5</Priority></Settings>'+
    '<Actions Context="Author"><Exec><Command>'+$texts[1]+'</Command><Arguments>'+$texts[2]+'</Arguments></Exec></Actions></Task>'
}
function Start-ByTask($program,$arguments){
  $xml=Get-TaskXml $program $arguments
  [IO.File]::WriteAllText((Get-Path ('task.'+$nonce)),$xml,[Text.Encoding]::Unicode)
  [void](Register-ScheduledTask -TaskName $task -Xml $xml -Force)
  Start-ScheduledTask -TaskName $task
}
function Start-BySchtasks{
  Invoke-Schtasks '/Create','/TN',$task,'/XML',(Get-Path ('task.'+$nonce)),'/F'
  Invoke-Schtasks '/Run','/TN',$task
}
# Waits until the process $id has made the claim; returns why it has not.
function Wait-Claim($id){
  $until=(Get-Now)+60000
  while(-not [IO.File]::Exists((Get-Path 'claim'))){
    if([IO.File]::Exists((Get-Path ('error.'+$nonce)))){return Read-FirstLine (Get-Path ('error.'+$nonce))}
    if($id -and -not (Get-Process -Id $id -ErrorAction SilentlyContinue)){
      if([IO.File]::Exists((Get-Path 'claim'))){break}
      return 'the process that runs jobs ended at once'
    }
    if((Get-Now) -gt $until){return 'the process that runs jobs did not begin within 60 s'}
    Start-Sleep -Milliseconds 50
  }
}
$reasons=@()
if(-not (Read-FirstLine (Get-Path 'claim'))){
  try{
    Test-Room
    $settings=@(Get-ChildItem Env: | ForEach-Object {$_.Name+'='+$_.Value}) -join [char]0
    if($task){$settings=''}
    $values=@{dir=$dir;folder=$HOME;id=$id;nonce=$nonce;fingerprint=$fingerprint;timeLimit=$timeLimit;snapshot=$snapshot}
    $head=@($values.Keys | ForEach-Object {'$'+$_+'='+(ConvertTo-Literal $values[$_])}) -join [Environment]::NewLine
    [IO.File]::WriteAllText((Get-Path ('command.'+$nonce)),$command)
    [IO.File]::WriteAllText((Get-Path ('environment.'+$nonce)),$settings)
    [IO.File]::WriteAllText((Get-Path ('wrapper.'+$nonce)),$head+[Environment]::NewLine+$functions+[Environment]::NewLine+$wrapper)
    $code='&([ScriptBlock]::Create([IO.File]::ReadAllText('+(ConvertTo-Literal (Get-Path ('wrapper.'+$nonce)))+')))'
    $program=[IO.Path]::Combine($env:SystemRoot,'System32','WindowsPowerShell','v1.0','powershell.exe')
    $arguments='-NoProfile -NonInteractive -WindowStyle Hidden -EncodedCommand '+[Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($code))
    # The next way is tried if no process could be started that lives. Two live ones do no harm: only one claim is made.
    foreach($way in $(if($task){'Task','Schtasks'}else{'Directly','ByWmi'})){
      $by=@{Task='by the task scheduler';Schtasks='by schtasks.exe';Directly='without WMI';ByWmi='through WMI'}[$way]
      $process=0
      try{
        switch($way){
          'Task'{Start-ByTask $program $arguments}
          'Schtasks'{Start-BySchtasks}
          'Directly'{$process=Start-Directly $program $arguments}
          'ByWmi'{$process=Start-ByWmi $program $arguments}
        }
      }catch{$reasons+=$by+': '+(Get-Problem $_);continue}
      $reason=Wait-Claim $process
      if(-not $reason){$reasons=@();break}
      $reasons+=$by+': '+$reason
      # The scheduler also accepts a task for a desktop that does not exist.
      if($task){$reasons+='an interactive job needs '+[Environment]::UserName+' to be logged on at the desktop';break}
      if($process -and (Get-Process -Id $process -ErrorAction SilentlyContinue)){break}
    }
  }catch{$reasons+=Get-Problem $_}
  # A late process may have made the claim meanwhile. If not, nobody can any more.
  if($reasons -and (Set-Claim 'removed' $nonce)){
    Remove-Task $nonce
    $lock=Lock-Removal
    try{if((Read-FirstLine (Get-Path 'claim')) -eq 'removed'){Remove-Folder}}finally{$lock.Dispose()}
  }
  foreach($name in 'command','environment','wrapper','error'){try{[IO.File]::Delete((Get-Path ($name+'.'+$nonce)))}catch{}}
}
Write-Answer ('why='+[Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($reasons -join '; '))+' '+(Get-Record))
exit 0
