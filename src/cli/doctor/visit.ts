import { orAborted } from '../../time/on-abort.ts';
import { atMost, now } from '../../time/timer.ts';
import type { ConnectOptions, PhaseTimings, SshError } from '../library.ts';
import { findingOf } from './diagnose.ts';
import { plainFacts } from './facts.ts';
import type { LoginTarget } from './kind-of.ts';
import type { FailureKind } from './kinds.ts';
import type { Finding } from './steps.ts';
import type { Words } from './words/words.ts';

/** Milliseconds that a whole run takes at most, unless the user gives `--total-timeout`. */
export const wholeRun = 57_000;

/** The minimum time of a check in round trips: the longest, of the disk, needs about ten. */
const patience = 20;
/** Twice the round trips that all checks together need. */
const allChecks = 80;

/** With fewer milliseconds than this, no check could do anything; a timer may also fire that much early. */
const leastTime = 50;

export interface VisitOptions {
  words: Words;
  signal: AbortSignal;
  /** Whether a slow line may make the run exceed its limit: only if the user has not set one. */
  mayTakeLonger: boolean;
}

/** One run of doctor: its target, its language, and how much time is left. */
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

  /** Upper bound of a round trip in milliseconds; 0 while unknown. */
  get roundTrip(): number {
    return this.#roundTrip;
  }

  /** Both phases need at least one round trip. A server that is slow in one of them does not mean a slow line. */
  measure({ handshake = 0, auth = 0 }: PhaseTimings): void {
    this.#roundTrip = Math.min(handshake, auth);
  }

  /**
   * Milliseconds that one check may take: a share of the whole run, or many round trips if the line is slow, but never
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

  /**
   * The result of `work`, or `late` if it takes longer; rejects on abort. The signal of `work` aborts when the wait is
   * over.
   */
  async within<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T | 'late'> {
    const over = new AbortController();
    const signal = AbortSignal.any([this.signal, over.signal]);
    const working = work(signal);
    // Late work may still fail, with nobody listening.
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
