import type { HostCommand, JobRemoval } from '../host/commands.ts';
import { answerOf, findFields, type JobRecord, readRecord } from '../host/record.ts';
import { posixScript } from './script.ts';
import { enter, kill, library, remove } from './scripts.generated.ts';

export function killCommand(dir: string, id: string, graceMs: number): HostCommand<JobRecord | undefined> {
  const grace = String(Math.ceil(graceMs / 100));
  const { line, mark } = posixScript({ action: 'kill', dir, id, grace }, library, enter, kill);
  return {
    line,
    read: (result) => {
      const { fields } = findFields(answerOf(result), mark);
      return fields.has('absent') ? undefined : readRecord(fields);
    },
  };
}

export function removeCommand(dir: string, id: string): HostCommand<JobRemoval> {
  const { line, mark } = posixScript({ action: 'remove', dir, id }, library, enter, remove);
  return {
    line,
    read: (result) => {
      const { fields } = findFields(answerOf(result), mark);
      if (fields.has('running')) return 'running';
      return fields.has('removed') ? 'removed' : 'absent';
    },
  };
}
