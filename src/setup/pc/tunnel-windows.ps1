#Requires -Version 5.1
# embed: whole
<#
Keeps this PC reachable through an SSH gateway. Made by: ssh-via-gateway setup pc. Contains no secret: the key of the
tunnel is made on this PC and stays here. In an administrator's PowerShell:

  powershell -ExecutionPolicy Bypass -File FILE              install; run again, it changes nothing
  powershell -ExecutionPolicy Bypass -File FILE -NoSleep     the same, and the PC does not go to sleep when plugged in
  powershell -ExecutionPolicy Bypass -File FILE -Key         show the public key of the tunnel
  powershell -ExecutionPolicy Bypass -File FILE -Status      is it up? (exit code 0: yes)
  powershell -ExecutionPolicy Bypass -File FILE -Update      install this file instead, and restart the tunnel
  powershell -ExecutionPolicy Bypass -File FILE -Uninstall   take everything away again
  powershell -ExecutionPolicy Bypass -File FILE -Run         keep the tunnel (what the scheduled task does)

With all of them: -State FOLDER, a folder for this tunnel alone. Default: ssh-via-gateway\CODE in ProgramData.
#>
[CmdletBinding(PositionalBinding = $false)]
param(
  [switch]$Run, [switch]$Status, [switch]$Uninstall, [switch]$Update, [switch]$Key, [switch]$NoSleep,
  [string]$State,
  # Whatever else there is: without this, a mistyped switch would be ignored, and the script would install.
  [Parameter(ValueFromRemainingArguments = $true)][string[]]$Unknown
)
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
# --- settings ---

