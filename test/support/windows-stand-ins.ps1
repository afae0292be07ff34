# Stands in for the cmdlets and programs of Windows that the PC's script uses. What a PC has is kept in files of the
# folder FAKE_WINDOWS; each call that changes something is a line of its file `calls`.
$fake = $env:FAKE_WINDOWS
function Add-Call([string]$Text) { [IO.File]::AppendAllText("$fake/calls", "$Text`n") }
function Test-Fake([string]$Name) { Test-Path "$fake/$Name" }
function Save-Fake([string]$Name, [string]$Text = '') { [IO.File]::WriteAllText("$fake/$Name", $Text) }

function whoami { if ($env:FAKE_USER) { 'S-1-16-8192' } else { 'Mandatory Label\High Mandatory Level Label S-1-16-12288' } }
function icacls { Add-Call "icacls $args" }
function powercfg { Add-Call "powercfg $args" }

function Get-Service($Name) {
  if (-not (Test-Fake 'sshd')) { return }
  $isAuto = Test-Fake 'sshd-started'
  [pscustomobject]@{ Name = $Name; StartType = $(if ($isAuto) { 'Automatic' } else { 'Manual' }); Status = $(if ($isAuto) { 'Running' } else { 'Stopped' }) }
}
function Set-Service($Name, $StartupType) { Add-Call "Set-Service $Name $StartupType" }
function Start-Service($Name) { Save-Fake 'sshd-started'; Add-Call "Start-Service $Name" }
function Get-WindowsCapability([switch]$Online, $Name) { [pscustomobject]@{ Name = 'OpenSSH.Server~~~~0.0.1.0'; State = 'NotPresent' } }
function Add-WindowsCapability([switch]$Online, $Name) { Save-Fake 'sshd'; Add-Call "Add-WindowsCapability $Name" }
function Get-NetFirewallRule($Name) { [pscustomobject]@{ Name = $Name; Enabled = 'True' } }
function Disable-NetFirewallRule($Name) { Add-Call "Disable-NetFirewallRule $Name" }

function Get-LocalGroupMember($SID) {
  if ($env:FAKE_ORPHAN) { throw 'Failed to compare two elements in the array.' }
  if ($env:FAKE_ADMIN) { [pscustomobject]@{ Name = "PC\$env:FAKE_ADMIN"; SID = (Resolve-FakeSid $env:FAKE_ADMIN) } }
}
# A domain called CORP; every plain name is an account of the PC.
function Resolve-FakeSid($Name) {
  if ($Name -match '^CORP\\|@corp\.') { return 'S-1-5-21-9-9-9-1105' }
  if ($Name -match '[\\@]') { throw 'Some or all identity references could not be translated.' }
  'S-1-5-21-1-2-3-1001'
}
function Get-LocalUser($Name) { [pscustomobject]@{ Name = $Name; SID = (Resolve-FakeSid $Name) } }
function Get-CimInstance($ClassName, $Filter) {
  if ($ClassName -eq 'Win32_Group') { return "group $Filter" }
  # Beside the folder, whose files are what the PC has.
  [IO.File]::WriteAllText("$fake.profile-filter", "$Filter")
  if ($env:FAKE_HOME) { [pscustomobject]@{ LocalPath = $env:FAKE_HOME } }
}
function Get-CimAssociatedInstance([Parameter(ValueFromPipeline)]$InputObject, $ResultClassName) {
  process { if ("$InputObject" -like '*S-1-5-32-544*' -and $env:FAKE_ADMIN) { [pscustomobject]@{ Name = $env:FAKE_ADMIN; SID = (Resolve-FakeSid $env:FAKE_ADMIN) } } }
}

function New-ScheduledTaskAction($Execute, $Argument) { [pscustomobject]@{ Execute = $Execute; Argument = $Argument } }
function New-ScheduledTaskTrigger([switch]$AtStartup, [switch]$Once, $At, $RepetitionInterval) {
  if ($AtStartup) { 'at startup' } else { "every $($RepetitionInterval.TotalSeconds) s" }
}
function New-ScheduledTaskPrincipal($UserId, $LogonType, $RunLevel) { "$UserId $LogonType $RunLevel" }
function New-ScheduledTaskSettingsSet($MultipleInstances, $ExecutionTimeLimit, [switch]$AllowStartIfOnBatteries, [switch]$DontStopIfGoingOnBatteries, [switch]$StartWhenAvailable) {
  "$MultipleInstances limit $($ExecutionTimeLimit.TotalSeconds) battery $AllowStartIfOnBatteries $DontStopIfGoingOnBatteries $StartWhenAvailable"
}
function Register-ScheduledTask($TaskName, $Description, $Action, $Trigger, $Principal, $Settings, [switch]$Force) {
  Save-Fake "task-$TaskName" $Action.Argument
  Save-Fake "program-$TaskName" $Action.Execute
  Add-Call "Register-ScheduledTask $TaskName | $($Action.Execute) | $($Trigger -join ', ') | $Principal | $Settings"
}
function Get-ScheduledTask($TaskName) {
  if (-not (Test-Fake "task-$TaskName")) { return }
  $action = [pscustomobject]@{ Execute = [IO.File]::ReadAllText("$fake/program-$TaskName"); Arguments = [IO.File]::ReadAllText("$fake/task-$TaskName") }
  [pscustomobject]@{ TaskName = $TaskName; Actions = @($action); State = 'Running' }
}
function Start-ScheduledTask($TaskName) {
  Add-Call "Start-ScheduledTask $TaskName"
  if ($env:FAKE_NO_START) { return }
  $arguments = [IO.File]::ReadAllText("$fake/task-$TaskName") -replace '-ExecutionPolicy Bypass ', ''
  $process = Start-Process -FilePath $env:PWSH -ArgumentList $arguments -PassThru -RedirectStandardOutput "$fake/out" -RedirectStandardError "$fake/err"
  Save-Fake "pid-$TaskName" $process.Id
}
function Stop-ScheduledTask($TaskName) {
  Add-Call "Stop-ScheduledTask $TaskName"
  if (-not (Test-Fake "pid-$TaskName")) { return }
  # What is called pwsh may be a script that starts the real one.
  $first = [IO.File]::ReadAllText("$fake/pid-$TaskName")
  $below = @((Get-Content "/proc/$first/task/$first/children" -ErrorAction SilentlyContinue) -split ' ' | Where-Object { $_ })
  foreach ($one in @($first) + $below) { Stop-Process -Id $one -Force -ErrorAction SilentlyContinue }
}
function Unregister-ScheduledTask($TaskName, [switch]$Confirm) { Remove-Item "$fake/task-$TaskName", "$fake/program-$TaskName"; Add-Call "Unregister-ScheduledTask $TaskName" }
if ($env:FAKE_CULTURE) { function Get-UICulture { [cultureinfo]$env:FAKE_CULTURE } }
