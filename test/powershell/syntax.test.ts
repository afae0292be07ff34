// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of PowerShell, not template strings
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findPwsh } from './support/pc.ts';

/*
 * The scripts are for Windows PowerShell 5.1 on .NET Framework 4.5, and run here in 7. What 7 has and 5.1 has not must
 * not be in them: its syntax, by the names of PowerShell's own parser, and whatever command, parameter or static member
 * is not known to be in 5.1.
 */
const newerSyntax: Record<string, string> = {
  TernaryExpressionAst: 'a ? b : c',
  PipelineChainAst: 'a && b || c',
  AndAnd: '&&',
  OrOr: '||',
  QuestionQuestion: 'a ?? b',
  QuestionQuestionEquals: '$a ??= b',
  QuestionDot: '${a}?.b',
  QuestionLBracket: '${a}?[0]',
  Clean: 'clean {}',
};

/** Without -Parallel, -AsByteStream, utf8NoBOM, Join-String, Test-Json and all else that came later. */
const commandsOf51 = `
Add-Type, Add-Type -TypeDefinition, ForEach-Object, Get-ChildItem, Get-CimInstance, Get-Process, Get-Process -Id,
Get-Process -ErrorAction, Get-ScheduledTask, Get-ScheduledTask -TaskName, Invoke-CimMethod, Invoke-CimMethod -ClassName,
Invoke-CimMethod -MethodName, Invoke-CimMethod -Arguments, New-Object, New-ScheduledTaskAction,
New-ScheduledTaskAction -Execute, New-ScheduledTaskAction -Argument, New-ScheduledTaskPrincipal,
New-ScheduledTaskPrincipal -UserId, New-ScheduledTaskPrincipal -LogonType, New-ScheduledTaskPrincipal -RunLevel,
New-ScheduledTaskSettingsSet, New-ScheduledTaskSettingsSet -AllowStartIfOnBatteries,
New-ScheduledTaskSettingsSet -DontStopIfGoingOnBatteries, New-ScheduledTaskSettingsSet -ExecutionTimeLimit,
New-ScheduledTaskSettingsSet -Priority, Out-Default, Out-String, Out-String -Width, Register-ScheduledTask,
Register-ScheduledTask -TaskName, Register-ScheduledTask -Action, Register-ScheduledTask -Principal,
Register-ScheduledTask -Settings, Register-ScheduledTask -Force, Register-ScheduledTask -Xml, Start-ScheduledTask, Start-ScheduledTask -TaskName,
Start-Sleep, Start-Sleep -Milliseconds, Unregister-ScheduledTask, Unregister-ScheduledTask -Confirm,
Unregister-ScheduledTask -TaskName, Where-Object, Write-Error, schtasks.exe, cmd.exe, taskkill,
Get-CimAssociatedInstance, Get-CimAssociatedInstance -ResultClassName, Remove-Item -Path, Get-CimInstance -ClassName, Get-CimInstance -ErrorAction, Get-CimInstance -OperationTimeoutSec, Get-ItemProperty,
Get-ItemProperty -ErrorAction, Get-ItemProperty -Path, Get-PSDrive, Get-PSDrive -ErrorAction, Get-PSDrive -Name,
Get-Service, Get-Service -ErrorAction, Get-Service -Name, powercfg, whoami, Get-Date, Get-ScheduledTask -ErrorAction,
New-ScheduledTaskSettingsSet -MultipleInstances, New-ScheduledTaskSettingsSet -StartWhenAvailable,
New-ScheduledTaskTrigger, New-ScheduledTaskTrigger -At, New-ScheduledTaskTrigger -AtStartup,
New-ScheduledTaskTrigger -Once, New-ScheduledTaskTrigger -RepetitionInterval, New-TimeSpan, New-TimeSpan -Minutes,
Register-ScheduledTask -Description, Register-ScheduledTask -Trigger, Stop-ScheduledTask,
Stop-ScheduledTask -TaskName,
Add-WindowsCapability, Add-WindowsCapability -Name, Add-WindowsCapability -Online, Disable-NetFirewallRule,
Disable-NetFirewallRule -Name, Get-ChildItem -Force, Get-ChildItem -LiteralPath, Get-CimInstance -Filter, Get-Command,
Get-Command -CommandType, Get-Command -ErrorAction, Get-Item, Get-Item -Force, Get-Item -LiteralPath,
Get-LocalGroupMember, Get-LocalGroupMember -ErrorAction, Get-LocalGroupMember -SID, Get-LocalUser,
Get-LocalUser -ErrorAction, Get-LocalUser -Name, Get-NetFirewallRule, Get-NetFirewallRule -ErrorAction,
Get-NetFirewallRule -Name, Get-Random, Get-Random -Maximum, Get-Random -Minimum, Get-UICulture, Get-WindowsCapability,
Get-WindowsCapability -Name, Get-WindowsCapability -Online, icacls, Join-Path, Move-Item, Move-Item -Destination,
Move-Item -ErrorAction, Move-Item -Force, Move-Item -LiteralPath, New-Item, New-Item -ItemType, New-Item -Path,
Remove-Item, Remove-Item -ErrorAction, Remove-Item -Force, Remove-Item -LiteralPath, Remove-Item -Recurse, Select-Object, Select-Object -First,
Select-String, Sort-Object, Sort-Object -Property, Stop-Process -Id, New-Object -Property, Set-Service, Set-Service -StartupType, Split-Path, Split-Path -Leaf, Start-Process,
Start-Process -ArgumentList, Start-Process -FilePath, Start-Process -NoNewWindow, Start-Process -PassThru,
Start-Process -RedirectStandardError, Start-Process -RedirectStandardOutput, Start-Process -Wait, Start-Service,
Stop-Process, Stop-Process -ErrorAction, Stop-Process -Force, Stop-Process -InputObject, Test-Path, Test-Path -LiteralPath, Test-Path -PathType, Write-Output`
  .split(',')
  .map((name) => name.trim());

