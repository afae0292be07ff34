import type { HostCommand, JobStart, StartRequest } from '../host/commands.ts';
import { answerOf, findFields, readRecord } from '../host/record.ts';
import type { HostResult } from '../types.ts';
import { posixScript } from './script.ts';
import { library, runner, start, wrapper } from './scripts.generated.ts';

/** Limit in bytes. Linux rejects a single argument of 128 KiB or more, and sshd passes the whole command as one. */
const maxLine = 125_000;

/**
 * The script may be interrupted at any point: before the claim, nothing was started and the next caller starts the job;
 * after it, the claim says which process to look for.
 *
 * @throws {RangeError} if the command is too long to be started as a job.
 */
export function startCommand(dir: string, request: StartRequest): HostCommand<JobStart> {
  const { id, line: command, fingerprint } = request;
  const variables = { action: 'start', dir, id, command, fingerprint, library, wrapper, runner };
  const { line, mark } = posixScript(variables, start);
  if (Buffer.byteLength(line) > maxLine) {
    throw new RangeError(
      `the command, its folder and its variables make ${Buffer.byteLength(line)} bytes, too many to start it as a job; pass long values in a file`,
    );
  }
  return { line, read: (result) => readStarted(result, mark) };
}

function readStarted(result: HostResult, mark: string): JobStart {
  const { fields } = findFields(answerOf(result), mark);
  const record = readRecord(fields);
  const answer = fields.get('answer') ?? '';
  const reason = result.stderr.toString('utf8').trim().split('\n').at(-1);
  return {
    record,
    isNew: answer === 'claimed',
    failure: record.claim ? undefined : reason || undefined,
  };
}
