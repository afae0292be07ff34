import { now } from '../../time/timer.ts';

type Actor = 'gateway' | 'PC' | 'worker' | 'check';

/** Prints what happens, one line each, with the seconds since the start. */
export class Timeline {
  #write: (line: string) => void;
  #startedAt = now();
  #failed = 0;
  #passed = 0;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  tell(actor: Actor, what: string): void {
    const seconds = ((now() - this.#startedAt) / 1_000).toFixed(2).padStart(6);
    this.#write(`${seconds} s  ${actor.padEnd(8)} ${what}`);
  }

  /** Checks something that must be true if the demo has really worked. */
  check(what: string, holds: boolean): void {
    this.tell('check', `${holds ? 'ok  ' : 'FAIL'} ${what}`);
    if (holds) this.#passed++;
    else this.#failed++;
  }

  get passed(): number {
    return this.#passed;
  }

  get failed(): number {
    return this.#failed;
  }
}