const membersOfFramework = `
[SshViaGatewayProcesses]::List, [BitConverter]::GetBytes, [BitConverter]::ToString, [BitConverter]::ToUInt32, [Console]::Error, [Console]::In, [Console]::InputEncoding,
[Console]::OpenStandardError, [Console]::OpenStandardInput, [Console]::OpenStandardOutput, [Console]::Out,
[Console]::OutputEncoding, [Console]::SetError, [Console]::SetOut, [Convert]::FromBase64String,
[Convert]::ToBase64String, [Convert]::ToInt64, [DateTimeOffset]::UtcNow, [DateTime]::Now, [DateTime]::UtcNow, [Diagnostics.Process]::GetCurrentProcess,
[Diagnostics.Process]::Start, [Environment]::ExpandEnvironmentVariables, [Environment]::NewLine,
[Environment]::SetEnvironmentVariable, [Environment]::UserDomainName, [Environment]::UserName,
[IO.Directory]::CreateDirectory, [IO.Directory]::Delete, [IO.Directory]::Exists, [IO.Directory]::GetDirectories,
[IO.Directory]::Move, [IO.File]::Delete, [IO.File]::Exists, [IO.File]::Move, [IO.File]::Open, [IO.File]::ReadAllText,
[IO.File]::WriteAllText, [IO.FileAccess]::Read, [IO.FileAccess]::ReadWrite, [IO.FileAccess]::Write,
[IO.FileMode]::Create, [IO.FileMode]::CreateNew, [IO.FileMode]::Open, [IO.FileMode]::OpenOrCreate,
[IO.FileOptions]::DeleteOnClose, [IO.FileShare]::None, [IO.Path]::Combine, [IO.Path]::GetFileName,
[IO.Path]::GetFullPath, [IO.Path]::GetPathRoot, [IO.SeekOrigin]::Begin, [Math]::Min, [Regex]::Escape, [ScriptBlock]::Create,
[IO.Directory]::GetFiles, [IO.Path]::GetExtension, [Security.Cryptography.SHA256]::Create, [Security.SecurityElement]::Escape,
[Math]::Abs, [SshViaGatewayDetached]::Start, [Text.Encoding]::ASCII, [Text.Encoding]::UTF8,
[Text.Encoding]::Unicode, [Threading.Tasks.Task]::WaitAll, [TimeSpan]::FromMilliseconds, [TimeSpan]::Zero,
[long]::MaxValue, [Diagnostics.Stopwatch]::StartNew, [IO.File]::AppendAllText, [IO.FileAttributes]::ReparsePoint,
[Math]::Pow, [regex]::Unescape`
  .split(',')
  .map((name) => name.trim());

/** Short on purpose, because they are sent for each command; some are halves, whose variables the other half reads. */
const accepted: Record<string, string[]> = {
  'empty catch': [
    'cli/doctor/checks/windows-look.ps1',
    ...['library', 'list', 'start', 'wrapper'].map((name) => `job/windows/${name}.ps1`),
  ],
  'verb of say': ['cli/doctor/checks/windows-look.ps1'],
  'never reads $s': ['exec/command-line/receive.ps1'],
  'never reads $job': ['job/windows/list.ps1'],
};

interface Analysis {
  path: string;
  errors: string[];
  nodes: string[];
  tokens: string[];
  commands: string[];
  members: string[];
  functions: string[];
  /** What is easily done by mistake; see analyse.ps1. */
  faults: string[];
}

