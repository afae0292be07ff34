import type { HostCommand, HostWatch, Look } from '../host/commands.ts';
import { answerOf, findFields, type JobRecord, parseFields, readRecord } from '../host/record.ts';
import type { HostResult, JobOffsets } from '../types.ts';
import { windowsScript } from './script.ts';
import { library, list, look } from './scripts.generated.ts';

export function lookCommand(dir: string, id: string, from: JobOffsets | undefined): HostCommand<Look> {
  const { readLine, read, ...command } = watchCommand(dir, id, from, 0);
  return { ...command, read: (result) => read(result)[0]! };
}

export function watchCommand(
  dir: string,
  id: string,
  from: JobOffsets | undefined,
  waitMs: number,
): HostWatch {
  const { stdout = -1, stderr = -1 } = from ?? {};
  const offsets = { stdoutAt: `${stdout}`, stderrAt: `${stderr}` };
  const script = windowsScript({ action: 'look', dir, id, ...offsets, wait: `${waitMs}` }, library, look);
  const readLine = (line: string) => {
    const at = line.indexOf(script.mark);
    return at < 0 ? undefined : readLook(line.slice(at + script.mark.length));
  };
  return { ...script, readLine, read: (result) => readLooks(result, script.mark, readLine) };
}

/** At least one look. @throws {Unreadable} if there is none. */
function readLooks(result: HostResult, mark: string, readLine: HostWatch['readLine']): Look[] {
  const output = answerOf(result);
  findFields(output, mark);
  // What follows the last line ending is an incomplete line.
  const lines = output.toString('latin1').split('\n').slice(0, -1);
  return lines.map(readLine).filter((found) => found !== undefined);
}

function readLook(line: string): Look {
  const fields = parseFields(line);
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
