import { type TracingChannel, tracingChannel } from 'node:diagnostics_channel';
import type { Attempt, PhaseTimings } from '../errors/index.ts';

/** The message of the tracing channel `ssh-via-gateway:connect`, filled in as facts become known. */
export interface ConnectTrace {
  /** The server, as it was given in the options. */
  readonly host: string;
  /** The server's port. */
  readonly port: number;
  /** The account. */
  readonly username: string;
  /** Set for the connection to a jump host. */
  readonly hop?: string | undefined;
  /** The failed attempts so far; grows during the call. */
  readonly attempts: readonly Attempt[];
  /** Of the successful attempt, in milliseconds. */
  timings?: PhaseTimings;
  /** The server's identification line, once known. */
  serverVersion?: string;
  /** Why it failed. */
  error?: unknown;
}

/** The message of the tracing channel `ssh-via-gateway:exec`. */
export interface ExecTrace {
  /** The server, as it was given in the options. */
  readonly host: string;
  /** The server's port. */
  readonly port: number;
  /** The command as given; an array joined by blanks. */
  readonly command: string;
  /** Null if a signal ended the command, or the server sent no status. */
  exitCode?: number | null;
  /** For example `SIGTERM`; null if the command exited. */
  signal?: string | null;
  /** Milliseconds on the server. */
  durationMs?: number;
  /** Why it failed. */
  error?: unknown;
}

/** Node's own publish-and-subscribe for tracing: see `node:diagnostics_channel`, `TracingChannel`. */
export const connectChannel: TracingChannel<unknown, ConnectTrace> =
  tracingChannel('ssh-via-gateway:connect');
export const execChannel: TracingChannel<unknown, ExecTrace> = tracingChannel('ssh-via-gateway:exec');

/**
 * Runs `work` as a traced operation; costs nothing while nobody listens. Its result is not published: it is the
 * library's own, and may hold what is nobody's business.
 */
export function traced<T, Trace extends object>(
  channel: TracingChannel<unknown, Trace>,
  trace: Trace,
  work: () => Promise<T>,
): Promise<T> {
  return isWatched(channel) ? published(channel, trace, work) : work();
}

async function published<T, Trace extends object>(
  channel: TracingChannel<unknown, Trace>,
  trace: Trace,
  work: () => Promise<T>,
): Promise<T> {
  const results: T[] = [];
  await channel.tracePromise(async () => void results.push(await work()), trace);
  return results[0] as T;
}

export function isWatched(
  channel: TracingChannel<unknown, never> | TracingChannel<unknown, object>,
): boolean {
  const { start, end, asyncStart, asyncEnd, error } = channel as TracingChannel<unknown, object>;
  // Without an array: each command asks.
  return (
    start.hasSubscribers ||
    end.hasSubscribers ||
    asyncStart.hasSubscribers ||
    asyncEnd.hasSubscribers ||
    error.hasSubscribers
  );
}
