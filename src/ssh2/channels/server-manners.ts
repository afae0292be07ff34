import { now } from '../../time/timer.ts';
import { isOpenSsh } from '../transport/server-kind.ts';

/** Servers remembered; the oldest go first. */
const most = 1_000;
/** A connection that ended while a session was opened ahead may have been cut by chance; milliseconds. */
const doubtTime = 600_000;

const known = new Map<string, ServerManners>();

/** OpenSSH, also for Windows, opens sessions side by side. */
export const isKnownToTakeSeveral = isOpenSsh;

/** The manners of the server at a place, as this process knows them. */
export function mannersOf(
  { host, port, hop = '' }: { host: string; port: number; hop?: string | undefined },
  serverVersion = '',
): ServerManners {
  const key = JSON.stringify([hop, host, port, serverVersion]);
  const manners = known.get(key) ?? new ServerManners();
  known.delete(key);
  known.set(key, manners);
  if (known.size > most) known.delete(known.keys().next().value as string);
  return manners;
}

/** What a server has made of sessions beyond the one that was needed. Some devices end the connection over a second. */
export class ServerManners {
  #refusesAhead = false;
  #endedOverAhead = 0;
  #noAheadUntil = Number.NEGATIVE_INFINITY;
  #takesOneOnly = false;
  #takesSeveral = false;

  /** Whether a session may be opened before it is needed. */
  get takesAhead(): boolean {
    return !this.#refusesAhead && !this.#takesOneOnly && now() >= this.#noAheadUntil;
  }

  /** Whether one session at a time is all that it takes. */
  get takesOneOnly(): boolean {
    return this.#takesOneOnly;
  }

  /** Whether it has had several sessions of one connection open at once. */
  get takesSeveral(): boolean {
    return this.#takesSeveral;
  }

  refusedAhead(): void {
    this.#refusesAhead = true;
  }

  endedOverAhead(): void {
    this.#endedOverAhead++;
    this.#noAheadUntil = now() + (this.#endedOverAhead > 1 ? Infinity : doubtTime);
  }

  /** Once it has taken several, a connection that ends meanwhile was cut by chance. */
  endedOverSecond(): void {
    this.#takesOneOnly = !this.#takesSeveral;
  }

  tookSeveral(): void {
    this.#takesSeveral = true;
  }
}
