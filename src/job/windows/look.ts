import type { HostCommand, Look } from '../host/commands.ts';
import { answerOf, findFields, type JobRecord, parseFields, readRecord } from '../host/record.ts';
import type { HostResult, JobOffsets } from '../types.ts';
import { windowsScript } from './script.ts';
import { library, list, look } from './scripts.generated.ts';

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
  const script = windowsScript(variables, library, look);
  return { ...script, read: (result) => readLook(result, script.mark) };
}

function readLook(result: HostResult, mark: string): Look {
  const { fields } = findFields(answerOf(result), mark);
  const bytes = (name: string) => Buffer.from(fields.get(name) ?? '', 'base64');
  return { record: readRecord(fields), stdout: bytes('stdout'), stderr: bytes('stderr') };
}

export function listCommand(dir: string): HostCommand<Map<string, JobRecord>> {
  const script = windowsScript({ action: 'list', dir, id: '' }, library, list);
  return { ...script, read: (result) => readList(result, script.mark) };
}

function readList(result: HostResult, mark: string): Map<string, JobRecord> {
  const { rest } = findFields(answerOf(result), mark);
  const lines = rest.toString('utf8').split(/\r?\n/).filter(Boolean).map(parseFields);
  return new Map(lines.map((fields) => [fields.get('job') ?? '', readRecord(fields)]));
}
