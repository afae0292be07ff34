# Prints what is new as it arrives, until its time is up or it has printed much: waiting in one PowerShell costs less
# than starting another.
$until=(Get-Now)+[long]$wait
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
