# What the scripts in the files $args consist of, by PowerShell's own parser, as JSON.
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
        functions = @($functions | ForEach-Object { $_.Name } | Sort-Object -Unique)
      }))
}
