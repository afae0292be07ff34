import type { Attempt, SshError } from '../../errors/index.ts';
import { defaultRetry, withDefaults } from '../../options/defaults.ts';
import type { RetryOptions } from '../../options/types.ts';
import { growingWait } from '../../time/growing-wait.ts';
import { now } from '../../time/timer.ts';

/** A connection on which the server answered and that lived for so many milliseconds was a good one, as a tunnel is. */
const steadyAfter = 10_000;
/** Even `retry: false` is about connecting: a run whose link breaks once goes on. */
const fewest = 3;

/**
 * When to replace a lost connection of a run. The waits of `retry` are between logins: one that lived longer than that
 * is replaced at once. They grow, and `retry.attempts` are used up, while one connection after another breaks early and
 * brings nothing new of the job: to be let in, or to be answered, is not enough, for that may go on for ever.
 */
export class Links {
  readonly #retry;
  readonly #patience: number;
  /** Connections in a row that broke early and brought nothing new. */
  #fruitless: Attempt[] = [];
  #openedAt = 0;
  #isAnswered = false;
  #hasNews = false;

  constructor(retry: RetryOptions | false | undefined) {
    this.#retry = withDefaults(defaultRetry, retry || undefined);
    this.#patience = retry === false ? fewest : Math.max(fewest, this.#retry.attempts);
  }

  opened(): void {
    this.#openedAt = now();
    this.#isAnswered = false;
    this.#hasNews = false;
  }

  /** @param isNews Whether the answer tells more of the job than was known: output, its start. */
  answered(isNews: boolean): void {
    this.#isAnswered = true;
    this.#hasNews ||= isNews;
  }

  /** Milliseconds until the next connection after one that was lost; undefined if that was the last. */
  lost({ code, phase, message }: SshError): number | undefined {
    const lived = Math.round(now() - this.#openedAt);
    const isGood = this.#hasNews || (this.#isAnswered && lived >= steadyAfter);
    if (isGood) {
      this.#fruitless = [];
      return this.#wait(0, lived);
    }
    const attempt = this.#fruitless.length + 1;
    const last: Attempt = { attempt, code, phase, message, timings: { total: lived }, wait: 0 };
    this.#fruitless.push(last);
    if (attempt >= this.#patience) return undefined;
    last.wait = this.#wait(attempt - 1, lived);
    return last.wait;
  }

  /** The error of the last connection, as one about all that led to nothing. */
  gaveUp(id: string, error: SshError): SshError {
    const { message, host, port } = error;
    const SameKind = error.constructor as new (message: string, details: object) => SshError;
    const given = new SameKind(
      `${this.#fruitless.length} connections in a row to ${host}:${port} brought nothing new of job ${id}; the last one: ${message}`,
      { ...error, cause: error, hint },
    );
    given.attempts = this.#fruitless;
    return given;
  }

  #wait(before: number, lived: number): number {
    return Math.max(0, growingWait(this.#retry, before) - lived);
  }
}

const hint =
  'The server lets us in, but each connection ends before it brings anything new: a tunnel that breaks at once, a server that is overloaded, or something on it that ends sessions. A job that was started keeps running: call again with the same id. error.attempts lists the connections.';
