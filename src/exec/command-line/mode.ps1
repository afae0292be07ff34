# Under a policy, PowerShell allows neither methods nor types; better to say so than to let the first use of them fail.
$l=$ExecutionContext.SessionState.LanguageMode
if($l -ne 'FullLanguage'){Write-Error "PowerShell is in $l mode here: a policy forbids scripts like this one.";exit 1}
