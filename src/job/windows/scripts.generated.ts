// Made from the scripts of this folder by scripts/embed-scripts.mjs: change those, then run `npm run embed`.

/** detached.cs */
export const detached = `using System;
using System.ComponentModel;
using System.Runtime.InteropServices;
public static class SshViaGatewayDetached
{
const uint CreateNewProcessGroup = 0x00000200;
const uint CreateBreakawayFromJob = 0x01000000;
const uint CreateNoWindow = 0x08000000;
[StructLayout(LayoutKind.Sequential, CharSet = CharSet.Unicode)]
struct StartupInfo
{
public uint Size;
public IntPtr Reserved, Desktop, Title;
public uint X, Y, Width, Height, Columns, Rows, FillAttribute, Flags;
public ushort ShowWindow, ReservedSize;
public IntPtr ReservedBytes, Input, Output, Error;
}
[StructLayout(LayoutKind.Sequential)]
struct ProcessInformation
{
public IntPtr Process, Thread;
public int ProcessId, ThreadId;
}
[DllImport("kernel32.dll", CharSet = CharSet.Unicode, ExactSpelling = true, SetLastError = true)]
[return: MarshalAs(UnmanagedType.Bool)]
static extern bool CreateProcessW(
IntPtr application, System.Text.StringBuilder commandLine, IntPtr processAttributes, IntPtr threadAttributes,
[MarshalAs(UnmanagedType.Bool)] bool inheritHandles, uint flags, IntPtr environment, string folder,
ref StartupInfo startupInfo, out ProcessInformation information);
[DllImport("kernel32.dll", ExactSpelling = true)]
[return: MarshalAs(UnmanagedType.Bool)]
static extern bool CloseHandle(IntPtr handle);
public static int Start(string commandLine, string folder)
{
StartupInfo startupInfo = new StartupInfo();
startupInfo.Size = (uint)Marshal.SizeOf(typeof(StartupInfo));
ProcessInformation information;
uint flags = CreateBreakawayFromJob | CreateNewProcessGroup | CreateNoWindow;
if (!CreateProcessW(IntPtr.Zero, new System.Text.StringBuilder(commandLine), IntPtr.Zero, IntPtr.Zero, false, flags,
IntPtr.Zero, folder, ref startupInfo, out information))
{
int code = Marshal.GetLastWin32Error();
throw new InvalidOperationException("CreateProcess failed with " + code + " (" + new Win32Exception(code).Message + ")");
}
CloseHandle(information.Thread);
CloseHandle(information.Process);
return information.ProcessId;
}
}
`;

/** kill.ps1 */
export const kill = `$claim=Read-FirstLine (Get-Path 'claim')
if($claim -like '1:*' -and (Test-Alive $claim) -and -not [IO.File]::Exists((Get-Path 'exit'))){
[IO.File]::WriteAllText((Get-Path 'killed'),'KILL')
$until=(Get-Now)+15000
while((Test-Alive $claim) -and (Get-Now) -lt $until){Start-Sleep -Milliseconds 100}
if(Test-Alive $claim){
$parts=$claim.Split(':')
Stop-Tree @{Id=[int]$parts[1];Start=[long]$parts[2].Split('-')[0]}
}
}
Remove-Task '*'
Write-Answer (Get-Record)
exit 0
`;

