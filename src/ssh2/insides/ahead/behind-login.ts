import type { Client, ParsedKey } from 'ssh2';
import { onAuthFailure, protocolOf } from '../internals.ts';
import { passInbound, stopPassing } from '../messages/packets.ts';
import { serves } from '../registry/look.ts';
import { replaceUntilLogin } from '../until-login.ts';
import { type IgnoreProtocol, sendIgnore } from './ignore.ts';

type Request = (...given: unknown[]) => void;

interface RequestProtocol extends IgnoreProtocol {
  authPassword?: Request;
  authPK?: (username: string, key: ParsedKey, algorithm?: string, sign?: unknown) => void;
  authKeyboard?: Request;
  authNone?: Request;
  /** The requests that the server has not answered. */
  _authsQueue?: unknown[];
  _handlers?: Record<string, unknown>;
}

export interface LoginEvents {
  /**
   * The first login request has just been sent, and needs no other to succeed. Returns whether something was sent
   * behind it.
   */
  open(client: Client, serverVersion: string): boolean;
  loginRefused(): void;
  /** A round trip has taken so many milliseconds. */
  timed(ms: number): void;
}

/** RFC 4253 section 11.4. */
const unimplemented = 3;

/**
 * Lets something leave right behind the first login request, in the same turn: what the server's connection protocol is
 * to read if the login succeeds (RFC 4252 section 6). Only if that request carries all that it takes (a password, or a
 * key's signature), and if neither a key exchange nor compression may come in between: with `zlib@openssh.com`, the
 * server decompresses from its USERAUTH_SUCCESS on. Call it after `authenticateEarly`.
 */
export function behindFirstLogin(
  client: Client,
  events: LoginEvents | undefined,
  serverVersion: string,
): void {
  const protocol = protocolOf(client) as RequestProtocol | undefined;
  if (!protocol || !events || !serves(client, 'session behind the login')) return;
  // Without an early login, a request with a key only asks about it.
  if (!serves(client, 'early login')) return;
  let isFirst = true;
  let isBehind = false;
  const around = (isWhole: boolean, request: () => void) => {
    const mayFollow = isFirst && isWhole && isPlain(protocol);
    isFirst = false;
    const before = protocol._authsQueue?.length ?? 0;
    request();
    // Whoever signs may take longer.
    if (mayFollow && (protocol._authsQueue?.length ?? 0) > before)
      isBehind = events.open(client, serverVersion);
  };
  for (const name of ['authPassword', 'authKeyboard', 'authNone'] as const) {
    const original = protocol[name];
    if (typeof original !== 'function') return;
    replaceUntilLogin(client, protocol, name, (...given) =>
      around(name === 'authPassword', () => original.apply(protocol, given)),
    );
  }
  const { authPK } = protocol;
  if (typeof authPK !== 'function') return;
  replaceUntilLogin(client, protocol, 'authPK', (username, key, ...more) =>
    around(key.isPrivateKey?.() === true, () => authPK.call(protocol, username, key, ...more)),
  );
  onAuthFailure(client, () => {
    isBehind = false;
    events.loginRefused();
  });
  acknowledgeSuccess(client, protocol, () => isBehind);
}

function isPlain({ _kexinit, _kex }: RequestProtocol): boolean {
  return _kexinit === undefined && _kex?.negotiated?.cs?.compress === 'none';
}

/** sshd's answer to what was sent behind the login is held back until its answer to the login is acknowledged. */
function acknowledgeSuccess(client: Client, protocol: RequestProtocol, isBehind: () => boolean): void {
  const handlers = protocol._handlers;
  const original = handlers?.['USERAUTH_SUCCESS'];
  if (!handlers || typeof original !== 'function') return;
  replaceUntilLogin(client, handlers, 'USERAUTH_SUCCESS', (...given: unknown[]) => {
    original(...given);
    if (isBehind()) sendIgnore(protocol);
  });
}

/** Calls back for each SSH_MSG_UNIMPLEMENTED, which ssh2 ignores. Returns a function that ends this. */
export function onUnimplemented(client: Client, listener: () => void): () => void {
  const pass = (payload: Buffer) => {
    if (payload[0] === unimplemented) listener();
    return payload;
  };
  passInbound(client, pass);
  return () => stopPassing(client, pass);
}
