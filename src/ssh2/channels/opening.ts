import type { Client } from 'ssh2';
import type { Stoppable } from '../../time/on-abort.ts';
import type { OwnSession } from './own-session.ts';

/** Where a connection leads, for messages. */
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

/** What starts something on the ssh2 client and calls back once. */
export type Starter<T> = (client: Client, callback: OpenedCallback<T>) => void;

export type OpenedCallback<T> = (error: Error | undefined, result: T) => void;

export interface OpenPlan<T> {
  signal?: Stoppable | undefined;
  timeout?: number | undefined;
  /** For messages: `a session for the command`, `a channel to localhost:22`. */
  what: string;
  start(client: Client, callback: OpenedCallback<T>): void;
  /** As `start`, on a session that is open already; absent where that will not do. */
  startOn?: ((session: OwnSession, callback: OpenedCallback<T>) => void) | undefined;
  /** Undoes a success that came after we had given up. */
  discard(result: T): void;
  /** The caller knows where it was called, and puts that into the error; remembering it twice costs time. */
  isTraced?: boolean;
  /** Cleans up, and so may begin after `close()`. */
  isChore?: boolean | undefined;
  /** Never waits in line: whoever asks holds a session, and might wait for itself. */
  isSpare?: boolean | undefined;
}