/** library.ps1 */
export const library = `$dir=[Environment]::ExpandEnvironmentVariables($dir)
if($dir -eq '~' -or $dir.StartsWith('~\\') -or $dir.StartsWith('~/')){$dir=$HOME+$dir.Substring(1)}
$dir=[IO.Path]::GetFullPath([IO.Path]::Combine($HOME,$dir))
$job=[IO.Path]::Combine($dir,$id)
function Get-Path($name){[IO.Path]::Combine($job,$name)}
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
$path=Get-Path ('alive.'+$claim.Split(':')[2])
if(-not [IO.File]::Exists($path)){return $false}
try{(Open-Shared $path).Dispose();return $false}catch{
$problem=$_.Exception
while($problem.InnerException){$problem=$problem.InnerException}
if(32,11 -contains ($problem.HResult -band 0xffff)){return $true}
if(2,3 -contains ($problem.HResult -band 0xffff)){return $false}
throw
}
}
function Get-Record{
$claim=Read-FirstLine (Get-Path 'claim')
$live='';$boot=''
if($claim -like '1:*' -and (Test-Alive $claim)){$live=$claim.Split(':')[2];$boot='-'}
$exit=(Read-FirstLine (Get-Path 'exit')).Replace(' ',',')
$killed=Read-FirstLine (Get-Path 'killed')
$out=Read-Piece 'stdout' -1
$err=Read-Piece 'stderr' -1
if((Read-FirstLine (Get-Path 'claim')) -ne $claim){$claim='';$live=''}
"claim=$claim live=$live boot=$boot exit=$exit killed=$killed out=$($out[0]) err=$($err[0]) now=$(Get-Now)"
}
function Read-Piece($name,[long]$from){
$path=Get-Path $name
if(-not [IO.File]::Exists($path)){return @(0,'',0)}
try{$file=Open-Shared $path}catch{
if([IO.File]::Exists($path)){throw}
return @(0,'',0)
}
try{
$size=$file.Length
if($from -lt 0 -or $from -ge $size){return @($size,'',0)}
$bytes=New-Object byte[] ([int][Math]::Min([long]1048576,$size-$from))
[void]$file.Seek($from,[IO.SeekOrigin]::Begin)
$length=0
do{$count=$file.Read($bytes,$length,$bytes.Length-$length);$length+=$count}while($count -gt 0 -and $length -lt $bytes.Length)
return @($size,[Convert]::ToBase64String($bytes,0,$length),$length)
}finally{$file.Dispose()}
}
function Set-Claim($text,$name){
$file=Get-Path ('claim.'+$name)
[IO.File]::WriteAllText($file,$text)
try{[IO.File]::Move($file,(Get-Path 'claim'));return $true}catch{
[IO.File]::Delete($file)
if([IO.File]::Exists((Get-Path 'claim'))){return $false}
throw
}
}
function Lock-Removal{
for($try=0;;$try++){
try{return New-Object IO.FileStream(([IO.Path]::Combine($dir,'.lock-'+$id)),[IO.FileMode]::OpenOrCreate,[IO.FileAccess]::ReadWrite,[IO.FileShare]::None,1,[IO.FileOptions]::DeleteOnClose)}catch{
if($try -ge 100){throw}
Start-Sleep -Milliseconds 100
}
}
}
function Remove-Folder{
$trash=[IO.Path]::Combine($dir,'.trash-'+$nonce)
for($try=0;[IO.Directory]::Exists($job);$try++){
try{[IO.Directory]::Move($job,$trash);break}catch{
if($try -ge 50){throw}
Start-Sleep -Milliseconds 100
}
}
try{if([IO.Directory]::Exists($trash)){[IO.Directory]::Delete($trash,$true)}}catch{}
}
function Invoke-Schtasks([string[]]$words){
$ErrorActionPreference='Continue'
$said=@(& schtasks.exe @words 2>&1) -join ' '
if($LASTEXITCODE){throw ('schtasks.exe ended with '+$LASTEXITCODE+': '+$said)}
}
function Remove-Task($by){
if(-not [IO.Directory]::Exists($job)){return}
foreach($file in [IO.Directory]::GetFiles($job,'task.'+$by)){
$name='ssh-via-gateway job '+$id+' '+[IO.Path]::GetExtension($file).Substring(1)
try{
try{Unregister-ScheduledTask -TaskName $name -Confirm:$false}catch{Invoke-Schtasks '/Delete','/TN',$name,'/F'}
[IO.File]::Delete($file)
}catch{}
}
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
$stdoutAt=[long]$stdoutAt
$stderrAt=[long]$stderrAt
$said=0
for(;;){
$record=Get-Record
$stdout=Read-Piece 'stdout' $stdoutAt
$stderr=Read-Piece 'stderr' $stderrAt
$isLast=($record -notlike '* live=[0-9]* exit= *') -or (Get-Now) -ge $until -or $said -ge 1048576
if($isLast -or $stdout[1] -or $stderr[1]){Write-Answer ($record+' stdout='+$stdout[1]+' stderr='+$stderr[1])}
if($isLast){break}
$stdoutAt+=$stdout[2]
$stderrAt+=$stderr[2]
$said+=$stdout[2]+$stderr[2]
Start-Sleep -Milliseconds 200
}
exit 0
`;

