import { type Growth, growingWait } from './growing-wait.ts';

/** The retry policy in numbers, all durations in milliseconds. */
interface ConnectWaitsSettings extends Growth {
  jitter: number;
  quiet: number;
}

/** What a failed attempt says about the gateway's port. */
export type PortVerdict =
  /** Accepted and silent: a zombie that every connect wakes up. */
  | 'zombie'
  /** The waiting connection was reset after a long silence: the zombie is dead now. */
  | 'zombie-died'
  /** Anything else: no session was touched. */
  | 'other';

/**
 * When a zombie dies, its port is free but the PC has not taken it yet: the tries after that come soon, at an eighth,
 * a quarter and half of the ordinary first delay.
 */
const soonAfterDeath = -3;

/** More than this many times `quiet` does not help: by then it exceeds any ClientAliveInterval. */
const maxQuietFactor = 16;

/**
 * The waits between attempts. sshd from 9.2 on sends its ClientAlive probes only when nothing at all happens on a
 * session, and a connection to its forwarded port counts: so after a zombie's silence the next attempt waits for
 * `quiet`, doubling while it stays silent, and only verdicts that touch no session count for the ordinary back-off.
 */
export class ConnectWaits {
  #settings: ConnectWaitsSettings;
  #random: () => number;
  #ordinary = 0;
  #zombies = 0;
  #justDied = false;

  constructor(settings: ConnectWaitsSettings, random: () => number = Math.random) {
    this.#settings = settings;
    this.#random = random;
  }

  /** Milliseconds until the next attempt after one that ended so. */
  next(verdict: PortVerdict): number {
    // A second such end in a row is not a zombie's: something else accepts, waits and closes.
    const died = verdict === 'zombie-died' && !this.#justDied;
    this.#justDied = verdict === 'zombie-died';
    if (died) {
      this.#zombies = 0;
      this.#ordinary = soonAfterDeath;
      return 0;
    }
    if (verdict === 'zombie') {
      this.#ordinary = 0;
      const { quiet, jitter } = this.#settings;
      const doubled = Math.min(2 ** this.#zombies++, maxQuietFactor);
      // Longer by the jitter, never shorter.
      return Math.round(quiet * doubled * (1 + jitter * this.#random()));
    }
    this.#zombies = 0;
    return growingWait(this.#settings, this.#ordinary++, this.#random);
  }
}
