/**
 * Hints for the server's reasons. Windows reports them in the PC's own language, so the patterns match only our own
 * words, names and numbers.
 */
const hints: readonly (readonly [RegExp, string])[] = [
  [
    /\b(?:Constrained|Restricted|No)Language\b/,
    'AppLocker or App Control for Business restricts PowerShell for this account. Jobs need FullLanguage: a rule for the account, or another account.',
  ],
  [
    /'powershell'|\bpowershell(?:\.exe)?: (?:command )?not found/i,
    'Jobs on Windows need Windows PowerShell 5.1 (powershell.exe) on the PATH of SSH sessions.',
  ],
  [
    /Win32_Process\.Create returned 2\b/,
    'The Defender rule "Block process creations originating from PSExec and WMI commands" (d1e49aac-8f56-4280-b9ba-993a6d77406c) may be on. Allow C# to be compiled for this account (see the reason for "without WMI"), or add an exception to the rule.',
  ],
  [
    /through WMI: .*\((?:0x80070005|0x80041003|0x\w+ PermissionDenied)\b/s,
    'Over SSH, only administrators can use WMI. Either let the account start processes without it (see the reason for "without WMI"), or use an administrator’s account.',
  ],
  [
    /by schtasks\.exe: .*\(0x\w+ (?:ObjectNotFound|ResourceUnavailable)\)/s,
    'A policy (AppLocker, App Control, software restrictions) blocks schtasks.exe for this account, and the cmdlets of Task Scheduler use WMI, which only administrators can use over SSH. Allow schtasks.exe, or use an administrator’s account.',
  ],
  [
    /by schtasks\.exe: schtasks\.exe ended with \d|by the task scheduler: .*\(0x\w+ PermissionDenied\)/s,
    "Task Scheduler accepts no task from this account, neither by its cmdlets nor by schtasks.exe: use an administrator’s account; interactive.runLevel 'highest' always accepts one.",
  ],
  [
    /logged on at the desktop/,
    'Log the account on at the PC (a locked screen is enough), or omit the option interactive.',
  ],
  [
    /open in another program/,
    'Close whatever has a file of the job open (an editor, a viewer of logs, a backup, a virus scanner), or try again later.',
  ],
  [
    /disk is full|No space left on device|\(0x800700(?:70|27)\b/i,
    'Free some space on the disk that holds the folder of jobs; removeJobs deletes jobs that have ended.',
  ],
];

export function hintFor(reason: string): string | undefined {
  return hints.find(([pattern]) => pattern.test(reason))?.[1];
}