# English, and Korean as \u escapes: this file is pure ASCII, which every code page reads alike.
$words = @{
  adminNeeded = @('Administrator rights are needed: open PowerShell with "Run as administrator".',
    '\uad00\ub9ac\uc790 \uad8c\ud55c\uc774 \ud544\uc694\ud569\ub2c8\ub2e4. PowerShell\uc744 "\uad00\ub9ac\uc790 \uad8c\ud55c\uc73c\ub85c \uc2e4\ud589"\uc73c\ub85c \uc5ec\uc2ed\uc2dc\uc624.')
  saveFirst = @('Save this script to a file first.',
    '\uba3c\uc800 \uc774 \uc2a4\ud06c\ub9bd\ud2b8\ub97c \ud30c\uc77c\ub85c \uc800\uc7a5\ud558\uc2ed\uc2dc\uc624.')
  noClient = @('There is no ssh.exe on this PC: install the optional feature OpenSSH Client.',
    '\uc774 PC\uc5d0 ssh.exe\uac00 \uc5c6\uc2b5\ub2c8\ub2e4. \uc120\ud0dd\uc801 \uae30\ub2a5 OpenSSH \ud074\ub77c\uc774\uc5b8\ud2b8\ub97c \uc124\uce58\ud558\uc2ed\uc2dc\uc624.')
  installedServer = @('Installed the OpenSSH server.',
    'OpenSSH \uc11c\ubc84\ub97c \uc124\uce58\ud588\uc2b5\ub2c8\ub2e4.')
  startedServer = @('The OpenSSH server starts with Windows and runs now.',
    'OpenSSH \uc11c\ubc84\uac00 Windows\uc640 \ud568\uaed8 \uc2dc\uc791\ub418\uba70 \uc9c0\uae08 \uc2e4\ud589 \uc911\uc785\ub2c8\ub2e4.')
  firewall = @('The firewall keeps the SSH port closed: only the tunnel needs it.',
    '\ubc29\ud654\ubcbd\uc5d0\uc11c SSH \ud3ec\ud2b8\ub97c \ub2eb\uc558\uc2b5\ub2c8\ub2e4. \ud130\ub110\ub9cc \uc0ac\uc6a9\ud558\uba74 \ub429\ub2c8\ub2e4.')
  silentServer = @('The SSH server of this PC does not answer on {0} yet.',
    '\uc774 PC\uc758 SSH \uc11c\ubc84\uac00 \uc544\uc9c1 {0}\uc5d0\uc11c \uc751\ub2f5\ud558\uc9c0 \uc54a\uc2b5\ub2c8\ub2e4.')
  oldServer = @('OpenSSH {0} on this PC is old; large files need 8.6 or later. Newer: winget install Microsoft.OpenSSH.Preview, or the MSI of github.com/PowerShell/Win32-OpenSSH.',
    '\uc774 PC\uc758 OpenSSH {0}\uc740(\ub294) \uc624\ub798\ub418\uc5c8\uc2b5\ub2c8\ub2e4. \ud070 \ud30c\uc77c\uc5d0\ub294 8.6 \uc774\uc0c1\uc774 \ud544\uc694\ud569\ub2c8\ub2e4. \uc5c5\ub370\uc774\ud2b8: winget install Microsoft.OpenSSH.Preview \ub610\ub294 github.com/PowerShell/Win32-OpenSSH\uc758 MSI.')
  installed = @('Installed into {0}.',
    '{0}\uc5d0 \uc124\uce58\ud588\uc2b5\ub2c8\ub2e4.')
  madeKey = @('Made the key of the tunnel.',
    '\ud130\ub110\uc758 \ud0a4\ub97c \ub9cc\ub4e4\uc5c8\uc2b5\ub2c8\ub2e4.')
  noKey = @('The key could not be made.',
    '\ud0a4\ub97c \ub9cc\ub4e4 \uc218 \uc5c6\uc2b5\ub2c8\ub2e4.')
  pinned = @('Pinned the host keys of the gateway.',
    '\uac8c\uc774\ud2b8\uc6e8\uc774\uc758 \ud638\uc2a4\ud2b8 \ud0a4\ub97c \uace0\uc815\ud588\uc2b5\ub2c8\ub2e4.')
  workerKey = @('{0} takes the key of the workers now.',
    '\uc774\uc81c {0} \uacc4\uc815\uc774 \uc791\uc5c5\uc790\uc758 \ud0a4\ub97c \ubc1b\uc2b5\ub2c8\ub2e4.')
  noAccount = @('There is no account {0} with a profile on this PC: make it, log in once, and run this again.',
    '\uc774 PC\uc5d0 \ud504\ub85c\ud544\uc774 \uc788\ub294 {0} \uacc4\uc815\uc774 \uc5c6\uc2b5\ub2c8\ub2e4. \uacc4\uc815\uc744 \ub9cc\ub4e4\uace0 \ud55c \ubc88 \ub85c\uadf8\uc778\ud55c \ub4a4 \ub2e4\uc2dc \uc2e4\ud589\ud558\uc2ed\uc2dc\uc624.')
  noSleep = @('This PC does not go to sleep any more while it is plugged in.',
    '\uc774\uc81c \uc774 PC\ub294 \uc804\uc6d0\uc5d0 \uc5f0\uacb0\ub418\uc5b4 \uc788\ub294 \ub3d9\uc548 \uc808\uc804 \ubaa8\ub4dc\ub85c \ub4e4\uc5b4\uac00\uc9c0 \uc54a\uc2b5\ub2c8\ub2e4.')
  madeTask = @('Made the scheduled task {0}.',
    '\uc608\uc57d\ub41c \uc791\uc5c5 {0}\uc744(\ub97c) \ub9cc\ub4e4\uc5c8\uc2b5\ub2c8\ub2e4.')
  asItShould = @('All is as it should be.',
    '\ubaa8\ub450 \uc815\uc0c1\uc785\ub2c8\ub2e4.')
  showKey = @('The public key of this PC''s tunnel. Give it to whoever looks after the gateway:',
    '\uc774 PC \ud130\ub110\uc758 \uacf5\uac1c \ud0a4\uc785\ub2c8\ub2e4. \uac8c\uc774\ud2b8\uc6e8\uc774 \ub2f4\ub2f9\uc790\uc5d0\uac8c \uc804\ub2ec\ud558\uc2ed\uc2dc\uc624.')
  runsAlready = @('The tunnel runs already.',
    '\ud130\ub110\uc774 \uc774\ubbf8 \uc2e4\ud589 \uc911\uc785\ub2c8\ub2e4.')
  up = @('The tunnel of {0} is up.',
    '{0} \ud130\ub110\uc774 \uc5f0\uacb0\ub418\uc5b4 \uc788\uc2b5\ub2c8\ub2e4.')
  down = @('The tunnel of {0} is not up.',
    '{0} \ud130\ub110\uc774 \uc5f0\uacb0\ub418\uc5b4 \uc788\uc9c0 \uc54a\uc2b5\ub2c8\ub2e4.')
  last = @('Last: {0}',
    '\ub9c8\uc9c0\ub9c9 \uae30\ub85d: {0}')
  nothing = @('nothing yet',
    '\uc544\uc9c1 \uc5c6\uc74c')
  gone = @('The tunnel, its key and the key of the workers were taken away; the SSH server and the sleep settings stay. On the gateway: ssh-via-gateway setup remove {0}',
    '\ud130\ub110\uacfc \uadf8 \ud0a4, \uc791\uc5c5\uc790\uc758 \ud0a4\ub97c \uc81c\uac70\ud588\uc2b5\ub2c8\ub2e4. SSH \uc11c\ubc84\uc640 \uc808\uc804 \uc124\uc815\uc740 \uadf8\ub300\ub85c \ub461\ub2c8\ub2e4. \uac8c\uc774\ud2b8\uc6e8\uc774\uc5d0\uc11c: ssh-via-gateway setup remove {0}')
  notInstalled = @('Nothing is installed in {0} yet: run this script without a switch first.',
    '{0}\uc5d0 \uc544\uc9c1 \uc124\uce58\ub41c \uac83\uc774 \uc5c6\uc2b5\ub2c8\ub2e4. \uba3c\uc800 \uc774 \uc2a4\ud06c\ub9bd\ud2b8\ub97c \uc635\uc158 \uc5c6\uc774 \uc2e4\ud589\ud558\uc2ed\uc2dc\uc624.')
  inUse = @('{0} cannot be removed: a program has it open. Come again in a minute.',
    '{0}\uc744(\ub97c) \uc81c\uac70\ud560 \uc218 \uc5c6\uc2b5\ub2c8\ub2e4. \ub2e4\ub978 \ud504\ub85c\uadf8\ub7a8\uc774 \uc0ac\uc6a9 \uc911\uc785\ub2c8\ub2e4. \uc7a0\uc2dc \ud6c4 \ub2e4\uc2dc \uc2e4\ud589\ud558\uc2ed\uc2dc\uc624.')
  wrongState = @('-State must be a plain folder, no link, without blanks in its name.',
    '-State\ub294 \ub9c1\ud06c\uac00 \uc544\ub2c8\uace0 \uc774\ub984\uc5d0 \uacf5\ubc31\uc774 \uc5c6\ub294 \ud3f4\ub354\uc5ec\uc57c \ud569\ub2c8\ub2e4.')
  relativeState = @('-State must be the full path of a folder for this tunnel alone, such as C:\rpa\{0}. Nothing was changed.',
    '-State\uc5d0\ub294 \uc774 \ud130\ub110\ub9cc \uc4f0\ub294 \ud3f4\ub354\uc758 \uc804\uccb4 \uacbd\ub85c\uac00 \ud544\uc694\ud569\ub2c8\ub2e4. \uc608: C:\\rpa\\{0}. \uc544\ubb34\uac83\ub3c4 \ubcc0\uacbd\ud558\uc9c0 \uc54a\uc558\uc2b5\ub2c8\ub2e4.')
  foreignState = @('{0} holds files, and not only those of the tunnel of {1}. For -State, a new or empty folder, or the one of its installation, would be right. Nothing was changed.',
    '{0}\uc5d0 {1} \ud130\ub110\uc758 \ud30c\uc77c\uc774 \uc544\ub2cc \ud30c\uc77c\uc774 \uc788\uc2b5\ub2c8\ub2e4. -State\uc5d0\ub294 \uc0c8 \ud3f4\ub354\ub098 \ube48 \ud3f4\ub354, \ub610\ub294 \uc774 \ud130\ub110\uc744 \uc124\uce58\ud55c \ud3f4\ub354\ub97c \uc9c0\uc815\ud558\uc2ed\uc2dc\uc624. \uc544\ubb34\uac83\ub3c4 \ubcc0\uacbd\ud558\uc9c0 \uc54a\uc558\uc2b5\ub2c8\ub2e4.')
  othersStay = @('{0} stays: it holds files that are not this script''s.',
    '{0} \ud3f4\ub354\ub294 \uadf8\ub300\ub85c \ub461\ub2c8\ub2e4. \uc774 \uc2a4\ud06c\ub9bd\ud2b8\uc758 \uac83\uc774 \uc544\ub2cc \ud30c\uc77c\uc774 \uc788\uc2b5\ub2c8\ub2e4.')
  unknown = @('What is "{0}"? Right would be one of -Status, -Key, -Update, -Uninstall, or none to install; also -NoSleep, and -State with a folder. Nothing was changed.',
    '"{0}"\uc740(\ub294) \uc54c \uc218 \uc5c6\ub294 \uc635\uc158\uc785\ub2c8\ub2e4. -Status, -Key, -Update, -Uninstall \uc911 \ud558\ub098\ub97c \uc4f0\uac70\ub098, \uc124\uce58\ud558\ub824\uba74 \uc635\uc158 \uc5c6\uc774 \uc2e4\ud589\ud558\uc2ed\uc2dc\uc624. -NoSleep\uacfc -State \ud3f4\ub354\ub3c4 \uc4f8 \uc218 \uc788\uc2b5\ub2c8\ub2e4. \uc544\ubb34\uac83\ub3c4 \ubcc0\uacbd\ud558\uc9c0 \uc54a\uc558\uc2b5\ub2c8\ub2e4.')
  notTogether = @('{0} do not go together: one of them would be right. Nothing was changed.',
    '{0}\uc740(\ub294) \ud568\uaed8 \uc4f8 \uc218 \uc5c6\uc2b5\ub2c8\ub2e4. \ud558\ub098\ub9cc \uc4f0\uc2ed\uc2dc\uc624. \uc544\ubb34\uac83\ub3c4 \ubcc0\uacbd\ud558\uc9c0 \uc54a\uc558\uc2b5\ub2c8\ub2e4.')
}

