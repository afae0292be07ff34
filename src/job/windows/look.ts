import type { HostCommand, Look } from '../host/commands.ts';
import { answerOf, findFields, type JobRecord, parseFields, readRecord } from '../host/record.ts';
import type { HostResult, JobOffsets } from '../types.ts';
import { library, windowsScript } from './library.ts';

/** Waits for news: to sleep in one PowerShell costs less than to start another. */
const looker = `
$until=(Get-Now)+[long]$wait
for(;;){
  $record=Get-Record
  $stdout=Read-Piece 'stdout' ([long]$stdoutAt)
  $stderr=Read-Piece 'stderr' ([long]$stderrAt)
  if($stdout[1] -or $stderr[1] -or ($record -notlike '* live=[0-9]* exit= *') -or (Get-Now) -ge $until){break}
  Start-Sleep -Milliseconds 200
}
Write-Answer ($record+' stdout='+$stdout[1]+' stderr='+$stderr[1])
exit 0
`;

const lister = `
Write-Answer ''
if([IO.Directory]::Exists($dir)){
  foreach($folder in [IO.Directory]::GetDirectories($dir,'.trash-*')){try{[IO.Directory]::Delete($folder,$true)}catch{}}
  foreach($folder in [IO.Directory]::GetDirectories($dir)){
    $job=$folder
    [Console]::Out.WriteLine('job='+[IO.Path]::GetFileName($folder)+' '+(Get-Record))
  }
}
exit 0
`;

export function lookCommand(
  dir: string,
  id: string,
  from: JobOffsets | undefined,
  waitMs = 0,
): HostCommand<Look> {
  const { stdout = -1, stderr = -1 } = from ?? {};
  const variables = {
    action: 'look',
    dir,
    id,
    stdoutAt: `${stdout}`,
    stderrAt: `${stderr}`,
    wait: `${waitMs}`,
  };
  const script = windowsScript(variables, library, looker);
  return { ...script, read: (result) => readLook(result, script.mark) };
}

function readLook(result: HostResult, mark: string): Look {
  const { fields } = findFields(answerOf(result), mark);
  const bytes = (name: string) => Buffer.from(fields.get(name) ?? '', 'base64');
  return { record: readRecord(fields), stdout: bytes('stdout'), stderr: bytes('stderr') };
}

export function listCommand(dir: string): HostCommand<Map<string, JobRecord>> {
  const script = windowsScript({ action: 'list', dir, id: '' }, library, lister);
  return { ...script, read: (result) => readList(result, script.mark) };
}

function readList(result: HostResult, mark: string): Map<string, JobRecord> {
  const { rest } = findFields(answerOf(result), mark);
  const lines = rest.toString('utf8').split(/\r?\n/).filter(Boolean).map(parseFields);
  return new Map(lines.map((fields) => [fields.get('job') ?? '', readRecord(fields)]));
}
