// Made from the scripts of this folder by scripts/embed-scripts.mjs: change those, then run `npm run embed`.

/** clock.ps1 */
export const clock = `[DateTimeOffset]::UtcNow.ToUnixTimeMilliseconds()
`;

/** windows-look.ps1 */
export const windowsLook = `function say($name,$find){try{$v=& $find;if($null -ne $v){"$name=$v"}}catch{}}
say 'mode' {$ExecutionContext.SessionState.LanguageMode}
say 'powershell' {$PSVersionTable.PSVersion.ToString()}
say 'elevated' {if((whoami /groups) -match 'S-1-16-(12288|16384)'){'yes'}else{'no'}}
$w='no'
try{if(Get-CimInstance -ClassName Win32_OperatingSystem -OperationTimeoutSec 5 -ErrorAction Stop){$w='yes'}}catch{}
"wmi=$w"
say 'shell' {(Get-ItemProperty -Path 'HKLM:\\SOFTWARE\\OpenSSH' -ErrorAction Stop).DefaultShell}
say 'longpaths' {(Get-ItemProperty -Path 'HKLM:\\SYSTEM\\CurrentControlSet\\Control\\FileSystem' -ErrorAction Stop).LongPathsEnabled}
say 'free' {(Get-PSDrive -Name C -ErrorAction Stop).Free}
say 'start' {(Get-Service -Name sshd -ErrorAction Stop).StartType}
say 'sleep' {$h=@((powercfg /q SCHEME_CURRENT SUB_SLEEP STANDBYIDLE) -match '0x[0-9a-f]{8}')
if($h.Count -ge 2){[Convert]::ToInt64(($h[-2] -replace '.*0x',''),16)}}
`;