# Korean if Windows is Korean and the console can show it.
function Get-Word([string]$Id) {
  $english, $korean = $words[$Id]
  if ((Get-UICulture).Name -notlike 'ko*') { return $english }
  $text = [regex]::Unescape($korean)
  $encoding = [Console]::OutputEncoding
  if ($encoding.GetString($encoding.GetBytes($text)) -ceq $text) { return $text }
  $english
}

function Write-Word([string]$Id, [object[]]$Values = @()) { Write-Output ((Get-Word $Id) -f $Values) }

function Write-Done([string]$Id, [object[]]$Values = @()) {
  $script:changed = $true
  Write-Word $Id $Values
}

function Exit-With([string]$Id, [int]$Code = 1, [object[]]$Values = @()) {
  [Console]::Error.WriteLine((Get-Word $Id) -f $Values)
  exit $Code
}

# --- what is asked for ---

# C:name and \name depend on where the script is called from, and the task is called elsewhere.
function Test-FullPath([string]$Path) {
  if ($Path -match '(^|[\\/])\.\.?([\\/]|$)') { return $false }
  try { $root = [IO.Path]::GetPathRoot($Path) } catch { return $false }
  $root -ne $Path -and $root.Length -ge [IO.Path]::GetPathRoot($env:ProgramData).Length
}

