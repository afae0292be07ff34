// Made from the scripts of this folder by scripts/embed-scripts.mjs: change those, then run `npm run embed`.

/** kill.ps1 */
export const kill = `$claim=Read-FirstLine ($job+'\\claim')
if($claim -like '1:*' -and (Test-Alive $claim) -and -not [IO.File]::Exists($job+'\\exit')){
[IO.File]::WriteAllText($job+'\\killed','KILL')
[void](cmd.exe /d /c ('taskkill /T /F /PID '+[int]$claim.Split(':')[1]+' 2>&1'))
$until=(Get-Now)+10000
while((Test-Alive $claim) -and (Get-Now) -lt $until){Start-Sleep -Milliseconds 100}
}
Remove-Task
Write-Answer (Get-Record)
exit 0
`;

/** library.ps1 */
export const library = `$dir=[Environment]::ExpandEnvironmentVariables($dir)
if($dir -eq '~' -or $dir.StartsWith('~\\') -or $dir.StartsWith('~/')){$dir=$HOME+$dir.Substring(1)}
$dir=[IO.Path]::GetFullPath([IO.Path]::Combine($HOME,$dir))
$job=[IO.Path]::Combine($dir,$id)
function Get-Now{[long]([DateTime]::UtcNow-(New-Object DateTime 1970,1,1)).TotalMilliseconds}
function Open-Shared($path){
New-Object IO.FileStream($path,[IO.FileMode]::Open,[IO.FileAccess]::Read,([IO.FileShare]'ReadWrite,Delete'))
}
function Read-FirstLine($path){
for($try=0;[IO.File]::Exists($path);$try++){
try{
$reader=New-Object IO.StreamReader((Open-Shared $path))
try{return [string]$reader.ReadLine()}finally{$reader.Dispose()}
}catch{
if($try -ge 20){throw}
Start-Sleep -Milliseconds 50
}
}
return ''
}
function Test-Alive($claim){
$path=$job+'\\alive.'+$claim.Split(':')[2]
if(-not [IO.File]::Exists($path)){return $false}
try{(Open-Shared $path).Dispose();return $false}catch{
$problem=$_.Exception
while($problem.InnerException){$problem=$problem.InnerException}
if(($problem.HResult -band 0xffff) -eq 32){return $true}
if(($problem.HResult -band 0xffff) -eq 2){return $false}
throw
}
}
function Get-Record{
$claim=Read-FirstLine ($job+'\\claim')
$live='';$boot=''
if($claim -like '1:*' -and (Test-Alive $claim)){$live=$claim.Split(':')[2];$boot='-'}
$exit=(Read-FirstLine ($job+'\\exit')).Replace(' ',',')
$killed=Read-FirstLine ($job+'\\killed')
$out=Read-Piece 'stdout' -1
$err=Read-Piece 'stderr' -1
"claim=$claim live=$live boot=$boot exit=$exit killed=$killed out=$($out[0]) err=$($err[0]) now=$(Get-Now)"
}
function Read-Piece($name,[long]$from){
$path=$job+'\\'+$name
if(-not [IO.File]::Exists($path)){return @(0,'')}
$file=Open-Shared $path
try{
$size=$file.Length
if($from -lt 0 -or $from -ge $size){return @($size,'')}
$bytes=New-Object byte[] ([int][Math]::Min([long]1048576,$size-$from))
[void]$file.Seek($from,[IO.SeekOrigin]::Begin)
$length=0
do{$count=$file.Read($bytes,$length,$bytes.Length-$length);$length+=$count}while($count -gt 0 -and $length -lt $bytes.Length)
return @($size,[Convert]::ToBase64String($bytes,0,$length))
}finally{$file.Dispose()}
}
function Set-Claim($text,$name){
$file=$job+'\\claim.'+$name
[IO.File]::WriteAllText($file,$text)
try{[IO.File]::Move($file,$job+'\\claim');return $true}catch{
[IO.File]::Delete($file)
if([IO.File]::Exists($job+'\\claim')){return $false}
throw
}
}
function Lock-Removal{
for($try=0;;$try++){
try{return New-Object IO.FileStream(($dir+'\\.lock-'+$id),[IO.FileMode]::OpenOrCreate,[IO.FileAccess]::ReadWrite,[IO.FileShare]::None,1,[IO.FileOptions]::DeleteOnClose)}catch{
if($try -ge 100){throw}
Start-Sleep -Milliseconds 100
}
}
}
function Remove-Folder{
$trash=$dir+'\\.trash-'+$nonce
for($try=0;[IO.Directory]::Exists($job);$try++){
try{[IO.Directory]::Move($job,$trash);break}catch{
if($try -ge 50){throw}
Start-Sleep -Milliseconds 100
}
}
if([IO.Directory]::Exists($trash)){[IO.Directory]::Delete($trash,$true)}
}
function Remove-Task{
try{Get-ScheduledTask -TaskName ('ssh-via-gateway job '+$id+' *') | Unregister-ScheduledTask -Confirm:$false}catch{}
}
function Write-Answer($text){[Console]::Out.WriteLine($mark+' '+$text)}
`;

