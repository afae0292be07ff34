// Made from the scripts of this folder by scripts/embed-scripts.mjs: change those, then run `npm run embed`.

/** kill.ps1 */
export const kill = `$told=[Console]::In.ReadLine().Split(' ')
$place=[int]$told[0]
$spans=@($told[1..($told.Count-1)])
$wanted=$line -replace '["\\\\\\s]',''
$all=@(Get-AllProcesses)
$byId=@{}
foreach($one in $all){$byId[$one.Id]=$one}
$mine=@()
$up=$byId[$PID]
while($up -and $up.Name -notmatch '^sshd'){
$mine+=$up.Id
$top=$up
$up=$byId[$up.Parent]
}
if(-not $up){exit 3}
$found=@($all | Where-Object {
$_.Parent -eq $up.Id -and $mine -notcontains $_.Id -and $_.Line -and $_.Start -lt $top.Start -and
($_.Line -replace '["\\\\\\s]','') -match ('[/-]c(ommand)?'+[Regex]::Escape($wanted)+'$')
} | Sort-Object -Property Start)
function Test-Span($one,$span){
$limits=$span.Split(':')
$before=($top.Start-$one.Start)/10000
$before -ge [long]$limits[0]-50 -and $before -le [long]$limits[1]+50
}
if($found.Count -eq $spans.Count){
$tick=@(0..($found.Count-1) | Where-Object {$found[$_].Start -eq $found[$place].Start})
$targets=@($found[$tick])
$owners=@($spans[$tick])
}else{
$targets=@($found | Where-Object {Test-Span $_ $spans[$place]})
$owners=@($spans | Where-Object {$span=$_;@($targets | Where-Object {Test-Span $_ $span}).Count -gt 0})
}
if($targets.Count -eq 0 -or $targets.Count -gt $owners.Count -or @($owners | Where-Object {$_ -notlike '*:end'}).Count -gt 0){exit 4}
foreach($target in $targets){Stop-Tree $target $all}
exit 0
`;

/** processes.ps1 */
export const processes = `function Get-AllProcesses{
try{
foreach($one in @(Get-CimInstance -ClassName Win32_Process -OperationTimeoutSec 10)){
$start=if($one.CreationDate){$one.CreationDate.ToFileTimeUtc()}else{[long]0}
New-Object PSObject -Property @{Id=[int]$one.ProcessId;Parent=[int]$one.ParentProcessId;Name=$one.Name;Line=$one.CommandLine;Start=$start}
}
}catch{
Add-Type -TypeDefinition $snapshot
[SshViaGatewayProcesses]::List()
}
}
function Test-Same($one,$other){[Math]::Abs($one.Start-$other.Start) -lt 10000000}
function Get-Below($all,$ended){
$heirs=@{}
foreach($one in $all){if($ended[$one.Id] -and -not (Test-Same $one $ended[$one.Id])){$heirs[$one.Id]=$one}}
foreach($one in $all){
$above=$ended[$one.Parent]
$heir=$heirs[$one.Parent]
if($above -and -not $ended[$one.Id] -and $one.Id -ne $PID -and $one.Start -ge $above.Start -and -not ($heir -and $one.Start -ge $heir.Start)){$one}
}
}
function Stop-Tree($process,$all=@()){
if(-not $all){try{$all=@(Get-AllProcesses)}catch{[void](cmd.exe /d /c ('taskkill /T /F /PID '+$process.Id+' 2>&1'))}}
$ended=@{}
$level=@($process)
do{
while($level){
foreach($one in $level){
$ended[$one.Id]=$one
try{if(Test-Same @{Start=(Get-Process -Id $one.Id).StartTime.ToFileTimeUtc()} $one){Stop-Process -Id $one.Id -Force}}catch{continue}
}
$level=@(Get-Below $all $ended)
}
try{$all=@(Get-AllProcesses)}catch{return}
$level=@(Get-Below $all $ended)
}while($level)
}
`;

