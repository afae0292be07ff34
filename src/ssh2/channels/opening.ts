import type { Client } from 'ssh2';
import type { Stoppable } from '../../time/on-abort.ts';
import type { OwnSession } from './own-session.ts';

/** The server of a connection, for messages. */
export interface Where {
  host: string;
  port: number;
  hop?: string | undefined;
}

/** Options of `Connection.openStream`. */
export interface OpenOptions {
  /** Stops opening the channel; the promise rejects with `signal.reason`. */
  signal?: AbortSignal | undefined;
  /** Milliseconds to wait for the server's answer. Default: the connection's `timeouts.channel`. */
  timeout?: number | undefined;
}

/** Starts something on the ssh2 client and calls back once. A function that it returns undoes what has not been sent. */
export type Starter<T> = (client: Client, callback: OpenedCallback<T>) => (() => void) | undefined;

export type OpenedCallback<T> = (error: Error | undefined, result: T) => void;

export interface OpenPlan<T> {
  signal?: Stoppable | undefined;
  timeout?: number | undefined;
  /** `timeout` counts from the call, the wait in line included; otherwise from the request. */
  limitsWait?: boolean | undefined;
  /** With `limitsWait`: when it ends, on the clock of `now()`. Set by the link. */
  dueAt?: number;
  /** For messages: `a session for the command`, `a channel to localhost:22`. */
  what: string;
  start(client: Client, callback: OpenedCallback<T>): void;
  /** Whether `startOn` is possible, too. */
  takesOpenSession?: boolean;
  /** Like `start`, on a session that is open already. */
  startOn?(session: OwnSession, callback: OpenedCallback<T>): void;
  /** Undoes a success that arrives after we have given up. */
  discard(result: T): void;
  /** The caller adds the stack trace of its own call to the error; capturing it twice would cost time. */
  isTraced?: boolean;
  /** It cleans up, and so may begin after `close()`. */
  isChore?: boolean | undefined;
  /** Never waits in line: the caller holds a session, and might be waiting for itself. */
  isSpare?: boolean | undefined;
}

/** What a session is opened with. */
export interface HeldSlot {
  /** A session that is open already. */
  ahead: OwnSession | undefined;
  /** A session is being opened, with a slot of its own. */
  isComing: boolean;
  /** It waited in line, and says when it requests the session. */
  isGranted: boolean;
  probe: boolean;
  /** The server refused it because of the number of sessions, so it will be tried again. */
  isRefused: boolean;
}