/** list.ps1 */
export const list = `Write-Answer ''
if([IO.Directory]::Exists($dir)){
foreach($folder in [IO.Directory]::GetDirectories($dir,'.trash-*')){try{[IO.Directory]::Delete($folder,$true)}catch{}}
foreach($folder in [IO.Directory]::GetDirectories($dir)){
$job=$folder
[Console]::Out.WriteLine('job='+[IO.Path]::GetFileName($folder)+' '+(Get-Record))
}
}
exit 0
`;

/** look.ps1 */
export const look = `$until=(Get-Now)+[long]$wait
for(;;){
$record=Get-Record
$stdout=Read-Piece 'stdout' ([long]$stdoutAt)
$stderr=Read-Piece 'stderr' ([long]$stderrAt)
if($stdout[1] -or $stderr[1] -or ($record -notlike '* live=[0-9]* exit= *') -or (Get-Now) -ge $until){break}
Start-Sleep -Milliseconds 200
}
Write-Answer ($record+' stdout='+$stdout[1]+' stderr='+$stderr[1])
exit 0
`;

/** remove.ps1 */
export const remove = `$answer='absent'
if([IO.Directory]::Exists($job)){
$lock=Lock-Removal
try{
$claim=Read-FirstLine ($job+'\\claim')
if(-not $claim -and [IO.Directory]::Exists($job)){
[void](Set-Claim 'removed' $nonce)
$claim=Read-FirstLine ($job+'\\claim')
}
$answer='removed'
if($claim -like '1:*' -and (Test-Alive $claim) -and (Read-FirstLine ($job+'\\exit')) -notlike '* end'){$answer='running'}
if($answer -eq 'removed'){Remove-Folder;Remove-Task}
}finally{$lock.Dispose()}
}
Write-Answer $answer
exit 0
`;

/** start.ps1 */
export const start = `. ([ScriptBlock]::Create($functions))
if($task){$task+=' '+$nonce}
[void][IO.Directory]::CreateDirectory($job)
for($try=0;$try -lt 5 -and (Read-FirstLine ($job+'\\claim')) -eq 'removed';$try++){
$lock=Lock-Removal
try{if((Read-FirstLine ($job+'\\claim')) -eq 'removed'){Remove-Folder}}finally{$lock.Dispose()}
[void][IO.Directory]::CreateDirectory($job)
}
$reason=''
function ConvertTo-Literal($text){"'"+($text -replace "['\\u2018-\\u201b]",'$0$0')+"'"}
function Start-ByWmi($line){
$arguments=@{CommandLine=$line;CurrentDirectory=$HOME}
try{$created=Invoke-CimMethod -ClassName Win32_Process -MethodName Create -Arguments $arguments}catch{
$created=([wmiclass]'Win32_Process').Create($line,$HOME,$null)
}
if($created.ReturnValue -ne 0){throw ('Win32_Process.Create returned '+$created.ReturnValue)}
return $created.ProcessId
}
function Start-ByTask($program,$arguments){
$user=[Security.Principal.WindowsIdentity]::GetCurrent().Name
$action=New-ScheduledTaskAction -Execute $program -Argument $arguments
$principal=New-ScheduledTaskPrincipal -UserId $user -LogonType Interactive
$set=New-ScheduledTaskSettingsSet -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries -ExecutionTimeLimit ([TimeSpan]::Zero) -Priority 5
[void](Register-ScheduledTask -TaskName $task -Action $action -Principal $principal -Settings $set -Force)
Start-ScheduledTask -TaskName $task
}
if(-not (Read-FirstLine ($job+'\\claim'))){
$settings=@(Get-ChildItem Env: | ForEach-Object {$_.Name+'='+$_.Value}) -join [char]0
if($task){$settings=''}
$values=@{dir=$dir;folder=$HOME;id=$id;nonce=$nonce;fingerprint=$fingerprint;task=$task}
$head=@($values.Keys | ForEach-Object {'$'+$_+'='+(ConvertTo-Literal $values[$_])}) -join [Environment]::NewLine
[IO.File]::WriteAllText($job+'\\command.'+$nonce,$command)
[IO.File]::WriteAllText($job+'\\environment.'+$nonce,$settings)
[IO.File]::WriteAllText($job+'\\wrapper.'+$nonce,$head+[Environment]::NewLine+$functions+[Environment]::NewLine+$wrapper)
$code='&([ScriptBlock]::Create([IO.File]::ReadAllText('+(ConvertTo-Literal ($job+'\\wrapper.'+$nonce))+')))'
$program=$env:SystemRoot+'\\System32\\WindowsPowerShell\\v1.0\\powershell.exe'
$arguments='-NoProfile -NonInteractive -WindowStyle Hidden -EncodedCommand '+[Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($code))
$process=0
try{
if($task){Start-ByTask $program $arguments}else{$process=Start-ByWmi ('"'+$program+'" '+$arguments)}
$until=(Get-Now)+60000
while(-not [IO.File]::Exists($job+'\\claim')){
if([IO.File]::Exists($job+'\\error.'+$nonce)){$reason=Read-FirstLine ($job+'\\error.'+$nonce)}
elseif($process -and -not (Get-Process -Id $process -ErrorAction SilentlyContinue)){
if(-not [IO.File]::Exists($job+'\\claim')){$reason='the process that runs jobs ended at once'}
}
elseif((Get-Now) -gt $until){$reason='the process that runs jobs did not begin within 60 s'}
if($reason){break}
Start-Sleep -Milliseconds 50
}
}catch{$reason=[string]$_}
if($reason -and (Set-Claim 'removed' $nonce)){
if($task){
$reason+='; an interactive job needs '+[Security.Principal.WindowsIdentity]::GetCurrent().Name+' to be logged on at the desktop'
try{Unregister-ScheduledTask -TaskName $task -Confirm:$false}catch{}
}
$lock=Lock-Removal
try{if((Read-FirstLine ($job+'\\claim')) -eq 'removed'){Remove-Folder}}finally{$lock.Dispose()}
}
foreach($name in 'command','environment','wrapper','error'){try{[IO.File]::Delete($job+'\\'+$name+'.'+$nonce)}catch{}}
}
Write-Answer ('why='+[Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($reason))+' '+(Get-Record))
exit 0
`;

