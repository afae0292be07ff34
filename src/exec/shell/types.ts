import type { Duplex } from 'node:stream';

/** Options of `Connection.shell`. */
export interface ShellOptions {
  /** The value of TERM on the server. Default `xterm-256color`. */
  term?: string | undefined;
  /** Height in lines. Default 24. */
  rows?: number | undefined;
  /** Width in characters. Default 80. */
  columns?: number | undefined;
  /**
   * Milliseconds until the shell must be open, waiting for a free session (MaxSessions) included. Default: the
   * connection's `timeouts.channel`. The shell itself has no time limit.
   */
  timeout?: number | undefined;
  /** Aborting ends the shell, or stops opening it, and rejects with `signal.reason`. Default: none. */
  signal?: AbortSignal | undefined;
}

/** How a shell ended. */
export interface ShellEnd {
  /** Null if a signal ended the shell or the server sent no status. */
  exitCode: number | null;
  /** For example `SIGHUP`; null if the shell exited. */
  signal: string | null;
}

/**
 * The account's login shell in a pseudo-terminal, for interactive use. Write what the user types, Ctrl-C as byte 3;
 * read what the terminal shows, stderr included. The output is raw and may contain any escape sequences.
 *
 * The stream ends when the shell does. If the connection is lost, it is destroyed with `ConnectionLost` once everything
 * that had arrived has been read. If the signal aborts, it is destroyed at once with `signal.reason`. An `error` event
 * without a listener does not crash the process.
 */
export interface ShellSession extends Duplex {
  /** Sends the new size of the terminal, in lines and characters. Has no effect once the shell has ended. */
  resize(rows: number, columns: number): void;
  /**
   * Resolves when the shell has ended, whether or not its output has been read.
   * @throws {ConnectionLost} if the connection was lost first. Rejects with `signal.reason` after an abort.
   */
  readonly exited: Promise<ShellEnd>;
  /**
   * Ends the session like closing a terminal window: on POSIX its processes get SIGHUP. Idempotent. Resolves once the
   * server has closed the session, or after 2,000 ms without an answer; never rejects.
   */
  close(): Promise<void>;
  /** Same as `close()`. */
  [Symbol.asyncDispose](): Promise<void>;
}
