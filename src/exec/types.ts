import type { Readable, Writable } from 'node:stream';
import type { SessionChannel } from '../ssh2/channels/session-channel.ts';
import type { ExecEvents } from '../ssh2/channels/start-command.ts';
import type { Lost } from '../ssh2/transport/lost.ts';
import type { Chores } from '../time/chores.ts';
import type { Shell } from './command-line/command-line.ts';

/** What a command needs from a connection. */
export interface SessionOpener {
  exec(
    request: {
      /** Absent: the login shell, in a terminal. */
      command?: string | undefined;
      pty?: (PtyOptions & { width?: number; height?: number }) | boolean | undefined;
      /** Called when the command is sent; if it returns true, EOF is sent with the command. */
      hasNoInput?: (() => boolean) | undefined;
    },
    events: ExecEvents,
  ): Promise<SessionChannel>;
  /** Work that the connection's `close()` waits for, up to a limit. */
  readonly chores?: Pick<Chores, 'add'> | undefined;
  /** Whether the server answers within `ms` milliseconds. */
  ping?(ms: number): Promise<boolean>;
  readonly lost: Lost;
  readonly where: { host: string; port: number; hop?: string | undefined };
  /** The server's identification string (`SSH-2.0-OpenSSH_for_Windows_9.5`), if known. */
  readonly serverVersion?: string | undefined;
}

/** A text encoding: `utf8`, `cp949`, `cp932`, `gbk`, `cp1252`, `utf16le`, or any other that iconv-lite supports. */
export type Encoding = 'utf8' | 'utf16le' | 'cp949' | 'cp932' | 'gbk' | 'cp1252' | (string & {});

/** A pseudo-terminal. It merges stderr into stdout, and the command ends with its session. */
export interface PtyOptions {
  /** Width in characters. Default 80. */
  cols?: number | undefined;
  /** Height in lines. Default 24. */
  rows?: number | undefined;
  /** The value of TERM. Default `vt100`. */
  term?: string | undefined;
}

interface CommonExecOptions {
  /**
   * The command's input: text (sent in `encoding`), bytes, or a stream. Default: none; the command sees the end of
   * its input at once, unless `command.stdin` is accessed in the same tick as the call.
   *
   * If the stream fails, the command is stopped and rejects with that error. If the command ends before it has read
   * everything, the stream is destroyed; that is not an error.
   */
  stdin?: string | Buffer | Readable | undefined;
  /** The directory to run in. If it does not exist, the command fails without being run. Default: the user's home. */
  cwd?: string | undefined;
  /** Environment variables, set by the shell on the server, so sshd's AcceptEnv does not apply. Default: none. */
  env?: Readonly<Record<string, string>> | undefined;
  /**
   * The shell on the server: decides how an argument array, `cwd` and `env` are quoted. A plain string without `cwd`
   * and `env` is sent unchanged. Default: `cmd` if the server identifies itself as OpenSSH for Windows, else `posix`.
   */
  shell?: Shell | undefined;
  /**
   * Milliseconds that the command may run, from its start on the server; waiting for a free session (MaxSessions)
   * does not count. The command is then stopped, and within about two seconds `CommandTimeout` says whether that
   * succeeded. Default: no limit.
   */
  timeout?: number | undefined;
  /**
   * Rejects with `signal.reason` at once, waiting or running; the command is stopped in the background. Default:
   * none.
   */
  signal?: AbortSignal | undefined;
  /**
   * Bytes to keep of stdout and of stderr. If either exceeds it, the command is stopped and rejects with
   * `OutputLimitExceeded`. `0` keeps nothing and sets no limit, for output read as a stream, by line or in
   * `onStdout`. Default 16 MiB (16,777,216).
   */
  maxBuffer?: number | undefined;
  /** `true`, or its size and type: run in a pseudo-terminal. Default `false`. */
  pty?: boolean | PtyOptions | undefined;
  /** `false`: resolve even with a non-zero exit code, a signal or no exit status. Default `true`. */
  reject?: boolean | undefined;
}

