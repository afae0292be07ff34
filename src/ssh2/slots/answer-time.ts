import { now } from '../../time/timer.ts';

/** From this time on (milliseconds), a session that has to be opened first is most of a short command. */
const far = 10;
/** A server that has not answered after this time (milliseconds) does not end the connection over the request. */
const overdue = 5_000;

/** The shortest time that the server has taken to answer a request for a session: hardly more than a round trip. */
export class AnswerTime {
  #ms: number | undefined;
  /** One request is timed after another; a server answers them in turn. */
  #askedAt: number | undefined;
  #before = 0;

  /** In milliseconds; 0 as long as it is not known. */
  get ms(): number {
    return this.#ms ?? 0;
  }

  get isFar(): boolean {
    return this.ms >= far;
  }

  get isOverdue(): boolean {
    return this.#askedAt !== undefined && now() - this.#askedAt > overdue;
  }

  /** A session is being requested; `before` requests are unanswered. */
  asks(before: number): void {
    if (this.#askedAt !== undefined) return;
    this.#askedAt = now();
    this.#before = before;
  }

  /** The server has answered the oldest request. */
  answered(): void {
    if (this.#askedAt === undefined || this.#before-- > 0) return;
    this.#ms = Math.min(this.#ms ?? Infinity, now() - this.#askedAt);
    this.#askedAt = undefined;
  }

  /** A request that was announced does not leave, so the next answer may be to a later one. */
  forget(): void {
    this.#askedAt = undefined;
  }
}
