# Stands for the cmdlets of Windows that the scripts use. How this PC is minded is said by files in $env:STAND_IN.

function Test-Setting($name) { Test-Path "$env:STAND_IN/$name" }
function Get-Setting($name) { if (Test-Setting $name) { (Get-Content -Raw "$env:STAND_IN/$name").Trim() } }
function Start-Outside($line, $folder) { [int](& "$env:STAND_IN/bin/spawn" $folder $line) }

function Get-CimInstance {
  [CmdletBinding()] param($ClassName, $OperationTimeoutSec)
  if ($ClassName -notin 'Win32_Process', 'Win32_OperatingSystem') { throw "no class $ClassName here" }
  if ((Get-Setting 'wmi') -eq 'denied') { throw [UnauthorizedAccessException]'Access denied' }
  if ($ClassName -eq 'Win32_OperatingSystem') { return [pscustomobject]@{ Caption = 'Microsoft Windows' } }
  Add-Content "$env:STAND_IN/log" 'processes by wmi'
  $boot = [DateTimeOffset]::FromUnixTimeSeconds([long]([IO.File]::ReadAllText('/proc/stat') -replace '(?s).*btime (\d+).*', '$1')).LocalDateTime
  foreach ($folder in Get-ChildItem /proc -Directory | Where-Object Name -match '^\d+$') {
    try { $stat = [IO.File]::ReadAllText("/proc/$($folder.Name)/stat") } catch { continue }
    if ($stat -notmatch '^\d+ \((.*)\) \S (\d+)(?: \S+){17} (\d+)') { continue }
    $name, $parent, $start = $Matches[1], $Matches[2], $boot.AddMilliseconds(10 * [long]$Matches[3])
    $line = try { [IO.File]::ReadAllText("/proc/$($folder.Name)/cmdline").Replace([char]0, ' ').Trim() } catch { '' }
    # sshd's child on Windows is cmd.exe with the command in quotes.
    $settings = try { [IO.File]::ReadAllText("/proc/$($folder.Name)/environ").Split([char]0) } catch { @() }
    $asked = $settings | Where-Object { $_.StartsWith('SSH_ORIGINAL_COMMAND=') }
    if ($asked) { $line = 'cmd.exe /c "' + $asked.Substring(21) + '"' }
    [pscustomobject]@{ ProcessId = [uint32]$folder.Name; ParentProcessId = [uint32]$parent; Name = $name; CommandLine = $line; CreationDate = $start }
  }
}

function Invoke-CimMethod($ClassName, $MethodName, $Arguments) {
  if ("$ClassName.$MethodName" -ne 'Win32_Process.Create') { throw "no $ClassName.$MethodName here" }
  Add-Content "$env:STAND_IN/log" 'wmi'
  switch (Get-Setting 'wmi') {
    'denied' { throw [UnauthorizedAccessException]'Access denied' }
    '2' { return [pscustomobject]@{ ProcessId = $null; ReturnValue = [uint32]2 } }
  }
  $id = Start-Outside $Arguments.CommandLine $Arguments.CurrentDirectory
  [pscustomobject]@{ ProcessId = [uint32]$id; ReturnValue = [uint32]0 }
}

function New-ScheduledTaskAction($Execute, $Argument) { @{ Line = "`"$Execute`" $Argument" } }
function New-ScheduledTaskPrincipal($UserId, $LogonType, $RunLevel) {
  if ($LogonType -ne 'Interactive' -or $RunLevel -notin 'Limited', 'Highest') { throw 'the parameter is incorrect' }
  @{ User = $UserId; RunLevel = $RunLevel }
}
function New-ScheduledTaskSettingsSet([switch]$AllowStartIfOnBatteries, [switch]$DontStopIfGoingOnBatteries, [TimeSpan]$ExecutionTimeLimit, [int]$Priority) {
  @{ Limit = $ExecutionTimeLimit.TotalMilliseconds; Priority = $Priority }
}
function Register-ScheduledTask($TaskName, $Action, $Principal, $Settings, [switch]$Force) {
  if ((Get-Setting 'tasks') -eq 'denied') { throw [UnauthorizedAccessException]'Access is denied.' }
  if ($Principal.RunLevel -eq 'Highest' -and (Test-Setting 'standard')) { throw [UnauthorizedAccessException]'Access is denied.' }
  [void](New-Item -ItemType Directory -Force "$env:STAND_IN/tasks.d")
  Set-Content "$env:STAND_IN/tasks.d/$TaskName" (@{ Action = $Action; Principal = $Principal; Settings = $Settings } | ConvertTo-Json)
  Add-Content "$env:STAND_IN/log" "task $($Principal.RunLevel)"
}
function Start-ScheduledTask($TaskName) {
  # With nobody at the desktop Windows takes the order, and starts nothing.
  if ((Get-Setting 'desktop') -eq 'nobody') { return }
  $task = Get-Content -Raw "$env:STAND_IN/tasks.d/$TaskName" | ConvertFrom-Json
  [void](Start-Outside $task.Action.Line $HOME)
}
function Get-ScheduledTask($TaskName) {
  Get-ChildItem "$env:STAND_IN/tasks.d" -Filter $TaskName | ForEach-Object { [pscustomobject]@{ TaskName = $_.Name } }
}
function Unregister-ScheduledTask {
  param([Parameter(ValueFromPipelineByPropertyName)]$TaskName, [bool]$Confirm)
  process { Remove-Item -LiteralPath "$env:STAND_IN/tasks.d/$TaskName" -ErrorAction Stop }
}

Export-ModuleMember -Function Get-CimInstance, Invoke-CimMethod, New-ScheduledTaskAction, New-ScheduledTaskPrincipal,
  New-ScheduledTaskSettingsSet, Register-ScheduledTask, Start-ScheduledTask, Get-ScheduledTask, Unregister-ScheduledTask
