import type { HostCommand, Started, StartRequest } from '../host/commands.ts';
import { answerOf, findFields, readRecord } from '../host/record.ts';
import type { HostResult } from '../types.ts';
import { windowsScript } from './script.ts';
import { library, start, wrapper } from './scripts.generated.ts';

/**
 * The wrapper is started by the WMI service, because sshd ends with the session whatever was started inside it, or by
 * the task scheduler, which alone can start something on a user's desktop. Neither hands a pipe over, so the start
 * waits for the claim. When none comes, it makes one itself: then the wrapper cannot start any more, however late
 * it may be.
 */
export function startCommand(dir: string, request: StartRequest): HostCommand<Started> {
  const { id, line: command, fingerprint, interactive } = request;
  const task = interactive ? `ssh-via-gateway job ${id}` : '';
  const variables = { action: 'start', dir, id, command, fingerprint, task, functions: library, wrapper };
  const { line, stdin, mark, nonce } = windowsScript(variables, start);
  return { line, stdin, read: (result) => readStarted(result, mark, nonce) };
}

function readStarted(result: HostResult, mark: string, nonce: string): Started {
  const { fields } = findFields(answerOf(result), mark);
  const record = readRecord(fields);
  const why = Buffer.from(fields.get('why') ?? '', 'base64').toString('utf8');
  return {
    record,
    isNew: record.claim?.flags === nonce,
    failure: record.claim ? undefined : why || 'the process that runs jobs ended at once',
  };
}
