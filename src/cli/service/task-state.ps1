# Prints the state of the scheduled task $name: Ready, Running, Disabled; nothing if there is none.
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$task = Get-ScheduledTask -TaskName $name -ErrorAction SilentlyContinue
if ($task) { "$($task.State)" }
