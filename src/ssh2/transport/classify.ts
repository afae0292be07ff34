import {
  AuthenticationFailed,
  BannerInvalid,
  BannerMissing,
  ConnectionLost,
  HandshakeFailed,
  isSshError,
  type SshError,
  type StreamPhase,
} from '../../errors/index.ts';
import { printable, quoted } from '../../text/printable.ts';
import type { ReadOffer } from '../insides/key-exchange/server-offer.ts';
import { tame } from '../insides/tame.ts';
import type { OutOfTurn } from '../order/message-order.ts';
import { authHint } from './auth-hint.ts';
import { lostOnTheWay } from './lost-on-the-way.ts';
import { protocolHint } from './protocol-hint.ts';
import { type AskedHere, slowAnswer } from './slow-answer.ts';
import type { StreamEnd } from './transport.ts';

/** The phases that ssh2 goes through on an open stream. */
export type HandshakePhase = StreamPhase | 'session';

/** What is known when something ends a connection. */
export interface Situation extends AskedHere {
  phase: HandshakePhase;
  host: string;
  port: number;
  hop?: string | undefined;
  /** The program whose output carries the server's data (a proxy command). */
  program?: string | undefined;
  /** Milliseconds spent in this phase. */
  elapsedMs: number;
  /** What the server said instead of an identification line. */
  saidBefore: Buffer;
  /** What the server's KEXINIT offered. */
  readOffer?: ReadOffer | undefined;
  methodsTried: readonly string[];
  methodsOffered: readonly string[] | undefined;
  /** The server accepted part of what it requires. */
  partialSuccess?: boolean;
  /** Sentences on why what was tried may have been refused. */
  loginNotes?: readonly string[];
  /** Number of refused authentication requests. */
  authFailures: number;
  /** There was nothing left to try when it ended. */
  authAtEnd?: boolean;
}

/** ssh2's errors have a `level`, or the reason code of an SSH_MSG_DISCONNECT as `code`, or neither. */
export interface Ssh2Error extends Error {
  level?: string;
  code?: string | number;
}

/** RFC 4253 section 11.1. */
const disconnectNoMoreAuthMethods = 14;
const disconnectAuthCancelled = 13;

/** Errors of this level do not end the connection. */
export function isPassing(error: Ssh2Error): boolean {
  return error.level === 'agent';
}

/** Every login was refused, which is the end of the server's turn and not of the connection. */
export function isRefusal(error: Ssh2Error): boolean {
  return error.level === 'client-authentication';
}

/** Turns what ssh2 reports into our errors. No other place reads its levels and texts. */
export function classifyError(error: Ssh2Error, situation: Situation): SshError {
  if (typeof error.code === 'number') return disconnected(error, error.code, situation);
  if (isRefusal(error)) return authFailed(situation, error);
  if (
    /^Invalid (identification string|header)|^(Header line too long|Max greeting lines)/.test(error.message)
  ) {
    return bannerInvalid(situation.saidBefore, situation);
  }
  return protocolFailed(error, situation);
}

/** The byte stream ended without a word from ssh2. */
export function classifyEnd(end: StreamEnd, situation: Situation): SshError {
  const { phase, saidBefore, authFailures } = situation;
  if (phase === 'banner') {
    return isForeign(saidBefore) ? bannerInvalid(saidBefore, situation) : bannerMissing(end, situation);
  }
  const reason = end.kind === 'error' ? errnoOf(end.error) : 'closed without a word';
  if (phase === 'handshake') return hungUp(reason, end, situation);
  if (phase === 'auth' && authFailures > 0 && !slowAnswer(situation))
    return authFailed(situation, end.kind === 'error' ? end.error : undefined);
  const error = end.kind === 'error' ? end.error : undefined;
  if (isSshError(error)) return lostOnTheWay(error, situation, when(situation));
  return lost('socket', reason, situation, error);
}

