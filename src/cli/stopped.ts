import { constants } from 'node:os';

/** What is known of the work when the user stops us. */
export interface KnownOutcome {
  /** A sentence for the user. */
  known?: string;
  /** For a command: whether it was started. */
  started?: boolean | 'unknown';
}

/** The user asked the program to stop. */
export class Stopped extends Error {
  override name = 'Stopped';
  readonly signal: NodeJS.Signals;
  readonly known: string | undefined;
  readonly started: boolean | 'unknown' | undefined;

  constructor(signal: NodeJS.Signals, { known, started }: KnownOutcome = {}) {
    super(`stopped by ${signal}`);
    this.signal = signal;
    this.known = known;
    this.started = started;
  }

  /** What a shell reports for a program that a signal ended: 130 for Ctrl-C. */
  get exitCode(): number {
    return exitCodeOfSignal(this.signal);
  }
}

/** Adds what is known of the work to a stop, unless something is known already. Other errors are returned unchanged. */
export function stoppedWith(error: unknown, known: KnownOutcome): unknown {
  return error instanceof Stopped && error.known === undefined ? new Stopped(error.signal, known) : error;
}

/** 128 plus the signal's number; just 128 for a signal that this system does not know. */
export function exitCodeOfSignal(signal: string): number {
  const name = (signal.startsWith('SIG') ? signal : `SIG${signal}`) as NodeJS.Signals;
  return 128 + (constants.signals[name] ?? 0);
}
