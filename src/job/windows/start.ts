import { processes, snapshot } from '../../exec/stop/scripts.generated.ts';
import type { HostCommand, JobStart, StartRequest } from '../host/commands.ts';
import { answerOf, findFields, readRecord } from '../host/record.ts';
import type { HostResult } from '../types.ts';
import { windowsScript } from './script.ts';
import { detached, library, start, wrapper } from './scripts.generated.ts';

/**
 * sshd keeps everything that a session starts in a job object, which the wrapper must leave. It is started outside it
 * directly (see detached.cs), which every account may do; if C# cannot be compiled or the job object cannot be left, the
 * WMI service starts it, which requires an administrator. On a user's desktop only Task Scheduler can start something,
 * through its cmdlets, which need WMI, or through schtasks.exe. None of these passes a pipe on, so the start waits for
 * the claim. If none appears, the start creates one itself: the wrapper can then no longer run the command, however late
 * it comes.
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
