import { inspect } from 'node:util';
import { given } from '../check/given.ts';
import type { ConnectPhase, PhaseTimings } from './phases.ts';

/** The part of the work in which an error happened: a phase of connecting, the way there (`route`), or what came later. */
export type Phase = ConnectPhase | 'route' | 'channel' | 'command' | 'transfer' | 'forward' | 'session';

/** One failed attempt, as `error.attempts` and `onRetry` list it. */
export interface Attempt {
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** `error.code` of this attempt's error, for example `SSH_BANNER_TIMEOUT`. */
  readonly code: string;
  /** The phase in which this attempt failed. */
  readonly phase: Phase;
  /** Milliseconds per finished phase, and in total. */
  readonly timings: PhaseTimings;
  /** Milliseconds waited after this attempt before the next one; 0 after the last. */
  wait: number;
  readonly message: string;
}

/** What every `SshError` is made from. */
export interface SshErrorDetails {
  phase: Phase;
  host?: string | undefined;
  port?: number | undefined;
  /** Which hop of the route failed, for example `jump 1 of 2 (bastion:22)`. */
  hop?: string | undefined;
  /** Whether calling the same operation again is safe and may help. Default false. */
  retryable?: boolean | undefined;
  /** The most likely cause in plain words, and what to do. */
  hint?: string | undefined;
  cause?: unknown;
}

const brand = Symbol.for('ssh-via-gateway.SshError');
const codeOf = Symbol.for('ssh-via-gateway.code');

/** Gives an error class its literal `name` and `code`, on the prototype: nothing per instance to forget. */
export function identify(errorClass: { prototype: SshError }, name: string, code: string): void {
  Object.defineProperty(errorClass.prototype, 'name', { value: name, configurable: true, writable: true });
  Object.defineProperty(errorClass.prototype, codeOf, { value: code });
}

/**
 * The base of every error that this library throws. An abort is not one of them: it rejects with the
 * caller's own `signal.reason`. Wrong use is a plain `TypeError` or `RangeError`.
 *
 * Test for a kind of error with `instanceof` or, across two copies of the package, with `error.code`.
 */
export abstract class SshError extends Error {
  /** The class in words that survive a copy of the package and a log, for example `SSH_BANNER_TIMEOUT`. */
  declare readonly code: string;
  /** The part of the work in which it happened. */
  declare readonly phase: Phase;
  /**
   * Whether calling the same operation again is safe and may help; what the default `shouldRetry` asks. Never true for
   * a command that had started, or may have (`started`): `runJob` is for commands that must run once.
   */
  declare readonly retryable: boolean;
  /** The server, as it was given in the options. */
  declare readonly host?: string;
  /** The server's port. */
  declare readonly port?: number;
  /** Which hop of the route failed, for example `jump 1 of 2 (bastion:22)`; absent for the server itself. */
  declare readonly hop?: string;
  /** The most likely cause in plain words, and what to do. */
  declare readonly hint?: string;
  /** Every attempt that led here, in order; set on errors of `connectViaGateway`. */
  declare attempts?: readonly Attempt[];

  constructor(message: string, details: SshErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    const { phase, host, port, hop, hint, retryable = false } = details;
    const self = this as unknown as { [codeOf]: string };
    Object.assign(this, { code: self[codeOf], phase, retryable }, given({ host, port, hop, hint }));
  }

  /** A plain record for structured logs. Holds no secrets. */
  toJSON(): Record<string, unknown> {
    const own = { ...this } as Record<string, unknown>;
    return { ...own, name: this.name, message: this.message, cause: causeText(this.cause) };
  }

  static {
    identify(this, 'SshError', 'SSH_ERROR');
    Object.defineProperty(this.prototype, brand, { value: true });
  }
}

/** True for every error of this library, whichever copy of it threw. */
export function isSshError(error: unknown): error is SshError {
  return typeof error === 'object' && error !== null && (error as { [brand]?: unknown })[brand] === true;
}

function causeText(cause: unknown): string | undefined {
  if (cause === undefined) return undefined;
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : inspect(cause, { depth: 0 });
}
