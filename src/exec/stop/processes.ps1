# All processes with their parents, command lines and starts (as FILETIME, in units of 100 ns): by WMI, else by a
# snapshot.
function Get-AllProcesses{
  try{
    foreach($one in @(Get-CimInstance -ClassName Win32_Process -OperationTimeoutSec 10)){
      $start=if($one.CreationDate){$one.CreationDate.ToFileTimeUtc()}else{[long]0}
      New-Object PSObject -Property @{Id=[int]$one.ProcessId;Parent=[int]$one.ParentProcessId;Name=$one.Name;Line=$one.CommandLine;Start=$start}
    }
  }catch{
    Add-Type -TypeDefinition $snapshot
    [SshViaGatewayProcesses]::List()
  }
}
# A process id may be reused: together with its start, it identifies the process.
function Test-Same($one,$other){[Math]::Abs($one.Start-$other.Start) -lt 10000000}
# Those of $all that were started by those in $ended, and are not among them.
function Get-Below($all,$ended){
  $heirs=@{}
  foreach($one in $all){if($ended[$one.Id] -and -not (Test-Same $one $ended[$one.Id])){$heirs[$one.Id]=$one}}
  foreach($one in $all){
    $above=$ended[$one.Parent]
    $heir=$heirs[$one.Parent]
    if($above -and -not $ended[$one.Id] -and $one.Id -ne $PID -and $one.Start -ge $above.Start -and -not ($heir -and $one.Start -ge $heir.Start)){$one}
  }
}
# Ends $process and everything that it has started, from the top: a shell whose command is ended before itself goes on
# with the next one. What was started meanwhile is found once those above it can start nothing more. taskkill begins at
# the bottom and uses WMI; it is for PCs on which nothing else shows processes.
function Stop-Tree($process,$all=@()){
  if(-not $all){try{$all=@(Get-AllProcesses)}catch{[void](cmd.exe /d /c ('taskkill /T /F /PID '+$process.Id+' 2>&1'))}}
  $ended=@{}
  $level=@($process)
  do{
    while($level){
      foreach($one in $level){
        $ended[$one.Id]=$one
        try{if(Test-Same @{Start=(Get-Process -Id $one.Id).StartTime.ToFileTimeUtc()} $one){Stop-Process -Id $one.Id -Force}}catch{continue}
      }
      $level=@(Get-Below $all $ended)
    }
    try{$all=@(Get-AllProcesses)}catch{return}
    $level=@(Get-Below $all $ended)
  }while($level)
}
