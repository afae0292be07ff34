import { startTimer } from '../../time/timer.ts';
import type { OnExceeded } from './receive-window.ts';

/**
 * Limits the duration of each key exchange after the first one. Nothing else may be sent during a key exchange, so a
 * server that begins one and does not finish it would block everything, and could satisfy the keepalive with an
 * occasional IGNORE.
 */
export class RekeyTime {
  readonly #limit: number;
  readonly #onExceeded: OnExceeded;
  #stopTimer: (() => void) | undefined;

  constructor(limit: number, onExceeded: OnExceeded) {
    this.#limit = limit;
    this.#onExceeded = onExceeded;
  }

  begun(): void {
    const words = `it began another key exchange and did not finish it within ${this.#limit} ms (option timeouts.handshake)`;
    this.#stopTimer = startTimer(this.#limit, () => this.#onExceeded(words), false);
  }

  ended(): void {
    this.#stopTimer?.();
  }
}
