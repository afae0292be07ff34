# Under a policy PowerShell knows neither methods nor types; better said than shown by what fails first.
$l=$ExecutionContext.SessionState.LanguageMode
if($l -ne 'FullLanguage'){Write-Error "PowerShell is in $l mode here: a policy forbids scripts like this one.";exit 1}
