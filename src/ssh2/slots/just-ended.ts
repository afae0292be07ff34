import { startTimer } from '../../time/timer.ts';
import type { AnswerTime } from './answer-time.ts';

/** How long (milliseconds) a server is waited for at most, and as which part of a round trip at least. */
const longest = 20;
const part = 1 / 10;

/**
 * Sessions that have just ended: sshd still counts one of them when it reads the next request together with our CLOSE,
 * or before it has reaped the process.
 */
export class JustEnded {
  readonly #answerTime: AnswerTime;
  readonly #settled: () => void;
  #count = 0;
  /** How long (milliseconds) the server is assumed to take. Learnt from refusals, each of which costs a round trip. */
  #time = 0;

  /** `settled` is called each time when one of them no longer counts. */
  constructor(answerTime: AnswerTime, settled: () => void) {
    this.#answerTime = answerTime;
    this.#settled = settled;
  }

  get count(): number {
    return this.#count;
  }

  add(): void {
    this.#count++;
    const settled = () => {
      this.#count--;
      this.#settled();
    };
    const ms = Math.min(longest, Math.max(this.#time, part * this.#answerTime.ms));
    // At least until our own CLOSE has left.
    if (ms < 1) setImmediate(settled);
    else startTimer(ms, settled);
  }

  /** The server has refused a session because it still counted one of them. */
  takesLonger(): void {
    this.#time = Math.min(longest, 2 * this.#time + 1);
  }

  /** The server has opened a session. */
  hasOpened(): void {
    this.#time *= 0.95;
  }
}
