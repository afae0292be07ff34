import type { Duplex } from 'node:stream';

/** Options of `Connection.shell`. */
export interface ShellOptions {
  /** The kind of terminal, TERM on the server. Default `xterm-256color`, what terminal programs of today are. */
  term?: string | undefined;
  /** Its height in lines. Default 24. */
  rows?: number | undefined;
  /** Its width in characters. Default 80. */
  columns?: number | undefined;
  /** Milliseconds for the server's answer; the connection's `timeouts.channel` by default. How long it is open has no limit. */
  timeout?: number | undefined;
  /** Ends the shell, or its opening, with `signal.reason`. */
  signal?: AbortSignal | undefined;
}

/** How a shell ended. */
export interface ShellEnd {
  /** Null when a signal ended the shell, or the server did not say how it ended. */
  exitCode: number | null;
  /** For example `SIGHUP`; null when the shell exited. */
  signal: string | null;
}

/**
 * The login shell of the account in a terminal of its own, for a person. What is written goes to the shell, Ctrl-C as
 * the byte 3; what is read is what its terminal shows, error output included. It is raw: escape sequences of programs
 * on the server are in it.
 *
 * It ends (`end`) when the shell has; when the connection is lost or the signal aborts, it is destroyed with that error,
 * after all that had arrived was read. An `error` that nobody listens for ends no process.
 */
export interface ShellSession extends Duplex {
  /** Tells the shell the new size of the terminal; programs there draw anew. Nothing happens once it has ended. */
  resize(rows: number, columns: number): void;
  /**
   * Resolves with the end of the shell, read or not.
   * @throws {ConnectionLost} when the connection went first; with `signal.reason` after an abort.
   */
  readonly exited: Promise<ShellEnd>;
  /**
   * Ends the session as a closed terminal window does: on POSIX what runs in it gets SIGHUP. Idempotent; resolves when
   * the server has done so, or after two seconds without an answer. Never rejects.
   */
  close(): Promise<void>;
  /** As `close()`. */
  [Symbol.asyncDispose](): Promise<void>;
}
