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
  # Once: it must be the same for each look.
  if (-not $script:boot) { $script:boot = [DateTime]::Now.AddSeconds(-[double]([IO.File]::ReadAllText('/proc/uptime').Split(' ')[0])) }
  # Once: as if it began behind this look.
  $unseen = Get-Setting 'unseen'
  [IO.File]::Delete("$env:STAND_IN/unseen")
  # A clock that does not go on between the starts of these.
  $simultaneous = Get-Setting 'simultaneous'
  foreach ($folder in Get-ChildItem /proc -Directory | Where-Object Name -match '^\d+$') {
    try { $stat = [IO.File]::ReadAllText("/proc/$($folder.Name)/stat") } catch { continue }
    if ($stat -notmatch '^\d+ \((.*)\) \S (\d+)(?: \S+){17} (\d+)') { continue }
    $name, $parent, $start = $Matches[1], $Matches[2], $boot.AddMilliseconds(10 * [long]$Matches[3])
    # See parents.c.
    try { $parent = [IO.File]::ReadAllText("$env:STAND_IN/parents/$($folder.Name)-$($Matches[3])") } catch { }
    $line = try { [IO.File]::ReadAllText("/proc/$($folder.Name)/cmdline").Replace([char]0, ' ').Trim() } catch { '' }
    if ($unseen -and $line -eq $unseen) { continue }
    # sshd's child on Windows is cmd.exe with the command in quotes.
    $settings = try { [IO.File]::ReadAllText("/proc/$($folder.Name)/environ").Split([char]0) } catch { @() }
    $asked = $settings | Where-Object { $_.StartsWith('SSH_ORIGINAL_COMMAND=') }
    if ($simultaneous -and $asked -like "*$simultaneous") {
      if (-not $script:tick) { $script:tick = $start }
      $start = $script:tick
    }
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

# A PC without the module.
if ((Get-Setting 'tasks') -eq 'missing') {
  Export-ModuleMember -Function Get-CimInstance, Invoke-CimMethod
  return
}
function Register-ScheduledTask($TaskName, $Xml, [switch]$Force) {
  # These cmdlets ask WMI for the task scheduler.
  if ((Get-Setting 'tasks') -eq 'denied' -or (Get-Setting 'wmi') -eq 'denied') { throw [UnauthorizedAccessException]'Access denied' }
  $task = ([xml]$Xml).Task
  if ($task.Principals.Principal.RunLevel -eq 'HighestAvailable' -and (Test-Setting 'standard')) { throw [UnauthorizedAccessException]'Access is denied.' }
  [void](New-Item -ItemType Directory -Force "$env:STAND_IN/tasks.d")
  Set-Content "$env:STAND_IN/tasks.d/$TaskName" "`"$($task.Actions.Exec.Command)`" $($task.Actions.Exec.Arguments)"
  $principal, $settings = $task.Principals.Principal, $task.Settings
  if ($principal.UserId -notlike '*\*' -or $principal.LogonType -ne 'InteractiveToken' -or $task.Actions.Context -ne $principal.id) { throw 'the task XML is wrong' }
  Add-Content "$env:STAND_IN/log" "task $($principal.RunLevel) $($settings.ExecutionTimeLimit) $($settings.StopIfGoingOnBatteries)"
}
function Start-ScheduledTask($TaskName) {
  # With nobody at the desktop Windows takes the order, and starts nothing.
  if ((Get-Setting 'desktop') -eq 'nobody') { return }
  [void](Start-Outside (Get-Content -Raw "$env:STAND_IN/tasks.d/$TaskName") $HOME)
}
function Unregister-ScheduledTask {
  param($TaskName, [bool]$Confirm)
  if ((Get-Setting 'tasks') -eq 'denied' -or (Get-Setting 'wmi') -eq 'denied') { throw [UnauthorizedAccessException]'Access denied' }
  Remove-Item -LiteralPath "$env:STAND_IN/tasks.d/$TaskName" -ErrorAction Stop
}

Export-ModuleMember -Function Get-CimInstance, Invoke-CimMethod, Register-ScheduledTask, Start-ScheduledTask,
  Unregister-ScheduledTask
