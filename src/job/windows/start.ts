import { processes, snapshot } from '../../exec/stop/scripts.generated.ts';
import type { HostCommand, JobStart, StartRequest } from '../host/commands.ts';
import { answerOf, findFields, readRecord } from '../host/record.ts';
import type { HostResult } from '../types.ts';
import { windowsScript } from './script.ts';
import { detached, library, start, wrapper } from './scripts.generated.ts';

/**
 * The wrapper must leave the job object in which sshd holds what a session starts. It asks to leave itself (see
 * detached.cs), which every account may; where no C# can be compiled or no process may leave, the WMI service starts it,
 * which takes an administrator. On a user's desktop only the task scheduler can start something, asked by its cmdlets,
 * which need WMI, or by schtasks.exe. None of them hands a pipe over, so the start waits for the claim. When none comes,
 * it makes one itself: then the wrapper cannot start any more, however late it may be.
 */
export function startCommand(dir: string, request: StartRequest): HostCommand<JobStart> {
  const { id, line: command, fingerprint, interactive } = request;
  const task = interactive ? `ssh-via-gateway job ${id}` : '';
  const runLevel = interactive?.runLevel === 'highest' ? 'Highest' : 'Limited';
  const limit = interactive?.executionTimeLimit;
  const timeLimit = limit === undefined ? '' : `${Math.ceil(limit)}`;
  const values = { action: 'start', dir, id, command, fingerprint, task, runLevel, timeLimit };
  const variables = { ...values, functions: library + processes, wrapper, detached, snapshot };
  const { line, stdin, mark, nonce } = windowsScript(variables, start);
  return { line, stdin, read: (result) => readStarted(result, mark, nonce) };
}

function readStarted(result: HostResult, mark: string, nonce: string): JobStart {
  const { fields } = findFields(answerOf(result), mark);
  const record = readRecord(fields);
  const why = Buffer.from(fields.get('why') ?? '', 'base64').toString('utf8');
  return {
    record,
    isNew: record.claim?.flags === nonce,
    failure: record.claim ? undefined : why || 'the process that runs jobs ended at once',
  };
}
