import { isSshError } from '../../errors/index.ts';
import type { Complete } from '../../options/defaults.ts';
import { printable } from '../../text/printable.ts';
import { readBanner } from '../banner-probe.ts';
import type { ReclaimResult, Refused, SessionId } from '../holder/answers.ts';
import { endSession } from '../holder/end-session.ts';
import { reclaimByHelper } from '../holder/helper.ts';
import { type HolderNote, isStranger, readHolderNote, trustedFor } from '../holder/holder.ts';
import { machineName, noProc, noteFolder } from '../holder/note.ts';
import {
  assign,
  first,
  hexPorts,
  type NoAnswer,
  noAnswer,
  runScript,
  type ScriptAnswer,
  type SshdProcess,
  sessionsOf,
} from '../script/gateway-script.ts';
import * as scripts from '../script/scripts.generated.ts';
import type { GatewayConnection, ReclaimEvidence, ReclaimOptions } from '../types.ts';

export interface ReclaimRequest {
  /** The published port. */
  port: number;
  /** How to reach it from the gateway. */
  address: { host: string; port: number };
  options: Complete<ReclaimOptions>;
  /** The session that this tunnel itself has lost, if known: nobody else can be alive behind it. */
  own?: SessionId | undefined;
  /** The name of this tunnel in its notes. */
  id?: string | undefined;
  /** Whether this tunnel held the port before. */
  hadIt?: boolean | undefined;
  /** Measures how long the published target takes to send its banner, in milliseconds; undefined if it sends none. */
  askTarget?: (() => Promise<number | undefined>) | undefined;
  signal?: AbortSignal | undefined;
}

/** Ends the dead session of this account that holds a port; {@link ReclaimOptions} says what counts as dead. */
export async function reclaimPort(
  connection: GatewayConnection,
  request: ReclaimRequest,
): Promise<ReclaimResult> {
  const { port, own, options, signal } = request;
  if (own) {
    const ended = await endSession(connection, own, signal);
    if (ended === 'ended') return { kind: 'reclaimed', pid: own.pid, evidence: 'own' };
    if (ended !== 'gone' && ended !== 'no-shell') return refused(ended, own.pid);
  }
  const seen = await look(connection, request);
  const helped = seen === 'no-shell' ? await helpedBy(request, connection) : undefined;
  if (helped) return helped;
  if (typeof seen === 'string') return { kind: 'refused', reason: seen, message: noAnswer[seen] };
  const suspect = findSuspect(seen, port, options);
  if ('kind' in suspect) return suspect;
  const alive = seemsAlive(suspect, request);
  if (alive) return alive;
  const patience = await patienceOf(request, suspect.note);
  if (patience === undefined)
    return { kind: 'refused', reason: 'cannot-check', message: cannotCompare(port) };
  const answer = await holderAnswers(connection, request, patience);
  if (answer) return ofStranger(answer, suspect, request);
  const ended = await endSession(connection, suspect.session, signal);
  if (ended === 'gone') return { kind: 'free' };
  if (ended !== 'ended') return refused(ended, suspect.session.pid);
  const { session, evidence, note } = suspect;
  const holder = note?.machine === undefined ? {} : { holder: note.machine };
  return { kind: 'reclaimed', pid: session.pid, evidence, silentMs: patience, ...holder };
}

/** The gateway's helper judges by silence too, so silence must prove something. */
async function helpedBy(
  request: ReclaimRequest,
  connection: GatewayConnection,
): Promise<ReclaimResult | undefined> {
  const patience = await patienceOf(request);
  return patience === undefined
    ? undefined
    : reclaimByHelper(connection, request.port, { patience, signal: request.signal });
}

/**
 * How long silence must last to prove anything: several times what our target takes, and what the holder has noted for
 * its own. Undefined if either sends no banner, as silence then proves nothing.
 */
