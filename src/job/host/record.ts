import { quoted } from '../../text/printable.ts';
import type { HostResult, JobEnd, JobStatus } from '../types.ts';

/**
 * What the server reports about a job at one moment, not yet interpreted. `alive` is read before `exit`: a wrapper seen
 * to be gone has written its `exit` file by then, or never will.
 */
export interface JobRecord {
  /** Undefined if the job has not been started. */
  claim: Claim | undefined;
  alive: boolean;
  /** Undefined unless the file is complete. `signal` is what `code` means if a signal ended it. */
  exit: { code: number; at: number; signal: string | undefined } | undefined;
  /** The last signal sent by `kill()`. */
  killed: string | undefined;
  /** Bytes written to stdout so far. */
  stdoutSize: number;
  stderrSize: number;
  /** The server's time, in milliseconds since 1970. */
  now: number;
}

/** Which process runs the job. Writing it is one atomic step, which also grants the right to run the job. */
interface Claim {
  pid: number;
  /** When that process started, in the system's own format; with the pid it identifies the process. */
  start: string;
  /** Identifies the server's boot, so that a restart is noticed; `-` if the system has no boot ID. */
  boot: string;
  fingerprint: string;
  /** When the job was started: milliseconds since 1970, by the server's clock. */
  at: number;
  /** Specific to the kind of server. */
  flags: string;
  id: string;
}

/** The reason for `lost` if the server does not know the job. */
export const noSuchJob = 'there is no such job on the server';

/** The reason for `lost` if the job existed but its folder is gone. */
export const removedMeanwhile = 'it was removed, most likely by another caller who fetched its result';

/** A helper command ended without a valid answer. */
export class Unreadable extends Error {
  /** Whether retrying may help. */
  readonly mayPass: boolean;

  constructor(message: string, mayPass = false) {
    super(message);
    this.mayPass = mayPass;
  }
}

/**
 * The fields of the line that begins with `mark`, and what follows it. Anything that a login script printed before it is
 * ignored.
 * @throws {Unreadable} if there is no such line.
 */
export function findFields(output: Buffer, mark: string): { fields: Map<string, string>; rest: Buffer } {
  const start = output.indexOf(mark);
  const end = output.indexOf('\n', Math.max(start, 0));
  if (start < 0 || end < 0) throw new Unreadable(`no answer in ${quoted(output.subarray(0, 200))}`);
  return {
    fields: parseFields(output.subarray(start + mark.length, end).toString('utf8')),
    rest: output.subarray(end + 1),
  };
}

export function parseFields(line: string): Map<string, string> {
  const pairs = line.trim().split(/\s+/).filter(Boolean);
  return new Map(pairs.map((pair) => splitOnce(pair, '=')));
}

export function readRecord(fields: ReadonlyMap<string, string>): JobRecord {
  const claim = parseClaim(fields.get('claim') ?? '');
  return {
    claim,
    alive: claim !== undefined && isAlive(claim, fields),
    exit: parseExit(fields.get('exit') ?? ''),
    killed: fields.get('killed') || undefined,
    stdoutSize: Number(fields.get('out')) || 0,
    stderrSize: Number(fields.get('err')) || 0,
    now: Number(fields.get('now')) || 0,
  };
}

/** `1:pid:start:boot:fingerprint:time:flags:id` */
function parseClaim(text: string): Claim | undefined {
  const [version, pid = '', start = '', boot = '', fingerprint = '', at = '', flags = '', id = ''] =
    text.split(':');
  if (version !== '1' || !/^\d+$/.test(pid)) return undefined;
  return { pid: Number(pid), start, boot, fingerprint, at: Number(at) || 0, flags, id };
}

/** The process with that pid must have the recorded start time, in the recorded boot of the system. */
function isAlive(claim: Claim, fields: ReadonlyMap<string, string>): boolean {
  const live = fields.get('live') ?? '';
  return live !== '' && live === claim.start && fields.get('boot') === claim.boot;
}

/** `code,time,signal,end`; without `end` the file is incomplete. */
function parseExit(text: string): JobRecord['exit'] {
  const [code = '', at = '', signal = '', end] = text.split(',');
  if (end !== 'end' || !/^-?\d+$/.test(code)) return undefined;
  return { code: Number(code), at: Number(at) || 0, signal: signalName(signal) };
}

function signalName(text: string): string | undefined {
  return /^[A-Z][A-Z0-9+-]*$/.test(text) ? `SIG${text}` : undefined;
}

/** On a case-insensitive file system, the folder found under `id` may be that of another job. */
export function ownRecord(record: JobRecord | undefined, id: string): JobRecord | undefined {
  return record?.claim?.id === id ? record : undefined;
}

const signalsOfKill = ['SIGTERM', 'SIGKILL'];

export function statusOf(record: JobRecord | undefined): JobStatus {
  if (!record?.claim) return { state: 'lost', reason: noSuchJob };
  const { exit, alive, killed } = record;
  // A shell tells a program that SIGKILL ended and one that exits with 137 itself alike. Only where kill() sent the
  // signal is it certain enough to say so.
  if (killed && exit?.signal && signalsOfKill.includes(exit.signal))
    return { state: 'killed', signal: exit.signal };
  // Windows has no signals: a job ended by kill() has an exit code.
  if (exit) return { state: 'exited', exitCode: exit.code };
  if (alive) return { state: 'running' };
  if (killed) return { state: 'killed', signal: signalName(killed) ?? 'SIGKILL' };
  return {
    state: 'lost',
    reason: 'its process is gone and left no exit code: it was killed, or the server restarted',
  };
}

/** @param record The record of a job that has ended. */
export function endOf(record: JobRecord | undefined, status: JobEnd['status']): JobEnd {
  const { exit, claim } = record ?? {};
  const durationMs = exit && claim ? Math.max(0, exit.at - claim.at) : 0;
  return { status, durationMs };
}

/** The stdout of a helper command. @throws {Unreadable} if its exit code is not 0. */
export function answerOf(result: HostResult): Buffer {
  if (result.exitCode === 0) return result.stdout;
  const said = result.stderr.toString('utf8').trim();
  const how = result.signal ? `was ended by ${result.signal}` : `exited with code ${result.exitCode}`;
  throw new Unreadable(said || `our command on the server ${how}`);
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}
