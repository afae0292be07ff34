import { startTimer } from '../../time/timer.ts';

/** Unused sessions that we have asked the server to close. */
export class GoingSessions {
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** One is asked to go. It is gone when the returned function is called, or after `longest` milliseconds; then `gone` is. */
  add(longest: number, gone: () => void): () => void {
    this.#count++;
    let isGoing = true;
    const leave = () => {
      stopTimer();
      if (isGoing) this.#count--;
      isGoing = false;
      gone();
    };
    const stopTimer = startTimer(longest, leave, false);
    return leave;
  }
}
