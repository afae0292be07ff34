$ErrorActionPreference='Stop';$ProgressPreference='SilentlyContinue'
# PowerShell 7: colours off, and a program's exit code stays a number instead of an error.
if($PSStyle){$PSStyle.OutputRendering='PlainText'};$PSNativeCommandUseErrorActionPreference=$false
