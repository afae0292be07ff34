# Creates the scheduled task $name, which runs $program with $arguments as SYSTEM, at start-up and once a minute: while
# it is running, further starts are ignored. Prints `same` if it exists already.
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$task = Get-ScheduledTask -TaskName $name -ErrorAction SilentlyContinue
if ($task -and $task.Actions[0].Execute -eq $program -and $task.Actions[0].Arguments -ceq $arguments) {
  if ($task.State -ne 'Running') { Start-ScheduledTask -TaskName $name }
  'same'
  exit 0
}
if ($task) { Stop-ScheduledTask -TaskName $name }
$again = New-ScheduledTaskTrigger -Once -At (Get-Date) -RepetitionInterval (New-TimeSpan -Minutes 1)
$settings = New-ScheduledTaskSettingsSet -MultipleInstances IgnoreNew -ExecutionTimeLimit ([TimeSpan]::Zero) -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries -StartWhenAvailable
$principal = New-ScheduledTaskPrincipal -UserId 'S-1-5-18' -LogonType ServiceAccount -RunLevel Highest
$action = New-ScheduledTaskAction -Execute $program -Argument $arguments
$null = Register-ScheduledTask -TaskName $name -Description $title -Action $action -Trigger @((New-ScheduledTaskTrigger -AtStartup), $again) -Principal $principal -Settings $settings -Force
Start-ScheduledTask -TaskName $name
'made'
