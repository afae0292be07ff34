# Runs the script $s after $before. Out-Default writes what is still being formatted before `exit` can cut it off.
try{. $before;&([ScriptBlock]::Create($s))|Out-Default}
catch{[Console]::Error.WriteLine(($_|Out-String -Width 4096).Trim());exit 1}
exit $LASTEXITCODE
