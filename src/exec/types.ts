import type { Readable, Writable } from 'node:stream';
import type { SessionChannel } from '../ssh2/channels/session-channel.ts';
import type { ExecEvents } from '../ssh2/channels/start-command.ts';
import type { Lost } from '../ssh2/transport/lost.ts';
import type { Chores } from '../time/chores.ts';
import type { Shell } from './command-line/command-line.ts';

/** What a command needs of a connection. */
export interface SessionOpener {
  exec(
    request: {
      /** Absent: the login shell, in a terminal. */
      command?: string | undefined;
      pty?: (PtyOptions & { width?: number; height?: number }) | boolean | undefined;
      /** Asked when the command is sent; its end of input may leave with it. */
      hasNoInput?: (() => boolean) | undefined;
    },
    events: ExecEvents,
  ): Promise<SessionChannel>;
  /** What a `close()` of the connection waits for, within a limit. */
  readonly chores?: Pick<Chores, 'add'> | undefined;
  /** Whether the server answers within `ms` milliseconds. */
  ping?(ms: number): Promise<boolean>;
  readonly lost: Lost;
  readonly where: { host: string; port: number; hop?: string | undefined };
  /** The server's identification line (`SSH-2.0-OpenSSH_for_Windows_9.5`), where it is known. */
  readonly serverVersion?: string | undefined;
}

/** An encoding of text: `utf8`, `cp949`, `cp932`, `gbk`, `cp1252`, `utf16le` and all others of iconv-lite. */
export type Encoding = 'utf8' | 'utf16le' | 'cp949' | 'cp932' | 'gbk' | 'cp1252' | (string & {});

/** A pseudo-terminal. With one, stderr comes mixed into stdout and the command ends with its session. */
export interface PtyOptions {
  /** Default 80. */
  cols?: number | undefined;
  /** Default 24. */
  rows?: number | undefined;
  /** The value of TERM. Default `vt100`. */
  term?: string | undefined;
}

interface CommonExecOptions {
  /**
   * The command's input: text (in `encoding`), bytes, or a stream. Default: none; the command sees the end of its
   * input at once, unless `command.stdin` is taken in the same turn as the call.
   *
   * An error of the stream stops the command and rejects with that error. A command that ends before it has read
   * everything is not an error; the stream is then destroyed.
   */
  stdin?: string | Buffer | Readable | undefined;
  /** The folder to run in. The command does not run, and fails, when it is missing. Default: the user's home. */
  cwd?: string | undefined;
  /** Environment variables, set by the shell on the server; sshd's AcceptEnv does not matter. Default: none. */
  env?: Readonly<Record<string, string>> | undefined;
  /**
   * The shell on the server: how an argument array, `cwd` and `env` are quoted. A plain string with neither is sent
   * as it is. Default: `cmd` when the server says that it is OpenSSH for Windows, else `posix`.
   */
  shell?: Shell | undefined;
  /**
   * Milliseconds that the command may run, from its start on the server; waiting in line for one of the server's
   * MaxSessions does not count. Then it is stopped, and `CommandTimeout` says whether that worked, at most about two
   * seconds later. Default: no limit.
   */
  timeout?: number | undefined;
  /**
   * Rejects with `signal.reason` at once, in line or at work. The command is stopped in the background.
   */
  signal?: AbortSignal | undefined;
  /**
   * Bytes kept of each stream. When a stream exceeds it, the command is stopped and rejects with
   * `OutputLimitExceeded`. `0` keeps nothing and sets no limit: for output that is read as a stream, by lines or in
   * `onStdout`. Default 16 MiB (16,777,216).
   */
  maxBuffer?: number | undefined;
  /** Run in a pseudo-terminal. Default false. */
  pty?: boolean | PtyOptions | undefined;
  /** `false`: a non-zero exit code, a signal, and an end without a status resolve. Default true. */
  reject?: boolean | undefined;
}

/** Options of `exec` with output as text. */
export interface TextExecOptions extends CommonExecOptions {
  /** How output is decoded, and `stdin` text encoded. Decoded by stream: no character is cut. Default `utf8`. */
  encoding?: Encoding | undefined;
  /**
   * Called with each piece of output as it comes. A promise that it returns holds back further output until it is
   * fulfilled. What it throws, or its promise's rejection, stops the command and rejects it.
   */
  onStdout?: ((text: string) => unknown) | undefined;
  /** As `onStdout`. */
  onStderr?: ((text: string) => unknown) | undefined;
}

