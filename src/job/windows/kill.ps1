# There are no signals. The wrapper goes with its children, so the note is what tells a kill from a loss.
$claim=Read-FirstLine (Get-Path 'claim')
if($claim -like '1:*' -and (Test-Alive $claim) -and -not [IO.File]::Exists((Get-Path 'exit'))){
  [IO.File]::WriteAllText((Get-Path 'killed'),'KILL')
  [void](cmd.exe /d /c ('taskkill /T /F /PID '+[int]$claim.Split(':')[1]+' 2>&1'))
  $until=(Get-Now)+10000
  while((Test-Alive $claim) -and (Get-Now) -lt $until){Start-Sleep -Milliseconds 100}
}
Remove-Task
Write-Answer (Get-Record)
exit 0
