import { now } from '../../time/timer.ts';
import { isOpenSsh } from '../transport/server-kind.ts';
import type { SessionSlots } from './session-slots.ts';

/** Milliseconds between two commands: about what sshd takes to start one on Linux, and less than on Windows. */
const apart = 2;

/**
 * When commands leave that are begun together. sshd starts every command that it finds in one read, one after another,
 * before it sends anything: eight in one packet are all answered when the last has been started, and whoever begins the
 * next command after each answer stays in that step for good. A little apart, each is answered as soon as it has been
 * started. Only for OpenSSH, also for Windows, and only where the line is long: what is near is answered too soon for
 * such steps to form, and other servers may start commands side by side.
 */
export class StartPace {
  readonly #slots: Pick<SessionSlots, 'isFar' | 'answerTime'>;
  readonly #applies: boolean;
  #nextAt = Number.NEGATIVE_INFINITY;

  constructor(slots: Pick<SessionSlots, 'isFar' | 'answerTime'>, serverVersion: string | undefined) {
    this.#slots = slots;
    this.#applies = isOpenSsh(serverVersion);
  }

  /**
   * A command begins: returns how many milliseconds it should wait. Never more than a quarter of what the server takes
   * to answer; so many commands that they would have to wait longer leave together after that time.
   */
  next(): number {
    if (!this.#applies || !this.#slots.isFar) return 0;
    const at = now();
    const startAt = Math.min(Math.max(at, this.#nextAt), at + this.#slots.answerTime.ms / 4);
    this.#nextAt = startAt + apart;
    return startAt - at;
  }
}
