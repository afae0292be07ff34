# Ends the command $line. Climbs from this PowerShell to the sshd process that started it, and examines the other
# children of that one. Command lines are compared without quotes and blanks: sshd puts quotes around the command, and
# some shells escape them.
#
# The same line may be running more than once. The caller says which one is meant, among all those whose end it does not
# know of: its place in the order of their starts, then for each of them how long before this PowerShell it was started
# (milliseconds, from and to), and whether it is to be ended too. sshd starts commands in order, so if there are as many
# processes as lines, the place decides. If there are fewer, some have just ended, and only processes are ended that no
# line which is to keep running can have started. If it is not clear, none is touched.
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
# The clocks of the two sides need not run exactly alike.
function Test-Span($one,$span){
  $limits=$span.Split(':')
  $before=($top.Start-$one.Start)/10000
  $before -ge [long]$limits[0]-50 -and $before -le [long]$limits[1]+50
}
if($found.Count -eq $spans.Count){
  # Started in the same tick of the clock: there is no order among them.
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
