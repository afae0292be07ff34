// Made from the scripts of this folder by scripts/embed-scripts.mjs: change those, then run `npm run embed`.

/** begin.ps1 */
export const begin = `$ErrorActionPreference='Stop';$ProgressPreference='SilentlyContinue'
if($PSStyle){$PSStyle.OutputRendering='PlainText'};$PSNativeCommandUseErrorActionPreference=$false
`;

/** mode.ps1 */
export const mode = `$l=$ExecutionContext.SessionState.LanguageMode
if($l -ne 'FullLanguage'){Write-Error "PowerShell is in $l mode here: a policy forbids scripts like this one.";exit 1}
`;

/** receive.ps1 */
export const receive = `$b=New-Object byte[] $n;$r=0;$i=[Console]::OpenStandardInput()
while($r -lt $b.Length){$k=$i.Read($b,$r,$b.Length-$r)
if($k -lt 1){[Console]::Error.WriteLine('The script did not arrive whole.');exit 1};$r+=$k}
$s=[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String([Text.Encoding]::ASCII.GetString($b)))
`;

/** run.ps1 */
export const run = `try{. $before;&([ScriptBlock]::Create($s))|Out-Default}
catch{[Console]::Error.WriteLine(($_|Out-String -Width 4096).Trim());exit 1}
exit $LASTEXITCODE
`;

/** utf8.ps1 */
export const utf8 = `$OutputEncoding=New-Object Text.UTF8Encoding $false
try{[Console]::OutputEncoding=$OutputEncoding;[Console]::InputEncoding=$OutputEncoding}catch{
$w=New-Object IO.StreamWriter([Console]::OpenStandardOutput(),$OutputEncoding);$w.AutoFlush=$true;[Console]::SetOut($w)
$w=New-Object IO.StreamWriter([Console]::OpenStandardError(),$OutputEncoding);$w.AutoFlush=$true;[Console]::SetError($w)}
`;
