Write-Answer ''
if([IO.Directory]::Exists($dir)){
  foreach($folder in [IO.Directory]::GetDirectories($dir,'.trash-*')){try{[IO.Directory]::Delete($folder,$true)}catch{}}
  foreach($folder in [IO.Directory]::GetDirectories($dir)){
    $job=$folder
    [Console]::Out.WriteLine('job='+[IO.Path]::GetFileName($folder)+' '+(Get-Record))
  }
}
exit 0
