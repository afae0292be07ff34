import type { Client } from 'ssh2';
import { ChannelOpenFailed, ChannelTimeout, ConnectionLost, type SshError } from '../../errors/index.ts';
import { printable, quoted } from '../../text/printable.ts';
import { isClosedUnanswered } from '../insides/internals.ts';
import { tame } from '../insides/tame.ts';
import type { Where } from './opening.ts';

/** Created when the call is made, so that its stack names the caller. */
export function channelTimeout(where: Where, what: string, timeoutMs: number): ChannelTimeout {
  return new ChannelTimeout(
    `${where.host}:${where.port} did not answer the request for ${what} within ${timeoutMs} ms (option timeouts.channel)`,
    {
      ...where,
      phase: 'channel',
      timeoutMs,
      retryable: true,
      hint: 'The connection is up, but the server is overloaded or stuck; the keepalive will show whether it is still alive.',
    },
  );
}

/** Nothing was requested: no session became free in time. */
export function allInUse(where: Where, what: string, timeoutMs: number, sessions: number): ChannelTimeout {
  const inUse = sessions === 1 ? 'its only session was' : `all its ${sessions} sessions were`;
  return new ChannelTimeout(
    `${where.host}:${where.port} was not asked for ${what}: ${inUse} still in use after ${timeoutMs} ms (option timeout)`,
    {
      ...where,
      phase: 'channel',
      timeoutMs,
      retryable: true,
      hint: 'Each SFTP client, shell, transfer and running command holds a session, as many as the server allows (MaxSessions). Close those that are no longer needed, or use another connection.',
    },
  );
}

/** For what ssh2 reports when a channel, or the request on it, was refused. */
export function openFailed(where: Where, what: string, error: Error & { reason?: unknown }): SshError {
  if (error.message === 'Not connected' || error.message === 'No response from server') {
    return new ConnectionLost(
      `The connection to ${where.host}:${where.port} ended before ${what} was opened`,
      { ...where, phase: 'session', why: 'socket', cause: tame(error) },
    );
  }
  if (error instanceof ClosedUnanswered) return closedUnanswered(where, what);
  const reasonCode = typeof error.reason === 'number' ? error.reason : undefined;
  const reason = error.message.replace(/^\(SSH\) Channel open failure: /, '');
  return new ChannelOpenFailed(`${where.host}:${where.port} refused ${what}: ${quoted(reason)}`, {
    ...where,
    phase: 'channel',
    reasonCode,
    reason: printable(reason, 300),
    cause: tame(error),
    hint: openHint(reasonCode),
  });
}

/** The server closed the session in place of an answer to the request on it. */
class ClosedUnanswered extends Error {}

/** `error`, or, where ssh2 only calls it one, what is no refusal. */
export function notRefused(client: Client, id: number | undefined, error: Error): Error {
  return isClosedUnanswered(client, id, error) ? new ClosedUnanswered() : error;
}

function closedUnanswered(where: Where, what: string): ChannelOpenFailed {
  return new ChannelOpenFailed(
    `${where.host}:${where.port} closed the channel in place of an answer to the request for ${what}`,
    {
      ...where,
      phase: 'channel',
      started: 'unknown',
      hint: 'The server neither confirmed nor refused it: it may have been started. Usually the process of the server that was to start it has ended; its log says why.',
    },
  );
}

/** All sessions are in use, and this request was not to wait. */
export function noneToSpare(where: Where): SshError {
  return new ChannelOpenFailed(`No session with ${where.host}:${where.port} is free within MaxSessions`, {
    ...where,
    phase: 'channel',
    reason: 'no session is free',
    retryable: true,
  });
}

/** RFC 4254 section 5.1: 2 is "connect failed" (which sshd sends beyond MaxSessions), 4 is "resource shortage". */
export function isFull(error: Error & { reason?: unknown }): boolean {
  return error.reason === 2 || error.reason === 4;
}

function openHint(reasonCode: number | undefined): string {
  if (reasonCode === undefined)
    return 'The server opened a session but refused the request on it: a forced command, a missing subsystem, or a restriction of this account.';
  if (reasonCode === 1)
    return 'The server forbids it: look at AllowTcpForwarding, PermitOpen and the options in authorized_keys.';
  return 'The server could not do it: MaxSessions is used up, or the target refused.';
}
