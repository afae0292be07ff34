import { constants } from 'node:os';

/** The user asked the program to stop. */
export class Stopped extends Error {
  override name = 'Stopped';
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super(`stopped by ${signal}`);
    this.signal = signal;
  }

  /** What a shell reports of a program that a signal ended: 130 for Ctrl-C. */
  get exitCode(): number {
    return exitCodeOfSignal(this.signal);
  }
}

/** 128 and the signal's number; 128 alone for a signal that this system does not know. */
export function exitCodeOfSignal(signal: string): number {
  const name = (signal.startsWith('SIG') ? signal : `SIG${signal}`) as NodeJS.Signals;
  return 128 + (constants.signals[name] ?? 0);
}
