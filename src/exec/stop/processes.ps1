# All processes with their parents, command lines and starts (in steps of 100 ns): by WMI, else by a snapshot.
function Get-AllProcesses{
  try{
    foreach($one in @(Get-CimInstance -ClassName Win32_Process -OperationTimeoutSec 10)){
      $start=if($one.CreationDate){$one.CreationDate.Ticks}else{[long]0}
      New-Object PSObject -Property @{Id=[int]$one.ProcessId;Parent=[int]$one.ParentProcessId;Name=$one.Name;Line=$one.CommandLine;Start=$start}
    }
  }catch{
    Add-Type -TypeDefinition $snapshot
    [SshViaGatewayProcesses]::List()
  }
}
# Ends the process $id and what it has started: by taskkill, and what that leaves one by one. A process is only the child
# of one that was there before it, and only the one that was seen: numbers are given again.
function Stop-Tree($id){
  $seen=[DateTime]::Now
  $all=@(Get-AllProcesses)
  $tree=@($all | Where-Object {$_.Id -eq $id})
  for($n=0;$n -lt $tree.Count;$n++){
    $above=$tree[$n]
    $tree+=@($all | Where-Object {$_.Parent -eq $above.Id -and $_.Id -ne $above.Id -and $_.Start -ge $above.Start})
  }
  [void](cmd.exe /d /c ('taskkill /T /F /PID '+$id+' 2>&1'))
  foreach($one in $tree){
    try{if((Get-Process -Id $one.Id).StartTime -lt $seen){Stop-Process -Id $one.Id -Force}}catch{continue}
  }
}