/** wrapper.ps1 */
export const wrapper = `$ErrorActionPreference='Stop'
try{
$command=[IO.File]::ReadAllText($job+'\\command.'+$nonce)
$settings=[IO.File]::ReadAllText($job+'\\environment.'+$nonce)
$process=[Diagnostics.Process]::GetCurrentProcess()
$start=[string]$process.StartTime.ToFileTimeUtc()+'-'+$process.Id
$alive=New-Object IO.FileStream(($job+'\\alive.'+$start),[IO.FileMode]::CreateNew,[IO.FileAccess]::ReadWrite,[IO.FileShare]::None)
$claim='1:'+$process.Id+':'+$start+':-:'+$fingerprint+':'+(Get-Now)+':'+$nonce+':'+$id
if(-not (Set-Claim $claim $start)){
$alive.Dispose()
[IO.File]::Delete($job+'\\alive.'+$start)
exit 0
}
}catch{
try{[IO.File]::WriteAllText($job+'\\error.'+$nonce,[string]$_)}catch{}
exit 1
}
foreach($name in 'command','environment','wrapper'){try{[IO.File]::Delete($job+'\\'+$name+'.'+$nonce)}catch{}}
[IO.File]::WriteAllText($job+'\\pid',[string]$process.Id)
[IO.File]::WriteAllText($job+'\\command',$command)
foreach($setting in $settings.Split([char]0)){
$at=$setting.IndexOf('=')
if($at -gt 0){[Environment]::SetEnvironmentVariable($setting.Substring(0,$at),$setting.Substring($at+1))}
}
function New-Output($name){
New-Object IO.FileStream(($job+'\\'+$name),[IO.FileMode]::Create,[IO.FileAccess]::Write,([IO.FileShare]'ReadWrite,Delete'),1)
}
$out=New-Output 'stdout'
$err=New-Output 'stderr'
try{
$info=New-Object Diagnostics.ProcessStartInfo
$info.FileName=$env:ComSpec
$info.Arguments='/d /s /c "'+$command+'"'
$info.WorkingDirectory=$folder
$info.UseShellExecute=$false
$info.CreateNoWindow=$true
$info.RedirectStandardInput=$true
$info.RedirectStandardOutput=$true
$info.RedirectStandardError=$true
$child=[Diagnostics.Process]::Start($info)
$child.StandardInput.BaseStream.Close()
$pumps=[Threading.Tasks.Task[]]@($child.StandardOutput.BaseStream.CopyToAsync($out),$child.StandardError.BaseStream.CopyToAsync($err))
while(-not $child.WaitForExit(1000)){
if($pumps[0].IsFaulted){$child.StandardOutput.BaseStream.Dispose()}
if($pumps[1].IsFaulted){$child.StandardError.BaseStream.Dispose()}
}
try{[void][Threading.Tasks.Task]::WaitAll($pumps,5000)}catch{}
$code=[BitConverter]::ToUInt32([BitConverter]::GetBytes([int]$child.ExitCode),0)
}catch{
$code=1
$problem=[Text.Encoding]::UTF8.GetBytes([string]$_+[Environment]::NewLine)
try{$err.Write($problem,0,$problem.Length)}catch{}
}
try{$out.Dispose()}catch{}
try{$err.Dispose()}catch{}
$line=[string]$code+' '+(Get-Now)+' - end'
for($try=0;$try -lt 600;$try++){
try{
[IO.File]::WriteAllText($job+'\\exit.new',$line)
[IO.File]::Move($job+'\\exit.new',$job+'\\exit')
break
}catch{Start-Sleep -Milliseconds 1000}
}
if($task){try{Unregister-ScheduledTask -TaskName $task -Confirm:$false}catch{}}
exit 0
`;
