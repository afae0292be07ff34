# Ends the command $line. Climbs from this PowerShell to the sshd process that started it, and looks at that one's other
# children. The command line is compared without quotes and blanks: sshd puts quotes around the command, and some shells
# escape them.
#
# The same line may run more than once. Whoever asks says which is meant, among all of them whose end he has not heard of:
# its place by their starts, then for each of them how long before this PowerShell it was started (milliseconds from and
# to). sshd starts commands in turn, so with as many processes as there are lines the place tells. With less, some have
# just ended, and only a process that one line alone can have started is taken. When it is not clear, none is touched.
$told=[Console]::In.ReadLine().Split(' ')
$place=[int]$told[0]
$spans=@($told[1..($told.Count-1)])
$wanted=$line -replace '["\\\s]',''
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
    ($_.Line -replace '["\\\s]','') -match ('[/-]c(ommand)?'+[Regex]::Escape($wanted)+'$')
} | Sort-Object -Property Start)
# The clocks of both sides need not run quite alike.
function Test-Span($one,$span){
  $from,$to=$span.Split(':')
  $before=($top.Start-$one.Start)/10000
  $before -ge [long]$from-50 -and $before -le [long]$to+50
}
if($found.Count -eq $spans.Count){
  $target=$found[$place]
  # Started in the same tick of the clock: there is no first and second.
  if(@($found | Where-Object {$_.Start -eq $target.Start}).Count -ne 1){exit 4}
}else{
  $fitting=@($found | Where-Object {Test-Span $_ $spans[$place]})
  if($fitting.Count -ne 1){exit 4}
  $target=$fitting[0]
  if(@($spans | Where-Object {Test-Span $target $_}).Count -ne 1){exit 4}
}
Stop-Tree $target $all
exit 0
