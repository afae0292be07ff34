# A job that nobody has claimed is claimed for its removal, so that nobody can start it meanwhile.
$answer='absent'
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
