# Waits for news: to sleep in one PowerShell costs less than to start another.
$until=(Get-Now)+[long]$wait
for(;;){
  $record=Get-Record
  $stdout=Read-Piece 'stdout' ([long]$stdoutAt)
  $stderr=Read-Piece 'stderr' ([long]$stderrAt)
  if($stdout[1] -or $stderr[1] -or ($record -notlike '* live=[0-9]* exit= *') -or (Get-Now) -ge $until){break}
  Start-Sleep -Milliseconds 200
}
Write-Answer ($record+' stdout='+$stdout[1]+' stderr='+$stderr[1])
exit 0