$given = $PSBoundParameters
if ($given.ContainsKey('Unknown')) { Exit-With 'unknown' 2 "$Unknown" }
# Whoever asks for two things at once may mean either.
$asked = @('Run', 'Status', 'Uninstall', 'Update', 'Key' | Where-Object { $given[$_] })
if ($NoSleep -and $asked -and "$asked" -ne 'Update') { $asked += 'NoSleep' }
if ($asked.Count -gt 1) { Exit-With 'notTogether' 2 "-$($asked -join ', -')" }

$ownPlace = Join-Path (Join-Path $env:ProgramData 'ssh-via-gateway') $code
if (-not $given.ContainsKey('State')) { $State = $ownPlace }
if ($State -match '\s') { Exit-With 'wrongState' 2 }
# A root loses its separator, too, and is then no full path.
$State = $State.TrimEnd('\', '/')
if (-not (Test-FullPath $State)) { Exit-With 'relativeState' 2 $code }
$name = "ssh-via-gateway-$code"
$keyFile = Join-Path $State 'id_ed25519'
$knownHostsFile = Join-Path $State 'known_hosts'
$logFile = Join-Path $State 'tunnel.log'
$errorFile = Join-Path $State 'ssh.err'
$outFile = Join-Path $State 'ssh.out'
$pidFile = Join-Path $State 'ssh.pid'
$script:changed = $false

function Test-Administrator { [bool](whoami /groups | Select-String 'S-1-16-12288|S-1-16-16384') }

function Get-Text([string]$Path) {
  if (Test-Path -LiteralPath $Path) { [IO.File]::ReadAllText($Path) } else { '' }
}

function Find-Program([string]$Program) {
  if ($env:windir) {
    $inbox = Join-Path $env:windir "System32\OpenSSH\$Program.exe"
    if (Test-Path -LiteralPath $inbox) { return $inbox }
  }
  $found = Get-Command $Program -CommandType Application -ErrorAction SilentlyContinue | Select-Object -First 1
  if (-not $found) { Exit-With 'noClient' }
  $found.Source
}

# --- the folder ---

# All that this script and earlier ones make there. Nothing else in the folder is touched.
$ownFiles = @(
  'tunnel.ps1', 'tunnel.ps1.new', 'id_ed25519', 'id_ed25519.pub', 'id_ed25519.new', 'id_ed25519.new.pub', 'known_hosts',
  'tunnel.log', 'tunnel.log.1', 'ssh.err', 'ssh.out', 'ssh.pid', 'lock'
)

function Get-OwnItem { Get-ChildItem -LiteralPath $State -Force | Where-Object { -not $_.PSIsContainer -and $ownFiles -contains $_.Name } }

function Get-OtherItem { Get-ChildItem -LiteralPath $State -Force | Where-Object { $_.PSIsContainer -or $ownFiles -notcontains $_.Name } }

function Test-Link([string]$Path) {
  (Test-Path -LiteralPath $Path) -and ((Get-Item -LiteralPath $Path -Force).Attributes -band [IO.FileAttributes]::ReparsePoint)
}

# Whether the scheduled task keeps the tunnel from this folder, which only administrators can have had it do.
function Test-Task {
  $task = Get-ScheduledTask -TaskName $name -ErrorAction SilentlyContinue
  if (-not $task) { return $false }
  "$($task.Actions[0].Arguments)" -match ' -State "([^"]*)"' -and $Matches[1].Replace('/', '\').TrimEnd('\') -eq $State.Replace('/', '\')
}

# Whether a copy of this script for this customer is there. The names of the other files prove nothing: the .ssh folder
# of a user has them too. A copy beside files of others, without a key, was only saved there.
function Test-Copy {
  $isCopy = foreach ($file in 'tunnel.ps1', 'tunnel.ps1.new') {
    $path = Join-Path $State $file
    if (-not (Test-Path -LiteralPath $path -PathType Leaf)) { continue }
    $text = Get-Text $path
    $text.Contains('Made by: ssh-via-gateway setup pc.') -and $text -cmatch "(?m)^\`$code = '$code'\r?$"
  }
  $isCopy -contains $true -and ((Test-Path -LiteralPath $keyFile) -or -not (Get-OtherItem))
}

function Test-OwnState { (Test-Path -LiteralPath $State) -and ($State -eq $ownPlace -or (Test-Copy) -or (Test-Task)) }

# Files are removed here, and the folder is closed to everybody else: a mistyped path must end before that. Only
# installing needs a folder that nobody without rights can have filled.
function Confirm-State([switch]$ToInstall) {
  if ((Test-Link (Split-Path $State)) -or (Test-Link $State)) { Exit-With 'wrongState' 2 }
  if (-not (Test-Path -LiteralPath $State)) { return }
  if (-not (Get-Item -LiteralPath $State -Force).PSIsContainer) { Exit-With 'wrongState' 2 }
  $isForeign = (Get-ChildItem -LiteralPath $State -Force) -and -not (Test-OwnState)
  $isTrap = $ToInstall -and (Get-OtherItem) -and -not (Test-Task)
  if ($isForeign -or $isTrap) { Exit-With 'foreignState' 2 @($State, $code) }
}

# Leaves files of others, and then the folder, where they are. What was just ended may keep its files open for a moment
# longer.
function Clear-State {
  for ($try = 0; Test-Path -LiteralPath $State; $try++) {
    if ($try -gt 20) { Exit-With -Id 'inUse' -Code 1 -Values $State }
    if ($try -gt 0) { Start-Sleep -Milliseconds 250 }
    Get-OwnItem | Remove-Item -Force -ErrorAction SilentlyContinue
    if (Get-OwnItem) { continue }
    if (Get-OtherItem) { return Write-Word 'othersStay' $State }
    # Remove-Item would ask whether to go on if something came in between.
    try { [IO.Directory]::Delete($State) } catch { continue }
  }
}

# --- the tunnel ---

function Write-TunnelLog([string]$Text) {
  $line = '{0} {1}' -f [DateTime]::UtcNow.ToString('yyyy-MM-ddTHH:mm:ssZ'), $Text
  Add-RawLine $line
}

# Someone may have the log open: losing a line is acceptable, losing the tunnel is not.
function Add-RawLine([string]$Line) {
  Limit-Log
  try { [IO.File]::AppendAllText($logFile, $Line + [Environment]::NewLine) } catch { [Console]::Error.WriteLine($Line) }
}

function Get-Length([string]$Path) {
  if (Test-Path -LiteralPath $Path) { (Get-Item -LiteralPath $Path).Length } else { 0 }
}

function Limit-Log {
  if ((Get-Length $logFile) -gt 1000000) {
    Move-Item -LiteralPath $logFile -Destination "$logFile.1" -Force -ErrorAction SilentlyContinue
  }
}

function Get-Printable([string]$Text) {
  $flat = $Text -replace '[^\x20-\x7e]+', ' '
  if ($flat.Length -gt 300) { $flat.Substring(0, 300) } else { $flat.Trim() }
}

function Get-SshArgument([string]$More) {
  $options = @(
    'IdentitiesOnly=yes', 'BatchMode=yes', 'ConnectTimeout=10', "UserKnownHostsFile=$knownHostsFile",
    'GlobalKnownHostsFile=none', 'StrictHostKeyChecking=yes', "HostKeyAlias=$alias_name", 'CheckHostIP=no',
    'UpdateHostKeys=no', 'ServerAliveInterval=30', 'ServerAliveCountMax=3', 'ExitOnForwardFailure=yes'
  )
  "-F none -n -T -i $keyFile -p $gateway_port -l $account -o " + ($options -join ' -o ') + " $More"
}

function Invoke-Ssh([string]$More) {
  $process = Start-Process -FilePath (Find-Program 'ssh') -ArgumentList (Get-SshArgument $More) -NoNewWindow -PassThru `
    -RedirectStandardOutput $outFile -RedirectStandardError $errorFile
  # Without this, the exit code is lost when the process ends (PowerShell 5.1).
  $null = $process.Handle
  $process
}

# What ssh has written so far.
function Read-Shared([string]$Path) {
  try {
    $stream = New-Object IO.FileStream($Path, [IO.FileMode]::Open, [IO.FileAccess]::Read, [IO.FileShare]'ReadWrite,Delete')
    try {
      $buffer = New-Object char[] 1100000
      $count = (New-Object IO.StreamReader($stream)).ReadBlock($buffer, 0, $buffer.Length)
      New-Object string($buffer, 0, $count)
    } finally { $stream.Dispose() }
  } catch { '' }
}

# Copies whole lines to the log; returns how many characters were processed.
function Copy-NewLine([int]$Taken) {
  $text = Read-Shared $outFile
  $end = $text.LastIndexOf("`n") + 1
  if ($end -le $Taken) { return $Taken }
  foreach ($line in $text.Substring($Taken, $end - $Taken).Trim().Split("`n")) {
    if ($line -notlike 'ssh-via-gateway-helper-*') { Add-RawLine (Get-Printable $line) }
  }
  $end
}

# The port is taken, perhaps by this PC's own dead session. Returns whether the port is free now.
function Invoke-Reclaim {
  $process = Invoke-Ssh "$gateway_host reclaim $port"
  if (-not $process.WaitForExit(30000)) { $process.Kill() }
  $answer = Get-Printable (((Read-Shared $outFile).Trim() -split "`n")[-1])
  Write-TunnelLog "port $port is taken; reclaim: $answer"
  $answer -match '^(reclaimed|free)'
}

# A tunnel that was killed has left its ssh behind.
function Clear-Leftover {
  $process = Get-OwnSsh
  if (-not $process) { return }
  Stop-Process -InputObject $process -Force -ErrorAction SilentlyContinue
  $null = $process.WaitForExit(5000)
}

# The ssh of this tunnel, if it is running. After a restart, its number may belong to another program that started
# later.
function Get-OwnSsh {
  $left = (Get-Text $pidFile).Trim()
  if ($left -notmatch '^\d+$') { return }
  $noted = (Get-Item -LiteralPath $pidFile).LastWriteTime
  Get-Process -Id $left -ErrorAction SilentlyContinue |
    Where-Object { $_.ProcessName -eq 'ssh' -and $_.StartTime -le $noted.AddSeconds(2) }
}

function Invoke-Connection {
  $forward = if ($socket) { "-N -R ${socket}:$target $gateway_host" } else { "-R $listen${port}:$target $gateway_host hold $port" }
  Write-TunnelLog "connecting to $account@${gateway_host}:$gateway_port for port $port"
  $watch = [Diagnostics.Stopwatch]::StartNew()
  $process = Invoke-Ssh $forward
  [IO.File]::WriteAllText($pidFile, [string]$process.Id)
  $taken = 0
  do {
    $ended = $process.WaitForExit(1000)
    # At most one line a minute is normal; a gateway that sends a thousand times more loses its tunnel.
    if ((Get-Length $outFile) + (Get-Length $errorFile) -gt 1000000) {
      Stop-Process -InputObject $process -Force -ErrorAction SilentlyContinue
      $null = $process.WaitForExit(5000)
      Write-TunnelLog 'the gateway says too much'
      break
    }
    $taken = Copy-NewLine $taken
  } until ($ended)
  $why = Get-Printable (Read-Shared $errorFile)
  $lasted = [int]$watch.Elapsed.TotalSeconds
  Write-TunnelLog "down after $lasted s: ssh ended with $($process.ExitCode): $why"
  @{ lasted = $lasted; why = $why }
}

# Quick at first: 1, 2, 4 ... 30 seconds. A refused login does not go away by itself.
function Get-Pause([int]$Failures, [string]$Why) {
  if ($Why -match 'Permission denied|Host key verification failed') { $pause = 48 }
  else { $pause = [Math]::Min(30, [Math]::Pow(2, [Math]::Min($Failures, 5))) }
  # A fifth more or less, so that a fleet does not reconnect in step.
  [int](1000 * $pause * (0.8 + 0.4 * (Get-Random -Minimum 0.0 -Maximum 1.0)))
}

function Invoke-Tunnel {
  if (-not ((Test-OwnState) -and (Test-Path -LiteralPath $keyFile))) { Exit-With -Id 'notInstalled' -Code 1 -Values $State }
  # Held as long as this process lives: of two instances, only one runs.
  try { $lock = [IO.File]::Open((Join-Path $State 'lock'), 'OpenOrCreate', 'ReadWrite', 'None') }
  catch { Exit-With 'runsAlready' 3 }
  Clear-Leftover
  $failures = 0
  $reclaimed = $false
  try {
    while ($true) {
      $end = Invoke-Connection
      if ($end.why -notmatch 'forwarding failed') { $reclaimed = $false }
      # Only one immediate retry: if it is refused again, a dead session is not the reason.
      elseif (-not $socket -and (Invoke-Reclaim) -and -not $reclaimed) { $reclaimed = $true; continue }
      if ($end.lasted -ge 60) { $failures = 0 }
      Start-Sleep -Milliseconds (Get-Pause $failures $end.why)
      $failures++
    }
  } finally {
    Clear-Leftover
    $lock.Dispose()
  }
}

# --- installing ---

function Get-Banner([string]$Address) {
  $place, $number = $Address -split ':'
  $client = New-Object Net.Sockets.TcpClient
  try {
    if (-not $client.ConnectAsync($place, [int]$number).Wait(3000)) { return '' }
    $stream = $client.GetStream()
    $stream.ReadTimeout = 5000
    (New-Object IO.StreamReader($stream)).ReadLine()
  } catch { '' } finally { $client.Dispose() }
}

function Install-Server {
  $service = Get-Service sshd -ErrorAction SilentlyContinue
  if (-not $service) {
    $capability = Get-WindowsCapability -Online -Name 'OpenSSH.Server*' | Select-Object -First 1
    $null = Add-WindowsCapability -Online -Name $capability.Name
    Write-Done 'installedServer'
    if (Get-NetFirewallRule -Name 'OpenSSH-Server-In-TCP' -ErrorAction SilentlyContinue) {
      Disable-NetFirewallRule -Name 'OpenSSH-Server-In-TCP'
      Write-Done 'firewall'
    }
    $service = Get-Service sshd
  }
  if ($service.StartType -ne 'Automatic' -or $service.Status -ne 'Running') {
    Set-Service sshd -StartupType Automatic
    Start-Service sshd
    Write-Done 'startedServer'
  }
  $banner = Get-Banner $target
  if (-not $banner) { Write-Word 'silentServer' $target }
  elseif ($banner -match 'OpenSSH_for_Windows_(\d+\.\d+)' -and [version]$Matches[1] -lt [version]'8.6') {
    Write-Word 'oldServer' $Matches[1]
  }
}

# The SID of the login: an account of this PC, or of a domain, DOMAIN\name or name@domain. Nothing if there is none.
function Get-LoginSid {
  $user = if ($login -notmatch '[\\@]') { Get-LocalUser -Name $login -ErrorAction SilentlyContinue }
  if ($user) { return "$($user.SID)" }
  try { ([Security.Principal.NTAccount]$login).Translate([Security.Principal.SecurityIdentifier]).Value } catch { '' }
}

# Their SIDs. Get-LocalGroupMember fails as a whole if a member no longer exists, or is an account of Azure AD.
function Get-Administrator {
  try { Get-LocalGroupMember -SID 'S-1-5-32-544' | ForEach-Object { "$($_.SID)" } }
  catch {
    Get-CimInstance Win32_Group -Filter "LocalAccount=True AND SID='S-1-5-32-544'" |
      Get-CimAssociatedInstance -ResultClassName Win32_UserAccount | ForEach-Object { $_.SID }
  }
}

# The file that sshd reads: one for all administrators, else the account's own.
function Get-KeyFile {
  $sid = Get-LoginSid
  if (-not $sid) { return '' }
  if (@(Get-Administrator) -contains $sid) { return Join-Path (Join-Path $env:ProgramData 'ssh') 'administrators_authorized_keys' }
  $profileOf = Get-CimInstance Win32_UserProfile -Filter "SID='$sid'"
  if (-not $profileOf) { return '' }
  Join-Path (Join-Path $profileOf.LocalPath '.ssh') 'authorized_keys'
}

# Only these accounts may write it, whoever created it: sshd refuses a file that others can write, and SYSTEM runs what
# is here.
function Protect-Path([string]$Path, [string[]]$Who, [string]$Rights) {
  $null = icacls $Path /setowner $administrators
  $null = icacls $Path /reset
  $grants = @($Who | ForEach-Object { '/grant'; "${_}:$Rights" })
  $null = icacls $Path /inheritance:r @grants
}

$system = '*S-1-5-18'
$administrators = '*S-1-5-32-544'

# The text of authorized_keys with our line at its end. Lines with our mark are ours; someone else's line with the same
# key is as good. The text is returned unchanged if nothing has to change.
function Get-KeyText([string]$Before, [string]$Wanted) {
  $lines = @($Before -split "`r?`n" | Where-Object { $_ })
  $kept = @($lines | Where-Object { -not $_.EndsWith(" $name") })
  $others = @($kept | Where-Object { $_ -notmatch '^\s*#| ssh-via-gateway-[\w-]+$' })
  $isThere = @($others | Where-Object { $_.Contains($Wanted) }).Count -gt 0
  if ($Wanted -and -not $isThere) { $kept += "$Wanted $name" }
  if (($kept -join "`n") -ceq ($lines -join "`n")) { return $Before }
  if ($kept.Count -eq 0) { '' } else { ($kept -join "`r`n") + "`r`n" }
}

function Install-WorkerKey {
  if (-not $worker_key) { return }
  $file = Get-KeyFile
  if (-not $file) { Write-Word 'noAccount' $login; return }
  $before = Get-Text $file
  $after = Get-KeyText $before $worker_key
  if ($after -ceq $before) { return }
  $folder = Split-Path $file
  if (-not (Test-Path -LiteralPath $folder)) { $null = New-Item -ItemType Directory -Path $folder }
  [IO.File]::WriteAllText($file, $after)
  $who = @($system, $administrators)
  if ($file -notlike '*administrators_authorized_keys') { $who += "*$(Get-LoginSid)" }
  Protect-Path -Path $file -Who $who -Rights 'F'
  Write-Done 'workerKey' $login
}

# Every user may create folders in ProgramData: one that no task of ours uses may be a trap, and is created anew.
function Initialize-State {
  if ((Test-Path -LiteralPath $State) -and (Test-Task)) { return }
  $parent = Split-Path $State
  if (-not (Test-Path -LiteralPath $parent)) { $null = New-Item -ItemType Directory -Path $parent }
  if ((Split-Path $parent -Leaf) -eq 'ssh-via-gateway') { Protect-Path -Path $parent -Who @($system, $administrators) -Rights '(OI)(CI)F' }
  Clear-State
  $null = New-Item -ItemType Directory -Path $State
  Protect-Path -Path $State -Who @($system, $administrators) -Rights '(OI)(CI)F'
}

# ssh-keygen makes the key the property of the current user, and SYSTEM's ssh accepts no key that another account may
# read: the key gets its name once it belongs to SYSTEM.
function Install-Key {
  foreach ($half in "$keyFile.new", "$keyFile.new.pub") {
    if (Test-Path -LiteralPath $half) { Remove-Item -LiteralPath $half -Force }
  }
  # As one text: an empty argument does not survive the call operator in every version.
  $made = Start-Process -FilePath (Find-Program 'ssh-keygen') -NoNewWindow -Wait -PassThru `
    -ArgumentList "-q -t ed25519 -N `"`" -C $code -f $keyFile.new"
  if ($made.ExitCode -ne 0) { Exit-With 'noKey' }
  Protect-Path -Path "$keyFile.new" -Who @($system, $administrators) -Rights 'F'
  Move-Item -LiteralPath "$keyFile.new.pub" -Destination "$keyFile.pub" -Force
  Move-Item -LiteralPath "$keyFile.new" -Destination $keyFile
  Write-Done 'madeKey'
}

function Install-File {
  if (-not $PSCommandPath) { Exit-With 'saveFirst' }
  Initialize-State
  $copy = Join-Path $State 'tunnel.ps1'
  if ((Get-Text $PSCommandPath) -cne (Get-Text $copy)) {
    [IO.File]::WriteAllText("$copy.new", (Get-Text $PSCommandPath))
    Move-Item -LiteralPath "$copy.new" -Destination $copy -Force
    Write-Done 'installed' $State
  }
  if (-not (Test-Path -LiteralPath $keyFile)) { Install-Key }
  if ((Get-Text $knownHostsFile) -cne "$known_hosts`n") {
    [IO.File]::WriteAllText($knownHostsFile, "$known_hosts`n")
    Write-Done 'pinned'
  }
}

function Install-Task([switch]$Anew) {
  $task = Get-ScheduledTask -TaskName $name -ErrorAction SilentlyContinue
  if ($task -and -not $Anew -and -not $script:changed) { return }
  if ($task) { Stop-ScheduledTask -TaskName $name }
  $copy = Join-Path $State 'tunnel.ps1'
  $action = New-ScheduledTaskAction -Execute 'powershell.exe' `
    -Argument "-NoProfile -NonInteractive -ExecutionPolicy Bypass -File `"$copy`" -Run -State `"$State`""
  # At start-up, and every minute in case it was ended: while it is running, further starts are ignored.
  $again = New-ScheduledTaskTrigger -Once -At (Get-Date) -RepetitionInterval (New-TimeSpan -Minutes 1)
  $triggers = @((New-ScheduledTaskTrigger -AtStartup), $again)
  $principal = New-ScheduledTaskPrincipal -UserId 'S-1-5-18' -LogonType ServiceAccount -RunLevel Highest
  $settings = New-ScheduledTaskSettingsSet -MultipleInstances IgnoreNew -ExecutionTimeLimit ([TimeSpan]::Zero) `
    -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries -StartWhenAvailable
  $null = Register-ScheduledTask -TaskName $name -Action $action -Trigger $triggers -Principal $principal `
    -Settings $settings -Force
  Start-ScheduledTask -TaskName $name
  Write-Done 'madeTask' $name
}

function Enable-Awake {
  $null = powercfg /change standby-timeout-ac 0
  $null = powercfg /change hibernate-timeout-ac 0
  Write-Word 'noSleep'
}

function Write-Key {
  if (-not (Test-Administrator)) { Exit-With 'adminNeeded' }
  if (-not ((Test-OwnState) -and (Test-Path -LiteralPath "$keyFile.pub"))) { Exit-With -Id 'notInstalled' -Code 1 -Values $State }
  Write-Output ''
  Write-Word 'showKey'
  Write-Output ''
  Write-Output "  ssh-via-gateway setup customer $code --key `"$((Get-Text "$keyFile.pub").Trim())`""
}

function Install-All([switch]$Anew, [switch]$Awake) {
  if (-not (Test-Administrator)) { Exit-With 'adminNeeded' }
  Confirm-State -ToInstall
  $null = Find-Program 'ssh'
  Install-Server
  Install-File
  Install-WorkerKey
  if ($Awake) { Enable-Awake }
  Install-Task -Anew:$Anew
  if (-not $script:changed) { Write-Word 'asItShould' }
  Write-Key
}

function Clear-Empty([string]$Folder, [string]$Leaf) {
  if ((Split-Path $Folder -Leaf) -ne $Leaf -or -not (Test-Path -LiteralPath $Folder)) { return }
  if (-not (Get-ChildItem -LiteralPath $Folder -Force)) { Remove-Item -LiteralPath $Folder -Force }
}

function Uninstall-All {
  if (-not (Test-Administrator)) { Exit-With 'adminNeeded' }
  Confirm-State
  if (Get-ScheduledTask -TaskName $name -ErrorAction SilentlyContinue) {
    Stop-ScheduledTask -TaskName $name
    Unregister-ScheduledTask -TaskName $name -Confirm:$false
  }
  Clear-Leftover
  $file = Get-KeyFile
  if ($file -and (Test-Path -LiteralPath $file)) {
    $before = Get-Text $file
    $after = Get-KeyText $before ''
    if ($after -cne $before) { if ($after) { [IO.File]::WriteAllText($file, $after) } else { Remove-Item -LiteralPath $file } }
    Clear-Empty (Split-Path $file) '.ssh'
  }
  Clear-State
  Clear-Empty (Split-Path $State) 'ssh-via-gateway'
  Write-Word 'gone' $code
}

function Write-Status {
  if (-not (Test-Administrator)) { Exit-With 'adminNeeded' }
  $lines = @((Read-Shared $logFile) -split "`r?`n" | Where-Object { $_ -match ' (up|down|connecting|check|broken)' })
  $last = if ($lines.Count -gt 0) { $lines[-1] } else { Get-Word 'nothing' }
  $isUp = (Get-OwnSsh) -and ($socket -or $last -match ' (up|check banner)')
  Write-Word $(if ($isUp) { 'up' } else { 'down' }) $code
  Write-Word 'last' $last
  if (-not $isUp) { exit 1 }
}

if ($Run) { Invoke-Tunnel }
elseif ($Status) { Write-Status }
elseif ($Uninstall) { Uninstall-All }
elseif ($Key) { Write-Key }
else { Install-All -Anew:$Update -Awake:$NoSleep }