/** remove.ps1 */
export const remove = `$answer='absent'
if([IO.Directory]::Exists($job)){
$lock=Lock-Removal
try{
$claim=Read-FirstLine (Get-Path 'claim')
if(-not $claim -and [IO.Directory]::Exists($job)){
[void](Set-Claim 'removed' $nonce)
$claim=Read-FirstLine (Get-Path 'claim')
}
$answer='removed'
if($claim -like '1:*' -and (Test-Alive $claim) -and (Read-FirstLine (Get-Path 'exit')) -notlike '* end'){$answer='running'}
if($answer -eq 'removed'){
Remove-Task '*'
try{Remove-Folder}catch{$answer='held='+[Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($_.Exception.GetBaseException().Message))}
}
}finally{$lock.Dispose()}
}
Write-Answer $answer
exit 0
`;

/** start.ps1 */
export const start = `. ([ScriptBlock]::Create($functions))
if($task){$task+=' '+$nonce}
[void][IO.Directory]::CreateDirectory($job)
for($try=0;$try -lt 5 -and (Read-FirstLine (Get-Path 'claim')) -eq 'removed';$try++){
$lock=Lock-Removal
try{if((Read-FirstLine (Get-Path 'claim')) -eq 'removed'){Remove-Folder}}finally{$lock.Dispose()}
[void][IO.Directory]::CreateDirectory($job)
}
function ConvertTo-Literal($text){"'"+($text -replace "['\\u2018-\\u201b]",'$0$0')+"'"}
function Get-Problem($record){
$problem=$record.Exception
while($problem -is [Management.Automation.MethodInvocationException] -and $problem.InnerException){$problem=$problem.InnerException}
'{0} (0x{1:x8} {2})' -f $problem.Message.Trim(),$problem.HResult,$record.CategoryInfo.Category
}
function Test-Room{
$path=Get-Path ('room.'+$nonce)
$bytes=New-Object byte[] 131072
try{
$file=New-Object IO.FileStream($path,[IO.FileMode]::Create)
try{$file.Write($bytes,0,$bytes.Length);$file.Flush($true)}finally{$file.Dispose()}
if((New-Object IO.FileInfo $path).Length -ne $bytes.Length){throw 'the disk is full'}
}finally{try{[IO.File]::Delete($path)}catch{}}
}
function Start-Directly($program,$arguments){
Add-Type -TypeDefinition $detached
[SshViaGatewayDetached]::Start('"'+$program+'" '+$arguments,$HOME)
}
function Start-ByWmi($program,$arguments){
$values=@{CommandLine='"'+$program+'" '+$arguments;CurrentDirectory=$HOME}
$created=Invoke-CimMethod -ClassName Win32_Process -MethodName Create -Arguments $values
if($created.ReturnValue -ne 0){throw ('Win32_Process.Create returned '+$created.ReturnValue)}
return $created.ProcessId
}
function Get-TaskXml($program,$arguments){
$user=[Environment]::UserDomainName+'\\'+[Environment]::UserName
$texts=@($user,$program,$arguments | ForEach-Object {[Security.SecurityElement]::Escape($_)})
'<?xml version="1.0" encoding="UTF-16"?><Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">'+
'<Principals><Principal id="Author"><UserId>'+$texts[0]+'</UserId><LogonType>InteractiveToken</LogonType>'+
'<RunLevel>'+@{Highest='HighestAvailable';Limited='LeastPrivilege'}[$runLevel]+'</RunLevel></Principal></Principals>'+
'<Settings><DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries><StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>'+
'<ExecutionTimeLimit>PT0S</ExecutionTimeLimit><Priority>5</Priority></Settings>'+
'<Actions Context="Author"><Exec><Command>'+$texts[1]+'</Command><Arguments>'+$texts[2]+'</Arguments></Exec></Actions></Task>'
}
function Start-ByTask($program,$arguments){
$xml=Get-TaskXml $program $arguments
[IO.File]::WriteAllText((Get-Path ('task.'+$nonce)),$xml,[Text.Encoding]::Unicode)
[void](Register-ScheduledTask -TaskName $task -Xml $xml -Force)
Start-ScheduledTask -TaskName $task
}
function Start-BySchtasks{
Invoke-Schtasks '/Create','/TN',$task,'/XML',(Get-Path ('task.'+$nonce)),'/F'
Invoke-Schtasks '/Run','/TN',$task
}
function Wait-Claim($id){
$until=(Get-Now)+60000
while(-not [IO.File]::Exists((Get-Path 'claim'))){
if([IO.File]::Exists((Get-Path ('error.'+$nonce)))){return Read-FirstLine (Get-Path ('error.'+$nonce))}
if($id -and -not (Get-Process -Id $id -ErrorAction SilentlyContinue)){
if([IO.File]::Exists((Get-Path 'claim'))){break}
return 'the process that runs jobs ended at once'
}
if((Get-Now) -gt $until){return 'the process that runs jobs did not begin within 60 s'}
Start-Sleep -Milliseconds 50
}
}
$reasons=@()
if(-not (Read-FirstLine (Get-Path 'claim'))){
try{
Test-Room
$settings=@(Get-ChildItem Env: | ForEach-Object {$_.Name+'='+$_.Value}) -join [char]0
if($task){$settings=''}
$values=@{dir=$dir;folder=$HOME;id=$id;nonce=$nonce;fingerprint=$fingerprint;timeLimit=$timeLimit;snapshot=$snapshot}
$head=@($values.Keys | ForEach-Object {'$'+$_+'='+(ConvertTo-Literal $values[$_])}) -join [Environment]::NewLine
[IO.File]::WriteAllText((Get-Path ('command.'+$nonce)),$command)
[IO.File]::WriteAllText((Get-Path ('environment.'+$nonce)),$settings)
[IO.File]::WriteAllText((Get-Path ('wrapper.'+$nonce)),$head+[Environment]::NewLine+$functions+[Environment]::NewLine+$wrapper)
$code='&([ScriptBlock]::Create([IO.File]::ReadAllText('+(ConvertTo-Literal (Get-Path ('wrapper.'+$nonce)))+')))'
$program=[IO.Path]::Combine($env:SystemRoot,'System32','WindowsPowerShell','v1.0','powershell.exe')
$arguments='-NoProfile -NonInteractive -WindowStyle Hidden -EncodedCommand '+[Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($code))
foreach($way in $(if($task){'Task','Schtasks'}else{'Directly','ByWmi'})){
$by=@{Task='by the task scheduler';Schtasks='by schtasks.exe';Directly='without WMI';ByWmi='through WMI'}[$way]
$process=0
try{
switch($way){
'Task'{Start-ByTask $program $arguments}
'Schtasks'{Start-BySchtasks}
'Directly'{$process=Start-Directly $program $arguments}
'ByWmi'{$process=Start-ByWmi $program $arguments}
}
}catch{$reasons+=$by+': '+(Get-Problem $_);continue}
$reason=Wait-Claim $process
if(-not $reason){$reasons=@();break}
$reasons+=$by+': '+$reason
if($task){$reasons+='an interactive job needs '+[Environment]::UserName+' to be logged on at the desktop';break}
if($process -and (Get-Process -Id $process -ErrorAction SilentlyContinue)){break}
}
}catch{$reasons+=Get-Problem $_}
if($reasons -and (Set-Claim 'removed' $nonce)){
Remove-Task $nonce
$lock=Lock-Removal
try{if((Read-FirstLine (Get-Path 'claim')) -eq 'removed'){Remove-Folder}}finally{$lock.Dispose()}
}
foreach($name in 'command','environment','wrapper','error'){try{[IO.File]::Delete((Get-Path ($name+'.'+$nonce)))}catch{}}
}
Write-Answer ('why='+[Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($reasons -join '; '))+' '+(Get-Record))
exit 0
`;