function analyse(paths: string[]): Analysis[] {
  const script = join(import.meta.dirname, 'support/analyse.ps1');
  const output = execFileSync(findPwsh(), ['-NoProfile', '-NonInteractive', '-File', script, ...paths]);
  return output
    .toString('utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Analysis);
}

/** What of it 5.1 does not have. */
function notIn51(one: Analysis, functions: readonly string[]): string[] {
  const syntax = [...one.nodes, ...one.tokens].filter((name) => name in newerSyntax);
  const isKnown = (name: string) => commandsOf51.includes(name) || functions.includes(name.split(' ')[0]!);
  const unknown = one.commands.filter((name) => !isKnown(name));
  const members = one.members.filter((name) => !membersOfFramework.includes(name));
  return [...one.errors, ...syntax.map((name) => newerSyntax[name]!), ...unknown, ...members];
}

describe('the scripts for Windows PowerShell 5.1', () => {
  it('have nothing in them that it does not have', () => {
    const src = resolve(import.meta.dirname, '../../src');
    const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ps1'),
    );
    const all = analyse(files.map((file) => join(src, file)));
    expect(all).toHaveLength(files.length);
    const functions = all.flatMap((one) => one.functions);
    for (const one of all) {
      const file = relative(src, one.path);
      const faults = one.faults.filter((fault) => !accepted[fault]?.includes(file));
      expect([...notIn51(one, functions), ...faults], file).toEqual([]);
    }
    // What is accepted is still there.
    for (const [fault, where] of Object.entries(accepted))
      for (const file of where)
        expect(all.find(({ path }) => path.endsWith(file))?.faults, file).toContain(fault);
  });

  it('would be caught with what an analyzer would find', () => {
    const samples = [
      ['function Fetch-Thing { 1 }', 'verb of Fetch-Thing'],
      ['try { 1 } catch { }', 'empty catch'],
      ['$a = 1; if ($a -eq $null) { 2 }', '$null on the right: $a -eq $null'],
      ['$unused = 1', 'never reads $unused'],
      ['function Get-Thing([int]$Left, [int]$Used) { $Used }', 'never reads $Left'],
      ['foreach ($x in 1, 2) { $matches = $x; $matches }', 'assigns to $matches'],
      // Aliases, Write-Host and Invoke-Expression are not among the commands that may be used.
      ['gci | % { $_ }', 'gci'],
      ['Write-Host 1', 'Write-Host'],
      ['Invoke-Expression 1', 'Invoke-Expression'],
      ['$a = @{}; $a.b = 1; $script:c = 2; $c; $null = 3; $ErrorActionPreference = 4', ''],
    ] as const;
    inFolder((folder) => {
      const paths = samples.map(([script], n) => {
        writeFileSync(join(folder, `${n}.ps1`), script);
        return join(folder, `${n}.ps1`);
      });
      const found = analyse(paths).map((one) => [...one.faults, ...notIn51(one, one.functions)]);
      for (const [n, [script, fault]] of samples.entries()) {
        if (fault === '') expect(found[n], script).toEqual([]);
        else expect(found[n], script).toContain(fault);
      }
    });
  });

  it('would be caught with what 7 alone has', () => {
    const samples = [
      ['$a = $b ? 1 : 2', 'a ? b : c'],
      ['Get-ChildItem && Get-Process', '&&'],
      ['$a = $b ?? 3', 'a ?? b'],
      ['$a ??= 3', '$a ??= b'],
      ['${a}?.Length', '${a}?.b'],
      ['1..3 | ForEach-Object -Parallel { $_ }', 'ForEach-Object -Parallel'],
      ['1..3 | Join-String', 'Join-String'],
      ['[Convert]::ToHexString(@())', '[Convert]::ToHexString'],
      ['if (1) {', 'Missing closing'],
    ] as const;
    inFolder((folder) => {
      const paths = samples.map(([script], n) => {
        writeFileSync(join(folder, `${n}.ps1`), script);
        return join(folder, `${n}.ps1`);
      });
      const found = analyse(paths).map((one) => notIn51(one, []).join('\n'));
      for (const [n, [script, name]] of samples.entries()) expect(found[n], script).toContain(name);
    });
  });
});

describe('the C# for Windows PowerShell 5.1', () => {
  const compile = (source: string) =>
    inFolder((folder) => {
      writeFileSync(join(folder, 'x.cs'), source);
      const script = `Add-Type -TypeDefinition (Get-Content -Raw '${join(folder, 'x.cs')}') -CompilerOptions '-langversion:5','-warnaserror'`;
      return execFileSync(findPwsh(), ['-NoProfile', '-NonInteractive', '-Command', script], {
        stdio: 'pipe',
      });
    });

  it('is C# 5, which is what its compiler knows', () => {
    compile(readFileSync(resolve(import.meta.dirname, '../../src/job/windows/detached.cs'), 'utf8'));
    expect(() => compile('public class X { string a = $"{1}"; }')).toThrow('not available in C# 5');
  });
});

function inFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'analyse-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