/** Options of `exec` with output as text. */
export interface TextExecOptions extends CommonExecOptions {
  /**
   * Encoding of the output and of `stdin` text. A character split across packets is decoded correctly. Default
   * `utf8`.
   */
  encoding?: Encoding | undefined;
  /**
   * Called with each piece of output as it arrives. If it returns a promise, further output waits for it. If it
   * throws or rejects, the command is stopped and rejects with that error.
   */
  onStdout?: ((text: string) => unknown) | undefined;
  /** Like `onStdout`, for stderr. */
  onStderr?: ((text: string) => unknown) | undefined;
}

/** Options of `exec` with `encoding: 'buffer'`: output as bytes. */
export interface BufferExecOptions extends CommonExecOptions {
  /** Output as bytes, undecoded. */
  encoding: 'buffer';
  /** Called with stdout as it arrives. */
  onStdout?: ((bytes: Buffer) => unknown) | undefined;
  /** Called with stderr as it arrives. */
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

/** Options of `powershell`. */
export type PowerShellOptions = TextPowerShellOptions | BufferPowerShellOptions;

/** How a command ended, and what it wrote. */
export interface CommandResult<Output extends string | Buffer = string> {
  /** The command; an array as it was quoted. Without `cwd` and `env`, which may contain secrets. */
  command: string;
  /** Null if a signal ended the command or the server sent no status; both only with `reject: false`. */
  exitCode: number | null;
  /** For example `SIGTERM`; null if the command exited. */
  signal: string | null;
  /** Never trimmed: text, or bytes with `encoding: 'buffer'`. */
  stdout: Output;
  /** Like `stdout`. */
  stderr: Output;
  /** Milliseconds from the command's start on the server to its end. */
  durationMs: number;
  /** Whether output was discarded (with `maxBuffer: 0`: whether there was any). */
  truncated: boolean;
}

/**
 * A command on the server: a promise of its result, an async iterable of its stdout lines, and its streams.
 *
 * As with any promise, a failure that is not handled is an unhandled rejection. If you use a stream, the lines or
 * `kill`, you need not await the command as well.
 */
export interface Command<Output extends string | Buffer = string>
  extends Promise<CommandResult<Output>>,
    AsyncIterable<string>,
    AsyncDisposable {
  /**
   * The command's input. Access it in the same tick as the call of `exec` (before the first `await`); later the input
   * has ended, and this throws a `TypeError`. Writes fail with `EPIPE` once the command has ended.
   */
  readonly stdin: Writable;
  /**
   * The bytes of stdout. Once accessed, it must be read to its end or destroyed (which discards the rest): a slow
   * reader slows the command down. It ends only when the command's output does; if the connection is lost or the
   * command is stopped, it is destroyed with the error. The result has the same output, up to `maxBuffer`.
   */
  readonly stdout: Readable;
  /** Like `stdout`. If not accessed, it is only collected and never slows the command down. */
  readonly stderr: Readable;
  /**
   * Sends a signal: `SIGTERM` (default), `SIGKILL`, `SIGINT`, `SIGHUP`, `SIGUSR1`, ..., with or without `SIG`.
   * `SIGTERM` and `SIGKILL` do everything possible to stop the command: TERM, KILL a second later, then closing the
   * session; on Windows, which has no signals, its processes are terminated. The command then rejects with
   * `CommandFailed`, whose `terminated` says whether its own process ended. A command still waiting for a session is
   * not started.
   *
   * Returns false if the command has already ended. Throws a `TypeError` for a signal that SSH does not define.
   */
  kill(signal?: string): boolean;
  /**
   * The lines of stdout, decoded, without line endings. At the end it throws whatever the command rejects with.
   * Leaving the loop early discards the rest of stdout but does not stop the command: `kill()` does.
   */
  [Symbol.asyncIterator](): AsyncIterator<string, void, undefined>;
  /** Stops the command if it is still running, as `kill()` does, and waits for its end. */
  [Symbol.asyncDispose](): Promise<void>;
}
