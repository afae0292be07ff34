# What the scripts in the files $args consist of, by PowerShell's own parser, as JSON.
using namespace System.Management.Automation.Language

# What is easily done by mistake: the rules of PSScriptAnalyzer that find faults, and not a matter of taste.
$verbs = (Get-Verb).Verb
$automatic = 'args', 'error', 'event', 'foreach', 'home', 'host', 'input', 'lastexitcode', 'matches', 'myinvocation', 'pid', 'profile', 'pscmdlet', 'pshome', 'psitem', 'pwd', 'this', 'true', 'false'
function Get-Fault($All) {
  foreach ($one in $All) {
    switch ($one) {
      { $_ -is [FunctionDefinitionAst] -and ($_.Name -split '-')[0] -cnotin $verbs } { "verb of $($_.Name)"; break }
      { $_ -is [CatchClauseAst] -and $_.Body.Statements.Count -eq 0 } { 'empty catch'; break }
      { $_ -is [BinaryExpressionAst] -and "$($_.Right)" -eq '$null' } { "`$null on the right: $_"; break }
    }
  }
  $targets = @($All | Where-Object { $_ -is [AssignmentStatementAst] -and $_.Operator -eq 'Equals' } | ForEach-Object { $_.Left.FindAll({ $args[0] -is [VariableExpressionAst] }, $false) | Where-Object { Test-Target $_ } })
  $targets += @($All | Where-Object { $_ -is [ParameterAst] } | ForEach-Object { $_.Name })
  $read = @($All | Where-Object { $_ -is [VariableExpressionAst] -and $_ -notin $targets } | ForEach-Object { Get-PlainName $_ })
  foreach ($target in $targets) {
    $name = Get-PlainName $target
    if ($name -in $automatic) { "assigns to `$$name" }
    elseif ($name -ne 'null' -and $name -notlike '*Preference' -and $name -notin $read) { "never reads `$$name" }
  }
}
function Get-PlainName($Variable) { $Variable.VariablePath.UserPath -replace '^(script|global|local|private|using|env):' }
# In $a.b = 1 and $a[0] = 1 the variable is read.
function Test-Target($Variable) {
  for ($up = $Variable.Parent; $up -isnot [AssignmentStatementAst]; $up = $up.Parent) {
    if ($up -is [MemberExpressionAst] -or $up -is [IndexExpressionAst]) { return $false }
  }
  -not $Variable.VariablePath.IsDriveQualified
}

foreach ($path in $args) {
  $tokens = $errors = $null
  $ast = [Management.Automation.Language.Parser]::ParseFile($path, [ref]$tokens, [ref]$errors)
  $all = $ast.FindAll({ $true }, $true)
  $commands = $all | Where-Object { $_ -is [Management.Automation.Language.CommandAst] } | ForEach-Object {
    $name = $_.GetCommandName()
    if (-not $name) { return }
    $parameters = $_.CommandElements | Where-Object { $_ -is [Management.Automation.Language.CommandParameterAst] }
    $name
    foreach ($one in $parameters) { "$name -$($one.ParameterName)" }
  }
  $members = $all | Where-Object {
    $_ -is [Management.Automation.Language.MemberExpressionAst] -and $_.Static -and
      $_.Expression -is [Management.Automation.Language.TypeExpressionAst]
  } | ForEach-Object { "[$($_.Expression.TypeName)]::$($_.Member)" }
  $functions = $all | Where-Object { $_ -is [Management.Automation.Language.FunctionDefinitionAst] }
  [Console]::Out.WriteLine((ConvertTo-Json -Compress @{
        path = $path
        errors = @($errors | ForEach-Object { $_.Message })
        nodes = @($all | ForEach-Object { $_.GetType().Name } | Sort-Object -Unique)
        tokens = @($tokens | ForEach-Object { "$($_.Kind)" } | Sort-Object -Unique)
        commands = @($commands | Sort-Object -Unique)
        members = @($members | Sort-Object -Unique)
        faults = @(Get-Fault $all | Sort-Object -Unique)
        functions = @($functions | ForEach-Object { $_.Name } | Sort-Object -Unique)
      }))
}
