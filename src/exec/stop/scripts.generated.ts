// Made from the scripts of this folder by scripts/embed-scripts.mjs: change those, then run `npm run embed`.

/** kill.ps1 */
export const kill = `$wanted = $line -replace '["\\\\\\s]', ''
$all = @(Get-CimInstance Win32_Process)
$byId = @{}
foreach ($p in $all) { $byId[[int]$p.ProcessId] = $p }
$mine = @()
$up = $byId[$PID]
while ($up -and $up.Name -notmatch '^sshd') { $mine += $up.ProcessId; $up = $byId[[int]$up.ParentProcessId] }
if (-not $up) { exit 3 }
$found = @($all | Where-Object {
$_.ParentProcessId -eq $up.ProcessId -and $mine -notcontains $_.ProcessId -and $_.CommandLine -and
($_.CommandLine -replace '["\\\\\\s]', '') -match ('[/-]c(ommand)?' + [Regex]::Escape($wanted) + '$')
})
if ($found.Count -ne 1) { exit 4 }
taskkill /T /F /PID $found[0].ProcessId
`;
