import { processes, snapshot } from '../../exec/stop/scripts.generated.ts';
import type { HostCommand, JobRemoval } from '../host/commands.ts';
import { answerOf, findFields, type JobRecord, readRecord, Unreadable } from '../host/record.ts';
import { windowsScript } from './script.ts';
import { kill, library, remove } from './scripts.generated.ts';

export function killCommand(dir: string, id: string): HostCommand<JobRecord | undefined> {
  const script = windowsScript({ action: 'kill', dir, id, snapshot }, library, processes, kill);
  return { ...script, read: (result) => readRecord(findFields(answerOf(result), script.mark).fields) };
}

export function removeCommand(dir: string, id: string): HostCommand<JobRemoval> {
  const script = windowsScript({ action: 'remove', dir, id }, library, remove);
  return {
    ...script,
    read: (result) => {
      const { fields } = findFields(answerOf(result), script.mark);
      const held = fields.get('held');
      if (held !== undefined) throw new Unreadable(inUse(Buffer.from(held, 'base64').toString('utf8')), true);
      if (fields.has('running')) return 'running';
      return fields.has('removed') ? 'removed' : 'absent';
    },
  };
}

const inUse = (why: string) => `its folder is in use: a file in it is open in another program (${why})`;
