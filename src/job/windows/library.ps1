# Functions for all scripts. `$job` is the job's folder, `$dir` its parent folder.
$dir=[Environment]::ExpandEnvironmentVariables($dir)
if($dir -eq '~' -or $dir.StartsWith('~\') -or $dir.StartsWith('~/')){$dir=$HOME+$dir.Substring(1)}
$dir=[IO.Path]::GetFullPath([IO.Path]::Combine($HOME,$dir))
$job=[IO.Path]::Combine($dir,$id)
# The path of a file in the job's folder.
function Get-Path($name){[IO.Path]::Combine($job,$name)}
function Get-Now{[long]([DateTime]::UtcNow-(New-Object DateTime 1970,1,1)).TotalMilliseconds}
function Open-Shared($path){
  New-Object IO.FileStream($path,[IO.FileMode]::Open,[IO.FileAccess]::Read,([IO.FileShare]'ReadWrite,Delete'))
}
# The first line of a file, or nothing if there is no such file. A virus scanner may hold it for a moment.
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
# Whether the wrapper that made this claim holds its file: opening it is then a sharing violation (32; for PowerShell 7
# on a Unix system, 11).
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
# Everything about the job in $job. Whether it is alive is read before its exit.
function Get-Record{
  $claim=Read-FirstLine (Get-Path 'claim')
  $live='';$boot=''
  if($claim -like '1:*' -and (Test-Alive $claim)){$live=$claim.Split(':')[2];$boot='-'}
  $exit=(Read-FirstLine (Get-Path 'exit')).Replace(' ',',')
  $killed=Read-FirstLine (Get-Path 'killed')
  $out=Read-Piece 'stdout' -1
  $err=Read-Piece 'stderr' -1
  # The folder was removed in between: nothing that was seen counts then.
  if((Read-FirstLine (Get-Path 'claim')) -ne $claim){$claim='';$live=''}
  "claim=$claim live=$live boot=$boot exit=$exit killed=$killed out=$($out[0]) err=$($err[0]) now=$(Get-Now)"
}
# The size of a stream's file, its contents from an offset in base64, and how many bytes these are; -1 for the size
# alone.
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
# Makes the claim $text, unless there is one.
function Set-Claim($text,$name){
  $file=Get-Path ('claim.'+$name)
  [IO.File]::WriteAllText($file,$text)
  try{[IO.File]::Move($file,(Get-Path 'claim'));return $true}catch{
    [IO.File]::Delete($file)
    if([IO.File]::Exists((Get-Path 'claim'))){return $false}
    throw
  }
}
# The right to move the job's folder away, until it is disposed of; the system takes it back from a process that dies.
# The folder's state is checked and the folder moved while holding it, so that it is this one and not one created
# meanwhile.
function Lock-Removal{
  for($try=0;;$try++){
    try{return New-Object IO.FileStream(([IO.Path]::Combine($dir,'.lock-'+$id)),[IO.FileMode]::OpenOrCreate,[IO.FileAccess]::ReadWrite,[IO.FileShare]::None,1,[IO.FileOptions]::DeleteOnClose)}catch{
      if($try -ge 100){throw}
      Start-Sleep -Milliseconds 100
    }
  }
}
# A folder in which a file is open cannot be moved; a poller keeps one open for a moment.
function Remove-Folder{
  $trash=[IO.Path]::Combine($dir,'.trash-'+$nonce)
  for($try=0;[IO.Directory]::Exists($job);$try++){
    try{[IO.Directory]::Move($job,$trash);break}catch{
      if($try -ge 50){throw}
      Start-Sleep -Milliseconds 100
    }
  }
  # What a scanner has open there is removed when jobs are listed.
  try{if([IO.Directory]::Exists($trash)){[IO.Directory]::Delete($trash,$true)}}catch{}
}
# schtasks.exe uses the task scheduler directly. The cmdlets use WMI, which over SSH is for administrators only.
function Invoke-Schtasks([string[]]$words){
  $ErrorActionPreference='Continue'
  $said=@(& schtasks.exe @words 2>&1) -join ' '
  if($LASTEXITCODE){throw ('schtasks.exe ended with '+$LASTEXITCODE+': '+$said)}
}
# Removes the task of the interactive start $by, or of all ('*'). Each has left its definition in the job's folder.
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