export function bannerInvalid(received: Buffer, situation: Situation): BannerInvalid {
  const refusal = /^(Not allowed at this time|Exceeded MaxStartups)/.test(received.toString('latin1', 0, 64));
  const words = `${quoted(received, 120)} instead of an SSH identification line`;
  return new BannerInvalid(heard(situation, `answered ${words}`, `printed ${words}`), {
    ...place(situation),
    received: printable(received, 300),
    retryable: refusal,
    hint: refusal
      ? 'sshd refuses this address for now: too many unfinished logins (MaxStartups), or a penalty for failed ones (PerSourcePenalties). Behind a tunnel every worker has the same address.'
      : foreignHint(received, situation),
  });
}

function foreignHint(received: Buffer, { program }: Situation): string {
  if (program)
    return 'The command itself says so, or what it reached is no SSH server. Run it by hand to see.';
  return received.toString('latin1', 0, 5) === 'HTTP/'
    ? 'A web server or HTTP proxy answers at this port. Is it the right port?'
    : 'Whatever listens at this port is not an SSH server. Is it the right port?';
}

/** What the server did; or what the program did whose output carries its data. */
function heard(situation: Situation, itself: string, program: string): string {
  if (situation.program === undefined) return `${at(situation)} ${itself}`;
  return `On the way to ${at(situation)}, ${situation.program} ${program}`;
}

/** Whether a server said something other than the beginning of an identification line. */
function isForeign(saidBefore: Buffer): boolean {
  const last = saidBefore.toString('latin1', saidBefore.lastIndexOf(0x0a) + 1);
  return saidBefore.length > 0 && !(last !== '' && (last.startsWith('SSH-') || 'SSH-'.startsWith(last)));
}

function bannerMissing(end: StreamEnd, situation: Situation): BannerMissing {
  const silentMs = Math.round(situation.elapsedMs);
  const when = `after ${silentMs} ms without a whole SSH identification line`;
  return new BannerMissing(
    heard(situation, `accepted the connection and ${how(end)} ${when}`, `ended ${when}`),
    {
      ...place(situation),
      silentMs,
      retryable: true,
      cause: end.kind === 'error' ? end.error : undefined,
      hint: missingHint(situation),
    },
  );
}

function missingHint({ program, elapsedMs }: Situation): string {
  if (program)
    return 'The command reached nothing, or what it reached closed the connection. Run it by hand to see more.';
  return elapsedMs > 1_000
    ? 'A zombie session held the port and has just been ended by the gateway: the PC can take the port again now.'
    : "At a published port: the tunnel is up, but the PC's sshd is not running or not where the tunnel leads.";
}

function how(end: StreamEnd): string {
  return end.kind === 'fin' ? 'closed it' : `broke it (${errnoOf(end.error)})`;
}

function hungUp(reason: string, end: StreamEnd, situation: Situation): HandshakeFailed {
  return new HandshakeFailed(
    `${at(situation)} sent its identification line and then ended the connection before keys were exchanged (${reason})`,
    {
      ...place(situation),
      reason,
      retryable: true,
      cause: end.kind === 'error' ? end.error : undefined,
      hint: 'sshd does so when too many logins are unfinished (MaxStartups) or when it bans the address (PerSourcePenalties, fail2ban); or the tunnel broke just now.',
    },
  );
}

function disconnected(error: Ssh2Error, code: number, situation: Situation): SshError {
  const reason = printable(error.message, 300);
  const { phase } = situation;
  const ofAuth = code === disconnectNoMoreAuthMethods || code === disconnectAuthCancelled;
  if (phase === 'auth' && (ofAuth || situation.authFailures > 0 || /authentication/i.test(reason))) {
    // Everything had been refused, and the last request was one too many, so the server's text is not the reason.
    const isOneMore = situation.authAtEnd && /too many/i.test(reason);
    return authFailed(situation, error, isOneMore ? undefined : reason);
  }
  if (phase === 'banner' || phase === 'handshake') {
    return new HandshakeFailed(`${at(situation)} ended the connection during the key exchange: "${reason}"`, {
      ...place(situation),
      reason,
      retryable: true,
      cause: tame(error),
      hint: 'This is the text of the server (SSH_MSG_DISCONNECT).',
    });
  }
  return lost('server-disconnect', reason, situation, error);
}