/** Options of `exec` with `encoding: 'buffer'`: output as bytes. */
export interface BufferExecOptions extends CommonExecOptions {
  /** Output as it came, in Buffers. */
  encoding: 'buffer';
  /** Called with stdout as it comes, before it is kept. */
  onStdout?: ((bytes: Buffer) => unknown) | undefined;
  /** Called with stderr as it comes, before it is kept. */
  onStderr?: ((bytes: Buffer) => unknown) | undefined;
}

/** Options of `exec`. */
export type ExecOptions = TextExecOptions | BufferExecOptions;

interface PowerShellChoice {
  /**
   * Which PowerShell: `powershell` (5.1, on every Windows PC) or `pwsh` (7, on any system). Default: `powershell` on
   * OpenSSH for Windows, else `pwsh`.
   */
  shell?: 'powershell' | 'pwsh' | undefined;
}

/** Options of `powershell` with output as text. */
export interface TextPowerShellOptions extends Omit<TextExecOptions, 'shell'>, PowerShellChoice {}
/** Options of `powershell` with `encoding: 'buffer'`: output as bytes. */
export interface BufferPowerShellOptions extends Omit<BufferExecOptions, 'shell'>, PowerShellChoice {}

/** As `ExecOptions`, for `powershell()`. */
export type PowerShellOptions = TextPowerShellOptions | BufferPowerShellOptions;

/** How a command ended, and what it wrote: never trimmed. */
export interface CommandResult<Output extends string | Buffer = string> {
  /** The command, an array quoted as it was sent; without `cwd` and `env`, whose values may be secrets. */
  command: string;
  /** Null when a signal ended the command or the server did not say how it ended; both only with `reject: false`. */
  exitCode: number | null;
  /** For example `SIGTERM`; null when the command exited. */
  signal: string | null;
  /** As it came, never trimmed: text, or bytes with `encoding: 'buffer'`. */
  stdout: Output;
  /** As `stdout`. */
  stderr: Output;
  /** Milliseconds from the command's start on the server to its end. */
  durationMs: number;
  /** Whether there was more output than was kept (with `maxBuffer: 0`: any at all). */
  truncated: boolean;
}

/**
 * A command on the server: a promise of its result, the lines of its stdout, and its streams.
 *
 * As with any promise, a failure that nobody handles is an unhandled rejection; but who takes a stream, the lines or
 * `kill` learns of the end there, and need not await the command as well.
 */
export interface Command<Output extends string | Buffer = string>
  extends Promise<CommandResult<Output>>,
    AsyncIterable<string>,
    AsyncDisposable {
  /**
   * The command's input. Take it in the same turn as the call of `exec` (before the first `await`); afterwards the
   * input has ended, and this throws a TypeError. Writes fail with `EPIPE` once the command has ended.
   */
  readonly stdin: Writable;
  /**
   * The bytes of stdout. A slow reader slows the command down. Who takes the stream must read it to its end or
   * destroy it (then the rest is discarded): it holds the command up. It ends only with the command's own end of
   * output; when the link is lost or the command is stopped, it is destroyed with the error. What it carries is
   * kept for the result as well, up to `maxBuffer`.
   */
  readonly stdout: Readable;
  /** As `stdout`. Not taken, it is collected: it never holds the command up. */
  readonly stderr: Readable;
  /**
   * Sends a signal: `SIGTERM` (default), `SIGKILL`, `SIGINT`, `SIGHUP`, `SIGUSR1`, ..., with or without `SIG`.
   * `SIGTERM` and `SIGKILL` do all that can be done to stop the command: TERM, KILL a second later, then the end of
   * the session; on Windows, which has no signals, the end of its processes. Then the command rejects with `CommandFailed`;
   * its `terminated` says whether its own process ended. A command that still waits in line is not started.
   *
   * Returns false when the command has ended already. Throws a TypeError for a name that SSH does not have.
   */
  kill(signal?: string): boolean;
  /**
   * The lines of stdout, decoded, without their ends. Throws at the end what the command rejects with. Leaving the
   * loop early discards the rest of stdout; it does not stop the command, `kill()` does.
   */
  [Symbol.asyncIterator](): AsyncIterator<string, void, undefined>;
  /** Stops the command if it still runs (as `kill()`), and waits for its end. */
  [Symbol.asyncDispose](): Promise<void>;
}