async function patienceOf(
  { askTarget, options }: ReclaimRequest,
  note?: HolderNote,
): Promise<number | undefined> {
  if (note?.took === 'mute') return undefined;
  const ours = askTarget ? await askTarget() : 0;
  return ours === undefined ? undefined : Math.max(options.answerTimeout, 4 * ours, 4 * (note?.took ?? 0));
}

function cannotCompare(port: number): string {
  return `Whether the session that holds port ${port} is alive cannot be determined: what this tunnel or that one publishes sends no SSH banner, so silence proves nothing. It ends when sshd gives it up.`;
}

/**
 * A tunnel that recently noted that it is up is believed, however silent it is now; see {@link ReclaimOptions.quiet}.
 */
function seemsAlive(suspect: Suspect, request: ReclaimRequest): Refused | undefined {
  const { note, now, startedAt } = suspect;
  const { port, options } = request;
  if (note && !isStranger(note, asker(request))) return undefined;
  const wait = trustedFor(note ?? { pid: '', start: '', boot: '' }, now, startedAt, options.quiet);
  if (wait <= 0) return undefined;
  const ago = Math.max(0, Math.round(now - (note?.upAt ?? startedAt)));
  const message = `The session that holds port ${port} ${note ? 'was up' : 'began'} ${ago} s ago, so its silence proves nothing yet.`;
  return ofStranger({ kind: 'refused', reason: 'recently-up', message, retryIn: wait }, suspect, request);
}

/** Adds that another tunnel holds the port: the operator must learn that two want the same one. */
function ofStranger<T extends ReclaimResult>(
  result: T,
  { note }: Suspect,
  request: ReclaimRequest,
): T | Refused {
  if (result.kind !== 'refused' || !note || !isStranger(note, asker(request))) return result;
  const where = note.machine === undefined ? '' : ` on ${note.machine}`;
  const how = request.hadIt
    ? `has taken it from this one, which leaves it alone while that one is alive`
    : 'holds it';
  const message = `${result.message} Another tunnel${where} ${how}. If both run on purpose, they have the same port: give one of them another.`;
  if (!request.hadIt) return { ...result, message };
  return { ...result, reason: 'taken-over', message, lostTo: `${note.tunnel} ${note.pid} ${note.start}` };
}

function asker({ id, hadIt }: ReclaimRequest) {
  return { id, hadIt, machine: machineName() };
}

function look(connection: GatewayConnection, { port, id = '-', signal }: ReclaimRequest) {
  const names = { notes: noteFolder, machine: machineName(), tunnel: id };
  return runScript(
    connection,
    [
      assign({ ports: hexPorts([port]), port, ...names }),
      scripts.process,
      scripts.boot,
      'echo "boot $boot"',
      scripts.self,
      scripts.listeners,
      scripts.readNote,
      scripts.want,
      scripts.clock,
      scripts.sessions,
    ],
    signal,
  );
}

interface Suspect {
  session: Pick<SessionId, 'pid' | 'start'>;
  evidence: ReclaimEvidence;
  note?: HolderNote | undefined;
  /** Seconds since the gateway booted: now, and when the session began. */
  now: number;
  startedAt: number;
}

type NoSuspect = Exclude<ReclaimResult, { kind: 'reclaimed' }>;

function findSuspect(
  seen: ScriptAnswer,
  port: number,
  options: Complete<ReclaimOptions>,
): Suspect | NoSuspect {
  if (seen.has('noproc')) return { kind: 'refused', reason: 'no-proc', message: noProc };
  const uid = first(seen, 'uid');
  const owners = new Set((seen.get('listener') ?? []).map(([, owner]) => owner));
  if (owners.size === 0) return { kind: 'free' };
  if (uid === undefined || !owners.has(uid)) return heldByOther(port, [...owners]);
  const self = first(seen, 'self');
  const sessions = sessionsOf(seen).filter((session) => session.uid === uid && session.pid !== self);
  const note = readHolderNote(seen.get('note')?.[0]);
  const noted = sessions.find((session) => session.pid === note?.pid && session.start === note.start);
  if (noted && note?.boot === first(seen, 'boot'))
    return { ...suspectOf(noted, seen), evidence: 'note', note };
  const only = onlySession(sessions, port, options);
  return 'kind' in only ? only : { ...suspectOf(only, seen), evidence: 'only-session' };
}

