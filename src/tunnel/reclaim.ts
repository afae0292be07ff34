import { isSshError } from '../errors/index.ts';
import type { Complete } from '../options/defaults.ts';
import { printable } from '../text/printable.ts';
import { readBanner } from './banner-probe.ts';
import { endSession } from './end-session.ts';
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
} from './gateway-script.ts';
import { reclaimByHelper } from './helper.ts';
import { noProc, noteFolder, type SessionId } from './note.ts';
import * as scripts from './scripts.generated.ts';
import type { GatewayConnection, ReclaimEvidence, ReclaimOptions, ReclaimRefusal } from './types.ts';

export type ReclaimResult =
  | { kind: 'reclaimed'; pid: number; evidence: ReclaimEvidence; silentMs?: number; holder?: string }
  /** Nobody holds the port any more. */
  | { kind: 'free' }
  | { kind: 'refused'; reason: ReclaimRefusal; message: string };

export interface ReclaimRequest {
  /** The published port. */
  port: number;
  /** How to reach it from the gateway. */
  address: { host: string; port: number };
  options: Complete<ReclaimOptions>;
  /** The session that this tunnel itself has lost, if it knows: nobody else can be alive behind it. */
  own?: SessionId | undefined;
  /** The name of this tunnel in its notes. */
  id?: string | undefined;
  /** This tunnel held the port before. */
  hadIt?: boolean | undefined;
  /** How long the target that is published takes to show its banner, in milliseconds; undefined when it shows none. */
  askTarget?: (() => Promise<number | undefined>) | undefined;
  signal?: AbortSignal | undefined;
}

/** Ends the dead session of this account that holds a port; see {@link ReclaimOptions} for what counts as dead. */
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
  const seen = await look(connection, port, signal);
  const helped = seen === 'no-shell' ? await helpedBy(request, connection) : undefined;
  if (helped) return helped;
  if (typeof seen === 'string') return { kind: 'refused', reason: seen, message: noAnswer[seen] };
  const suspect = findSuspect(seen, port, options);
  if ('kind' in suspect) return suspect;
  const taker = takerOf(seen, request, suspect);
  if (taker) return taker;
  const patience = await patienceOf(request);
  if (patience === undefined)
    return { kind: 'refused', reason: 'cannot-check', message: cannotCompare(port) };
  const answer = await holderAnswers(connection, request, patience);
  if (answer) return answer;
  const ended = await endSession(connection, suspect.session, signal);
  if (ended === 'gone') return { kind: 'free' };
  if (ended !== 'ended') return refused(ended, suspect.session.pid);
  const { session, evidence, holder } = suspect;
  return { kind: 'reclaimed', pid: session.pid, evidence, silentMs: patience, ...(holder ? { holder } : {}) };
}

/** The gateway's helper looks at silence, too: it must mean something. */
async function helpedBy(
  request: ReclaimRequest,
  connection: GatewayConnection,
): Promise<ReclaimResult | undefined> {
  const patience = await patienceOf(request);
  return patience === undefined ? undefined : reclaimByHelper(connection, request.port, request.signal);
}

/**
 * How long silence must last before it means something: a living holder publishes what we publish, as a rule, and is as
 * quick. Undefined when our own target shows no banner either, for then silence means nothing.
 */
async function patienceOf({ askTarget, options }: ReclaimRequest): Promise<number | undefined> {
  if (!askTarget) return options.answerTimeout;
  const took = await askTarget();
  return took === undefined ? undefined : Math.max(options.answerTimeout, 4 * took);
}

function cannotCompare(port: number): string {
  return `Whether the session that holds port ${port} is alive cannot be told: what this tunnel publishes shows no SSH banner either, so silence proves nothing. It ends when sshd gives it up.`;
}

