import type { Client } from 'ssh2';
import { now, startTimer } from '../../time/timer.ts';
import { onUnimplemented } from '../insides/ahead/behind-login.ts';
import { openBareSession } from '../insides/session-shape.ts';
import { isOpenSsh, isWindowsServer } from '../transport/server-kind.ts';
import type { Where } from './opening.ts';
import { OwnSession } from './own-session.ts';
import { mannersOf, type ServerManners } from './server-manners.ts';

/** Milliseconds to wait for the server's answer, once the login has succeeded: as long as the login took, but within these. */
const patience = { least: 500, most: 2_000 };

/**
 * The round trip (milliseconds) from which a server counts as far, by what the login has shown. In a fresh process that
 * figure has up to 15 ms of our own in it, with which a near server would pass for a far one.
 */
export const farByLogin = 20;

/** What became of it: a session, the server's refusal, or nothing. */
export type EarlyAnswer = OwnSession | 'refused' | undefined;

/**
 * Whether a server is known to keep what it receives behind a login request until that is decided. sshd hands what it
 * has read to the process that serves the session (packet.c `ssh_packet_get_state`), and answers SSH_MSG_UNIMPLEMENTED
 * if the login fails (dispatch.c). OpenSSH for Windows reads ahead into a buffer of the process that ends with the login
 * (socketio.c), of which it hands over no more than 8 KiB.
 */
function takesBehindLogin(serverVersion: string): boolean {
  return isOpenSsh(serverVersion) && !isWindowsServer(serverVersion);
}

/**
 * The first session of a connection, requested right behind the first login request (RFC 4252 section 6): the first
 * command then follows the login by one round trip instead of two. Nothing is requested on it before the server has
 * confirmed it, so no command leaves before the login has succeeded.
 */
export class EarlySession {
  readonly #where: Where;
  #manners: ServerManners | undefined;
  #state: 'unasked' | 'asked' | 'open' | 'refused' | 'gone' = 'unasked';
  #session: OwnSession | undefined;
  #answered: ((answer: EarlyAnswer) => void) | undefined;
  #askedAt = 0;
  /** Milliseconds of a round trip during the login; 0 if unknown. */
  roundTrip = 0;
  /** The server has not shown yet that it bears with the request. */
  #isInDoubt = false;
  #loginsRefused = 0;
  #stopTimer: (() => void) | undefined;
  #stopListening: (() => void) | undefined;

  constructor(where: Where) {
    this.#where = where;
  }

  /** Called when the first login request has been sent; returns whether a session was requested behind it. */
  open(client: Client, serverVersion: string): boolean {
    const manners = mannersOf(this.#where, serverVersion);
    if (!takesBehindLogin(serverVersion) || !manners.takesEarly) return false;
    const isAsked = openBareSession(client, OwnSession, (error, session) => {
      if (error) this.#notOpened(error);
      else this.#opened(session);
    });
    if (!isAsked) return false;
    this.#manners = manners;
    this.#state = 'asked';
    this.#isInDoubt = true;
    this.#askedAt = now();
    this.#stopListening = onUnimplemented(client, () => {
      this.#isKnown();
      this.#drop();
    });
    return true;
  }

  timed(ms: number): void {
    this.roundTrip = ms;
  }

  /** The server never answers what was sent behind a login that it refuses. */
  loginRefused(): void {
    // It answers in turn: it has got past our request.
    if (this.#loginsRefused++ > 0) this.#isKnown();
    this.#drop();
  }

  /** Called when the server, or its silence, has ended the connection before the login was over. */
  endedInLogin(): void {
    if (this.#isInDoubt) this.#manners?.endedOverEarly();
    this.#isInDoubt = false;
    this.#drop();
  }

  /** Whether it may still become a session, or is one. */
  get isComing(): boolean {
    return this.#state === 'asked' || this.#state === 'open' || this.#state === 'refused';
  }

  /** The login has succeeded. `answered` is called once, at once if the server has answered already. */
  adopt(answered: (answer: EarlyAnswer) => void): void {
    this.#answered = answered;
    if (this.#state === 'refused') return this.#tell('refused');
    if (this.#state === 'open') return this.#tell(this.#untouched());
    const ms = Math.min(patience.most, Math.max(patience.least, now() - this.#askedAt));
    this.#stopTimer = startTimer(ms, () => this.#late(), false);
  }

  #opened(session: OwnSession): void {
    this.#isKnown();
    this.#manners?.tookEarly();
    if (this.#state !== 'asked') return session.close();
    this.#state = 'open';
    this.#session = session;
    this.#tell(session);
  }

  #notOpened(error: Error & { reason?: unknown }): void {
    const isRefused = typeof error.reason === 'number';
    if (isRefused) this.#isKnown();
    if (this.#state !== 'asked') return;
    this.#state = isRefused ? 'refused' : 'gone';
    this.#tell(isRefused ? 'refused' : undefined);
  }

  #late(): void {
    this.#manners?.endedOverEarly();
    this.#drop();
  }

  /** What the server may have said on it is nobody's. */
  #untouched(): OwnSession | undefined {
    if (this.#session?.isUntouched) return this.#session;
    this.#session?.close();
    return undefined;
  }

  /** If it opens after all, it is closed. */
  #drop(): void {
    if (this.#state !== 'asked') return;
    this.#state = 'gone';
    this.#tell(undefined);
  }

  #isKnown(): void {
    this.#isInDoubt = false;
    this.#stopListening?.();
    this.#stopListening = undefined;
  }

  #tell(answer: EarlyAnswer): void {
    if (!this.#answered) return;
    this.#stopTimer?.();
    const answered = this.#answered;
    this.#answered = this.#session = undefined;
    answered(answer);
  }
}