function suspectOf({ pid, start }: SshdProcess, seen: ScriptAnswer): Omit<Suspect, 'evidence'> {
  const startedAt = Number(start) / Number(first(seen, 'clock', 1) ?? 100);
  // Without a clock, no session counts as recent.
  const now = Number(first(seen, 'clock') ?? Infinity);
  return { session: { pid: Number(pid), start }, now, startedAt };
}

function onlySession(
  sessions: readonly SshdProcess[],
  port: number,
  options: Complete<ReclaimOptions>,
): SshdProcess | NoSuspect {
  if (options.unnoted === 'keep') {
    const message = `The session that holds port ${port} left no note on the gateway. It ends when sshd gives it up; reclaim: { unnoted: 'only-session' } allows more.`;
    return { kind: 'refused', reason: 'no-note', message };
  }
  const [session, ...others] = sessions;
  if (session && others.length === 0) return session;
  if (!session) {
    const message = `Port ${port} is held by a process of this account that is not an SSH session.`;
    return { kind: 'refused', reason: 'no-note', message };
  }
  const message = `The session that holds port ${port} left no note, and the account has ${sessions.length} sessions: which of them it is cannot be determined.`;
  return { kind: 'refused', reason: 'several-sessions', message };
}

/** Waits for a banner through the port; returns the refusal if there is one, or if it cannot be told. */
async function holderAnswers(
  connection: GatewayConnection,
  { address, port, signal }: ReclaimRequest,
  patience: number,
): Promise<ReclaimResult | undefined> {
  const limits = { timeout: patience, signal };
  try {
    const stream = await connection.openStream(address, limits);
    const answer = await readBanner(stream, patience, signal);
    if (answer.kind === 'silent') return undefined;
    // Closed without a word: something alive closed it, such as a PC whose sshd is down.
    const how =
      answer.kind === 'banner'
        ? `answers (${printable(answer.banner)})`
        : 'closed the connection at once, so it is alive or has just ended';
    return { kind: 'refused', reason: 'answers', message: `The session that holds port ${port} ${how}.` };
  } catch (error) {
    if (signal?.aborted) throw error;
    return openFailed(error, port);
  }
}

function openFailed(error: unknown, port: number): ReclaimResult | undefined {
  if (!isSshError(error)) throw error;
  // sshd accepts a connection to a forwarded port at once; if not even that happens in time, its session is dead too.
  if (error.code === 'SSH_CHANNEL_TIMEOUT') return undefined;
  if (error.code !== 'SSH_CHANNEL_OPEN_FAILED') throw error;
  if ((error as { reasonCode?: number }).reasonCode !== 1) return { kind: 'free' };
  const message = `Whether the session that holds port ${port} is alive cannot be determined: the gateway forbids connections to its own ports (PermitOpen, AllowTcpForwarding).`;
  return { kind: 'refused', reason: 'cannot-check', message };
}

function heldByOther(
  port: number,
  owners: readonly (string | undefined)[],
): ReclaimResult & { kind: 'refused' } {
  const message = `Port ${port} is held by another user of the gateway (uid ${owners.join(', ')}).`;
  return { kind: 'refused', reason: 'other-user', message };
}

function refused(ended: 'survived' | NoAnswer, pid: number): ReclaimResult {
  return ended !== 'survived'
    ? { kind: 'refused', reason: ended, message: noAnswer[ended] }
    : {
        kind: 'refused',
        reason: 'survived',
        message: `Session ${pid} ended neither after SIGTERM nor after SIGKILL.`,
      };
}