/** snapshot.cs */
export const snapshot = `using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
public class SshViaGatewayProcess
{
public int Id, Parent;
public string Name, Line;
public long Start;
}
public static class SshViaGatewayProcesses
{
const uint SnapProcess = 2;
const uint QueryLimitedInformation = 0x1000;
const int CommandLineInformation = 60;
const int MostOfLine = 66000;
[StructLayout(LayoutKind.Sequential, CharSet = CharSet.Unicode)]
struct Entry
{
public uint Size, Usage;
public int Id;
public IntPtr Heap;
public uint Module, Threads;
public int Parent, Priority;
public uint Flags;
[MarshalAs(UnmanagedType.ByValTStr, SizeConst = 260)]
public string Name;
}
[DllImport("kernel32.dll", ExactSpelling = true, SetLastError = true)]
static extern IntPtr CreateToolhelp32Snapshot(uint flags, int process);
[DllImport("kernel32.dll", ExactSpelling = true)]
[return: MarshalAs(UnmanagedType.Bool)]
static extern bool Process32FirstW(IntPtr snapshot, ref Entry entry);
[DllImport("kernel32.dll", ExactSpelling = true)]
[return: MarshalAs(UnmanagedType.Bool)]
static extern bool Process32NextW(IntPtr snapshot, ref Entry entry);
[DllImport("kernel32.dll", ExactSpelling = true)]
static extern IntPtr OpenProcess(uint access, [MarshalAs(UnmanagedType.Bool)] bool inherit, int id);
[DllImport("kernel32.dll", ExactSpelling = true)]
[return: MarshalAs(UnmanagedType.Bool)]
static extern bool GetProcessTimes(IntPtr process, out long start, out long end, out long kernel, out long user);
[DllImport("ntdll.dll", ExactSpelling = true)]
static extern int NtQueryInformationProcess(IntPtr process, int kind, IntPtr answer, uint length, out uint needed);
[DllImport("kernel32.dll", ExactSpelling = true)]
[return: MarshalAs(UnmanagedType.Bool)]
static extern bool CloseHandle(IntPtr handle);
public static SshViaGatewayProcess[] List()
{
IntPtr snapshot = CreateToolhelp32Snapshot(SnapProcess, 0);
if (snapshot == new IntPtr(-1)) throw new InvalidOperationException("no snapshot: " + Marshal.GetLastWin32Error());
IntPtr answer = Marshal.AllocHGlobal(MostOfLine);
try
{
List<SshViaGatewayProcess> found = new List<SshViaGatewayProcess>();
Entry entry = new Entry();
entry.Size = (uint)Marshal.SizeOf(typeof(Entry));
for (bool more = Process32FirstW(snapshot, ref entry); more; more = Process32NextW(snapshot, ref entry))
{
SshViaGatewayProcess one = new SshViaGatewayProcess();
one.Id = entry.Id;
one.Parent = entry.Parent;
one.Name = entry.Name;
LookInto(one, answer);
found.Add(one);
}
return found.ToArray();
}
finally
{
Marshal.FreeHGlobal(answer);
CloseHandle(snapshot);
}
}
static void LookInto(SshViaGatewayProcess one, IntPtr answer)
{
IntPtr process = OpenProcess(QueryLimitedInformation, false, one.Id);
if (process == IntPtr.Zero) return;
try
{
long start, end, kernel, user;
if (GetProcessTimes(process, out start, out end, out kernel, out user)) one.Start = start;
uint needed;
if (NtQueryInformationProcess(process, CommandLineInformation, answer, MostOfLine, out needed) < 0) return;
int length = (ushort)Marshal.ReadInt16(answer) / 2;
one.Line = Marshal.PtrToStringUni(Marshal.ReadIntPtr(answer, IntPtr.Size), length);
}
finally
{
CloseHandle(process);
}
}
}
`;
