import type { HostCommand, Removal } from '../host/commands.ts';
import { answerOf, findFields, type JobRecord, readRecord } from '../host/record.ts';
import { library, windowsScript } from './library.ts';

/** There are no signals. The wrapper goes with its children, so the note is what tells a kill from a loss. */
const killer = `
$claim=Read-FirstLine ($job+'\\claim')
if($claim -like '1:*' -and (Test-Alive $claim) -and -not [IO.File]::Exists($job+'\\exit')){
  [IO.File]::WriteAllText($job+'\\killed','KILL')
  [void](cmd.exe /d /c ('taskkill /T /F /PID '+[int]$claim.Split(':')[1]+' 2>&1'))
  $until=(Get-Now)+10000
  while((Test-Alive $claim) -and (Get-Now) -lt $until){Start-Sleep -Milliseconds 100}
}
Remove-Task
Write-Answer (Get-Record)
exit 0
`;

/** A job that nobody has claimed is claimed for its removal, so that nobody can start it meanwhile. */
const remover = `
$answer='absent'
if([IO.Directory]::Exists($job)){
  $lock=Lock-Removal
  try{
    $claim=Read-FirstLine ($job+'\\claim')
    if(-not $claim -and [IO.Directory]::Exists($job)){
      [void](Set-Claim 'removed' $nonce)
      $claim=Read-FirstLine ($job+'\\claim')
    }
    $answer='removed'
    if($claim -like '1:*' -and (Test-Alive $claim) -and (Read-FirstLine ($job+'\\exit')) -notlike '* end'){$answer='running'}
    if($answer -eq 'removed'){Remove-Folder;Remove-Task}
  }finally{$lock.Dispose()}
}
Write-Answer $answer
exit 0
`;

export function killCommand(dir: string, id: string): HostCommand<JobRecord | undefined> {
  const script = windowsScript({ action: 'kill', dir, id }, library, killer);
  return { ...script, read: (result) => readRecord(findFields(answerOf(result), script.mark).fields) };
}

export function removeCommand(dir: string, id: string): HostCommand<Removal> {
  const script = windowsScript({ action: 'remove', dir, id }, library, remover);
  return {
    ...script,
    read: (result) => {
      const { fields } = findFields(answerOf(result), script.mark);
      if (fields.has('running')) return 'running';
      return fields.has('removed') ? 'removed' : 'absent';
    },
  };
}