/** Who lost the port to a tunnel that is at work leaves it to that tunnel: two that take it from each other serve nobody. */
function takerOf(
  seen: ScriptAnswer,
  { port, id, hadIt }: ReclaimRequest,
  { evidence, holder }: Suspect,
): ReclaimResult | undefined {
  const [, , , , noted] = seen.get('note')?.[0] ?? [];
  if (!hadIt || evidence !== 'note' || noted === undefined || noted === id) return undefined;
  const message = `Port ${port} was taken over by another tunnel${holder ? ` on ${holder}` : ''} after this one had lost it. If both run on purpose, two PCs have the same port: give one of them another.`;
  return { kind: 'refused', reason: 'taken-over', message };
}

function look(connection: GatewayConnection, port: number, signal: AbortSignal | undefined) {
  return runScript(
    connection,
    [
      assign({ ports: hexPorts([port]), port, notes: noteFolder }),
      scripts.process,
      scripts.boot,
      'echo "boot $boot"',
      scripts.self,
      scripts.listeners,
      scripts.readNote,
      scripts.sessions,
    ],
    signal,
  );
}

interface Suspect {
  session: Pick<SessionId, 'pid' | 'start'>;
  evidence: ReclaimEvidence;
  /** The name of the machine that left the note. */
  holder?: string | undefined;
}

function findSuspect(
  seen: ScriptAnswer,
  port: number,
  options: Complete<ReclaimOptions>,
): Suspect | Exclude<ReclaimResult, { kind: 'reclaimed' }> {
  if (seen.has('noproc')) return { kind: 'refused', reason: 'no-proc', message: noProc };
  const uid = first(seen, 'uid');
  const owners = new Set((seen.get('listener') ?? []).map(([, owner]) => owner));
  if (owners.size === 0) return { kind: 'free' };
  if (uid === undefined || !owners.has(uid)) return heldByOther(port, [...owners]);
  const self = first(seen, 'self');
  const sessions = sessionsOf(seen).filter((session) => session.uid === uid && session.pid !== self);
  const [pid, start, boot, holder] = seen.get('note')?.[0] ?? [];
  const noted = sessions.find((session) => session.pid === pid && session.start === start);
  if (noted && boot === first(seen, 'boot'))
    return {
      session: { pid: Number(noted.pid), start: noted.start },
      evidence: 'note',
      holder: holder === undefined ? undefined : printable(holder, 64),
    };
  return onlySession(sessions, port, options);
}

function onlySession(
  sessions: readonly SshdProcess[],
  port: number,
  options: Complete<ReclaimOptions>,
): Suspect | Exclude<ReclaimResult, { kind: 'reclaimed' }> {
  if (options.unnoted === 'keep') {
    const message = `The session that holds port ${port} left no note on the gateway. It ends when sshd gives it up; reclaim: { unnoted: 'only-session' } allows more.`;
    return { kind: 'refused', reason: 'no-note', message };
  }
  const [session, ...others] = sessions;
  if (session && others.length === 0) {
    return { session: { pid: Number(session.pid), start: session.start }, evidence: 'only-session' };
  }
  if (!session) {
    const message = `Port ${port} is held by a process of this account that is not an SSH session.`;
    return { kind: 'refused', reason: 'no-note', message };
  }
  const message = `The session that holds port ${port} left no note, and the account has ${sessions.length} sessions: it cannot be told which it is.`;
  return { kind: 'refused', reason: 'several-sessions', message };
}

/** Listens for a banner through the port; gives the refusal when there is one or nobody can tell. */
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
    // Closed without a word: somebody is alive there who turned us away, a PC whose sshd is down.
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
  // sshd accepts a forwarded port's connection at once; one that is not even accepted in time is a dead one's too.
  if (error.code === 'SSH_CHANNEL_TIMEOUT') return undefined;
  if (error.code !== 'SSH_CHANNEL_OPEN_FAILED') throw error;
  if ((error as { reasonCode?: number }).reasonCode !== 1) return { kind: 'free' };
  const message = `Whether the session that holds port ${port} is alive could not be found out: the gateway forbids connections to its own ports (PermitOpen, AllowTcpForwarding).`;
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
        message: `Session ${pid} did not end, by SIGTERM nor by SIGKILL.`,
      };
}
