import { now } from '../../time/timer.ts';
import { type SessionRules, usualLimit } from '../slots/session-rules.ts';
import { isOpenSsh } from '../transport/server-kind.ts';

/** How many servers are remembered; the oldest are forgotten first. */
const most = 1_000;
/** Milliseconds. A connection that ended while a session was being opened ahead may have been cut by chance. */
const doubtTime = 600_000;

const known = new Map<string, ServerManners>();
/** Many connections to one server ask one after another. */
let latest: { readonly key: string; readonly manners: ServerManners } | undefined;

/** OpenSSH, also for Windows, opens sessions side by side. */
export const isKnownToTakeSeveral = isOpenSsh;

/** What this process knows of the server at an address. */
export function mannersOf(
  { host, port, hop = '' }: { host: string; port: number; hop?: string | undefined },
  serverVersion = '',
): ServerManners {
  const key = JSON.stringify([hop, host, port, serverVersion]);
  if (latest?.key === key) return latest.manners;
  const manners = known.get(key) ?? new ServerManners();
  latest = { key, manners };
  known.delete(key);
  known.set(key, manners);
  if (known.size > most) known.delete(known.keys().next().value as string);
  return manners;
}

/** Something over which a server may have ended the connection: not tried for a while, after a second time never. */
class Doubt {
  #times = 0;
  #until = Number.NEGATIVE_INFINITY;

  get isOpen(): boolean {
    return now() < this.#until;
  }

  raise(): void {
    this.#times++;
    this.#until = now() + (this.#times > 1 ? Infinity : doubtTime);
  }

  lift(): void {
    this.#times = 0;
    this.#until = Number.NEGATIVE_INFINITY;
  }
}

/**
 * How a server reacts to sessions beyond the one that was needed. Some devices end the connection over a second one.
 */
export class ServerManners {
  #refusesAhead = false;
  #refusesMore = false;
  readonly #ahead = new Doubt();
  readonly #early = new Doubt();
  #takesOneOnly = false;
  #mostSessions = 1;

  /** Whether a session may be opened before it is needed. */
  get takesAhead(): boolean {
    return !this.#refusesAhead && !this.#takesOneOnly && this.bearsUnused;
  }

  /** Whether it is not suspected of having ended a connection over a session that nobody needed. */
  get bearsUnused(): boolean {
    return !this.#ahead.isOpen;
  }

  /** Whether one may be requested behind the login request, before the login has succeeded. */
  get takesEarly(): boolean {
    return this.takesAhead && !this.#early.isOpen;
  }

  /** Whether it allows only one session at a time. */
  get takesOneOnly(): boolean {
    return this.#takesOneOnly;
  }

  /** Whether several sessions of one connection have been open at once. */
  get takesSeveral(): boolean {
    return this.#mostSessions > 1;
  }

  /** The most sessions of one connection that it has been seen to allow at once; fewer after it has refused some. */
  get mostSessions(): number {
    return this.#mostSessions;
  }

  /** Whether one may be opened ahead that is one more than the server is known to allow. */
  get takesMore(): boolean {
    return !this.#refusesMore;
  }

  refusedMore(): void {
    this.#refusesMore = true;
  }

  refusedAhead(): void {
    this.#refusesAhead = true;
  }

  endedOverAhead(): void {
    this.#ahead.raise();
  }

  /** It ended the connection, or fell silent, after a session was requested behind the login request. */
  endedOverEarly(): void {
    this.#early.raise();
  }

  /** It has opened one that was requested so: what went wrong before had another reason. */
  tookEarly(): void {
    this.#early.lift();
  }

  /**
   * If it has allowed several before, the connection was cut by chance. If it says that it is OpenSSH, that is likely,
   * too, and it is tried again when a command has to wait.
   */
  endedOverSecond(isOpenSsh = false): void {
    if (this.takesSeveral) return;
    if (isOpenSsh) this.endedOverAhead();
    else this.#takesOneOnly = true;
  }

  took(sessions: number): void {
    this.#mostSessions = Math.max(this.#mostSessions, sessions);
  }

  /** It has refused a session beside so many, although it has been seen to allow more. */
  refusedBeside(sessions: number): void {
    if (this.takesSeveral) this.#mostSessions = Math.min(this.#mostSessions, Math.max(2, sessions));
  }
}

/** What the slots of a connection begin with. `maxSessions`: what the user says that the server allows. */
export function rulesFor(
  manners: ServerManners,
  serverVersion: string | undefined,
  maxSessions: number | undefined,
): SessionRules {
  const { takesOneOnly, takesSeveral, mostSessions } = manners;
  if (maxSessions === undefined && takesOneOnly) return { most: 1, takesSeveral: false, learns: manners };
  const isKnown = takesSeveral || (isKnownToTakeSeveral(serverVersion) && manners.bearsUnused);
  const limit = mostSessions > usualLimit ? mostSessions : undefined;
  const isSeveral = isKnown || (maxSessions ?? 1) > 1;
  return { most: maxSessions, limit, takesSeveral: isSeveral, learns: manners };
}
