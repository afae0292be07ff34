# There are no signals: the wrapper finds the note, and ends the command. If it does not, it is ended with everything
# that it has started; the note then distinguishes a kill from a loss.
$claim=Read-FirstLine (Get-Path 'claim')
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