function protocolFailed(error: Ssh2Error, situation: Situation): SshError {
  const reason = printable(error.message, 300);
  if (situation.phase === 'session') return lost('socket', `protocol error: ${reason}`, situation, error);
  const noneInCommon = /no matching (.*)$/.exec(reason)?.[1];
  const isImpostor = /signature verification failed/.test(reason);
  const phase = situation.phase === 'auth' ? 'login' : 'key exchange';
  return new HandshakeFailed(`The ${phase} with ${at(situation)} failed: ${reason}`, {
    ...place(situation),
    reason,
    retryable: noneInCommon === undefined && !isImpostor,
    cause: tame(error),
    hint: protocolHint(
      noneInCommon,
      isImpostor,
      noneInCommon === undefined ? undefined : situation.readOffer?.(),
    ),
  });
}

/** The server sent a message that is not allowed at that time. Nothing that came out of turn was acted upon. */
export function outOfTurn({ message, when, allowed }: OutOfTurn, situation: Situation): HandshakeFailed {
  const reason = `${message} out of turn, ${when}`;
  return new HandshakeFailed(`${at(situation)} sent ${reason}; allowed there: ${allowed}`, {
    ...place(situation),
    reason,
    retryable: false,
    hint: 'No SSH server does that: somebody is in between, or the server is broken. Nothing secret was sent to it because of that.',
  });
}

/** The installed ssh2 lacks something that is needed to make it safe. */
export function unsafeSsh2(error: Error, situation: Situation): HandshakeFailed {
  return new HandshakeFailed(`The connection to ${at(situation)} was not made: ${error.message}`, {
    ...place(situation),
    phase: 'handshake',
    reason: error.message,
    retryable: false,
    hint: 'See `npm ls ssh2`: an override or a second copy brought in a version that was never tried.',
  });
}

/** ssh2 would not start: an algorithm is missing from this runtime, or its internals have changed. */
export function notStarted(cause: unknown, situation: Situation): HandshakeFailed {
  const said = cause instanceof Error ? cause.message : String(cause);
  return new HandshakeFailed(
    `The SSH connection to ${at(situation)} could not be started: ${printable(said)}`,
    {
      ...place(situation),
      cause,
      retryable: false,
      hint: 'The cause is local, not the server: the options, this runtime, or the version of ssh2.',
    },
  );
}

function authFailed(situation: Situation, cause: unknown, reason?: string): AuthenticationFailed {
  const { methodsTried } = situation;
  const methodsOffered = situation.methodsOffered?.slice(0, 20).map((method) => printable(method, 40));
  const tried = methodsTried.length > 0 ? methodsTried.join(', ') : 'nothing';
  const offers = methodsOffered ? `; it would accept ${methodsOffered.join(', ')}` : '';
  const said = reason ? ` ("${reason}")` : '';
  return new AuthenticationFailed(`${at(situation)} refused the login${said}: tried ${tried}${offers}`, {
    ...place(situation),
    methodsTried: [...methodsTried],
    methodsOffered,
    ...(situation.partialSuccess ? { partialSuccess: true } : {}),
    cause: tame(cause),
    hint: authHint(situation, methodsOffered, reason),
  });
}

function lost(
  why: 'socket' | 'server-disconnect',
  reason: string,
  situation: Situation,
  cause: unknown,
): ConnectionLost {
  const slow = slowAnswer(situation);
  return new ConnectionLost(`The connection to ${at(situation)} ended ${when(situation)}: ${reason}`, {
    ...place(situation),
    why,
    reason,
    cause: tame(cause),
    retryable: !slow,
    hint:
      slow ??
      (why === 'server-disconnect'
        ? 'This is the text of the server (SSH_MSG_DISCONNECT).'
        : "The tunnel or the network broke, or the server's process was ended."),
  });
}

function when({ phase }: Situation): string {
  return phase === 'auth' ? 'during the login' : 'unexpectedly';
}

function errnoOf(error: NodeJS.ErrnoException): string {
  return error.code ?? printable(error.message, 100);
}

function place({ phase, host, port, hop }: Situation) {
  return { phase, host, port, hop } as const;
}

function at({ host, port }: Situation): string {
  return `${host}:${port}`;
}
