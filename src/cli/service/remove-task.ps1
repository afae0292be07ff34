# Ends and removes the scheduled task $name. Prints `same` if there is none.
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
if (-not (Get-ScheduledTask -TaskName $name -ErrorAction SilentlyContinue)) { 'same'; exit 0 }
Stop-ScheduledTask -TaskName $name
Unregister-ScheduledTask -TaskName $name -Confirm:$false
'removed'