/** wrapper.ps1 */
export const wrapper = `$ErrorActionPreference='Stop'
try{
$command=[IO.File]::ReadAllText((Get-Path ('command.'+$nonce)))
$settings=[IO.File]::ReadAllText((Get-Path ('environment.'+$nonce)))
$process=[Diagnostics.Process]::GetCurrentProcess()
$start=[string]$process.StartTime.ToFileTimeUtc()+'-'+$process.Id
$alive=New-Object IO.FileStream((Get-Path ('alive.'+$start)),[IO.FileMode]::CreateNew,[IO.FileAccess]::ReadWrite,[IO.FileShare]::None)
$claim='1:'+$process.Id+':'+$start+':-:'+$fingerprint+':'+(Get-Now)+':'+$nonce+':'+$id
$exitFile=Get-Path ('exit.'+$start)
[IO.File]::WriteAllText($exitFile,' '*80)
if(-not (Set-Claim $claim $start)){
$alive.Dispose()
[IO.File]::Delete((Get-Path ('alive.'+$start)))
[IO.File]::Delete($exitFile)
Remove-Task $nonce
exit 0
}
}catch{
try{if(-not [IO.File]::Exists((Get-Path 'claim'))){[IO.File]::WriteAllText((Get-Path ('error.'+$nonce)),[string]$_)}}catch{}
exit 1
}
foreach($name in 'command','environment','wrapper'){try{[IO.File]::Delete((Get-Path ($name+'.'+$nonce)))}catch{}}
try{
[IO.File]::WriteAllText((Get-Path 'pid'),[string]$process.Id)
[IO.File]::WriteAllText((Get-Path 'command'),$command)
}catch{}
foreach($setting in $settings.Split([char]0)){
$at=$setting.IndexOf('=')
if($at -gt 0){[Environment]::SetEnvironmentVariable($setting.Substring(0,$at),$setting.Substring($at+1))}
}
function New-Output($name){
New-Object IO.FileStream((Get-Path $name),[IO.FileMode]::Create,[IO.FileAccess]::Write,([IO.FileShare]'ReadWrite,Delete'),1)
}
function Write-Exit($line){
$bytes=[Text.Encoding]::ASCII.GetBytes($line)
$file=New-Object IO.FileStream($exitFile,[IO.FileMode]::Open)
try{$file.Write($bytes,0,$bytes.Length);$file.SetLength($bytes.Length)}finally{$file.Dispose()}
[IO.File]::Move($exitFile,(Get-Path 'exit'))
}
try{
$out=New-Output 'stdout'
$err=New-Output 'stderr'
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
$limit=if($timeLimit){(Get-Now)+[long]$timeLimit}else{[long]::MaxValue}
while(-not $child.WaitForExit(500)){
$isLate=(Get-Now) -ge $limit
if($isLate){try{[IO.File]::WriteAllText((Get-Path 'killed'),'KILL')}catch{}}
$isKilled=[IO.File]::Exists((Get-Path 'killed'))
if($isLate -or $isKilled){
if($isKilled){$exitFile=''}
Stop-Tree @{Id=$child.Id;Start=$child.StartTime.ToFileTimeUtc()}
[void]$child.WaitForExit(5000)
break
}
if($pumps[0].IsFaulted){$child.StandardOutput.BaseStream.Dispose()}
if($pumps[1].IsFaulted){$child.StandardError.BaseStream.Dispose()}
}
try{[void][Threading.Tasks.Task]::WaitAll($pumps,5000)}catch{}
if($exitFile){$code=[BitConverter]::ToUInt32([BitConverter]::GetBytes([int]$child.ExitCode),0)}
}catch{
$code=1
$problem=[Text.Encoding]::UTF8.GetBytes([string]$_+[Environment]::NewLine)
try{$err.Write($problem,0,$problem.Length)}catch{}
}
try{$out.Dispose()}catch{}
try{$err.Dispose()}catch{}
$line=[string]$code+' '+(Get-Now)+' - end'
for($try=0;$exitFile -and $try -lt 600;$try++){
try{Write-Exit $line;break}catch{Start-Sleep -Milliseconds 1000}
}
Remove-Task $nonce
exit 0
`;
