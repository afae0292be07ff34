# Ends the command $line. Climbs from this PowerShell to the sshd process that started it, and looks at that one's other
# children. The command line is compared without quotes and blanks: sshd puts quotes around the command, and some shells
# escape them.
#
# The same line may run more than once. Whoever asks says which is meant, among all of them whose end he has not heard of:
# its place by their starts, then for each of them how long before this PowerShell it was started (milliseconds from and
# to), and whether it is to be ended too. sshd starts commands in turn, so with as many processes as there are lines the
# place tells. With less, some have just ended, and only processes that no line which is to run on can have started are
# taken. When it is not clear, none is touched.
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
  $limits=$span.Split(':')
  $before=($top.Start-$one.Start)/10000
  $before -ge [long]$limits[0]-50 -and $before -le [long]$limits[1]+50
}
if($found.Count -eq $spans.Count){
  # Started in the same tick of the clock: there is no first and second.
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
