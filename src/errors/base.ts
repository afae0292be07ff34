import { inspect } from 'node:util';
import { given } from '../check/given.ts';
import type { ConnectPhase, PhaseTimings } from './phases.ts';

/** Where an error happened: in a phase of connecting, on the route, or later. */
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

/** The fields common to every `SshError`. */
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
 * The base class of this library's errors. Two things are not an `SshError`: an abort, which rejects with the
 * caller's own `signal.reason`, and wrong use, which throws a `TypeError` or `RangeError`.
 *
 * Test for a kind of error with `instanceof` or, across two copies of the package, with `error.code`.
 */
export abstract class SshError extends Error {
  /** Stable name of the class, for logs and across copies of the package, for example `SSH_BANNER_TIMEOUT`. */
  declare readonly code: string;
  /** The phase in which it happened. */
  declare readonly phase: Phase;
  /**
   * Whether calling the same operation again is safe and may help; the default `shouldRetry` returns it. Never true
   * for a command that has started or may have (`started`): for commands that must run once there is `runJob`.
   */
  declare readonly retryable: boolean;
  /** The server, as given in the options. */
  declare readonly host?: string;
  /** The server's port. */
  declare readonly port?: number;
  /** Which hop of the route failed, for example `jump 1 of 2 (bastion:22)`; absent for the server itself. */
  declare readonly hop?: string;
  /** The most likely cause in plain words, and what to do. */
  declare readonly hint?: string;
  /** Every attempt, in order; set on the errors of `connectViaGateway`, and where `runJob` has given up on its connections. */
  declare attempts?: readonly Attempt[];

  constructor(message: string, details: SshErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    const { phase, host, port, hop, hint, retryable = false } = details;
    const self = this as unknown as { [codeOf]: string };
    Object.assign(this, { code: self[codeOf], phase, retryable }, given({ host, port, hop, hint }));
  }

  /** A plain object for structured logs. Contains no secrets. */
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
