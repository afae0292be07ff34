import { orAborted } from '../../time/on-abort.ts';
import { atMost, now } from '../../time/timer.ts';
import type { ConnectOptions, PhaseTimings, SshError } from '../library.ts';
import { findingOf } from './diagnose.ts';
import { plainFacts } from './facts.ts';
import type { LoginTarget } from './kind-of.ts';
import type { FailureKind } from './kinds.ts';
import type { Finding } from './steps.ts';
import type { Words } from './words/words.ts';

/** Milliseconds that a whole run takes at most, if the user gives no `--total-timeout`. */
export const wholeRun = 57_000;

/** Round trips that one check waits for at least: the longest of them, at the disk, needs about ten. */
const patience = 20;
/** Round trips that all checks together need, and as many again. */
const allChecks = 80;

/** Milliseconds with which no check could do anything. A timer may also fire that much early. */
const leastTime = 50;

export interface VisitOptions {
  words: Words;
  signal: AbortSignal;
  /** Whether a slow line may make the run longer than the limits say: the user has set none for the whole. */
  mayTakeLonger: boolean;
}

/** One run of doctor: where it goes, in which language, and how much time is left. */
export class Visit {
  readonly target: LoginTarget;
  readonly options: ConnectOptions;
  readonly words: Words;
  readonly signal: AbortSignal;
  readonly #total: number;
  readonly #mayTakeLonger: boolean;
  readonly #started = now();
  #roundTrip = 0;

  constructor(options: ConnectOptions, { words, signal, mayTakeLonger }: VisitOptions) {
    const { host, port = 22, username, timeouts } = options;
    this.options = options;
    this.target = { host, port, username };
    this.words = words;
    this.signal = signal;
    this.#total = timeouts?.total ?? wholeRun;
    this.#mayTakeLonger = mayTakeLonger;
  }

  /** Milliseconds there and back, at most; 0 as long as nobody knows. */
  get roundTrip(): number {
    return this.#roundTrip;
  }

  /** Both phases need a round trip at least. A server that is slow at one of them is not a line that is slow. */
  measure({ handshake = 0, auth = 0 }: PhaseTimings): void {
    this.#roundTrip = Math.min(handshake, auth);
  }

  /**
   * Milliseconds that one check may take: a share of the whole, many round trips however slow the line is, and never
   * more than is left.
   */
  limit(share: number): number {
    return Math.max(1, Math.min(Math.max(this.#total * share, patience * this.#roundTrip), this.#left));
  }

  get hasTime(): boolean {
    return this.#left > leastTime;
  }

  get #left(): number {
    const more = this.#mayTakeLonger ? allChecks * this.#roundTrip : 0;
    return this.#total + more - (now() - this.#started);
  }

  finding(error: SshError, ms?: number): Finding {
    return findingOf(error, this.target, this.words, ms);
  }

  failure(kind: FailureKind): { says: string; todo: string } {
    const facts = plainFacts(this.target);
    const { says, todo } = this.words.failures[kind];
    return { says: says(facts), todo: typeof todo === 'string' ? todo : todo(facts) };
  }

  skipped(why: keyof Words['skipped']): Finding {
    return { verdict: 'skipped', says: this.words.skipped[why] };
  }

  /** The work's result, or `late` when it takes longer; an abort rejects. The work's signal ends with the wait. */
  async within<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T | 'late'> {
    const over = new AbortController();
    const signal = AbortSignal.any([this.signal, over.signal]);
    const working = work(signal);
    // What is late may still fail, with nobody listening.
    working.catch(() => {});
    try {
      const inTime = atMost(
        ms,
        working.then((value) => ({ value })),
      );
      const done = await orAborted(inTime, this.signal);
      return done ? done.value : 'late';
    } finally {
      over.abort();
    }
  }
}
