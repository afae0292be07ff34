import type { Readable, Writable } from 'node:stream';
import type { Faults } from './faults/fault-types.ts';
import type { JournalEntry } from './journal.ts';
import type { SftpExtension } from './sftp/extensions.ts';
import type { MockFiles, MockShare } from './sftp/files/mock-files.ts';

/** Options of {@link startMockServer}. Everything has a default: `await startMockServer()` is a working SSH server. */
export interface MockServerOptions {
  /** Address to listen on. Default `'127.0.0.1'`: do not expose a mock server to the network. */
  host?: string;
  /** Port to listen on. Default 0: any free port, see {@link MockServer.port}. */
  port?: number;
  /**
   * What follows `SSH-2.0-` in the identification line. Default `'OpenSSH_9.9 mock'`, so that clients use OpenSSH's
   * extensions; with {@link MockServerOptions.windows} `'OpenSSH_for_Windows_7.7'`, or the version given there.
   */
  ident?: string;
  /** Private host keys (PEM or OpenSSH format). Default: one ed25519 key, generated once per process. */
  hostKeys?: (string | Buffer)[];
  /** Algorithms to offer, each list in order of preference. Default: ssh2's defaults. */
  algorithms?: MockAlgorithms;
  /** Who may log in. Default: `rpa` with the password `rpa` or with {@link MockServer.clientKey}. */
  users?: MockUser[];
  /** Number of failed login attempts that ends the connection, like sshd's MaxAuthTries. Default 6. */
  maxAuthTries?: number;
  /**
   * What commands do: a table by exact command, or one function for all. Commands not in the table, and the default:
   * `true`, `false`, `echo ...`, `cat`, `sleep SECONDS` and `exit N` work; others exit with 127.
   */
  exec?: Record<string, MockCommand | ExecHandler> | ExecHandler;
  /** The login shell, or `false` for none. Default: one that echoes and knows the default commands and `stty size`. */
  shell?: ((context: ShellContext) => unknown) | false;
  /** The files of the `sftp` subsystem: in memory (default), a real folder that clients cannot leave, or none. */
  sftp?: 'memory' | { root?: string } | false;
  /**
   * Whether the server keeps jobs (`startJob`, `runJob`), in memory; a job's command does what `exec` defines.
   * `false`: the scripts for jobs are ordinary commands, which a handler can run in a real shell. Default `true`.
   */
  jobs?: boolean;
  /** SFTP extensions to advertise and serve; see {@link SftpExtension}. Default: all but `statvfs@openssh.com`. */
  sftpExtensions?: SftpExtension[] | Partial<Record<SftpExtension, boolean>>;
  /** Sessions (commands, SFTP) that one connection may have open at once, like sshd's MaxSessions. Default 10. */
  maxSessions?: number;
  /**
   * TCP forwarding. `local`: connections through the server (`ssh -L`, jump hosts); `remote`: ports that the server
   * opens (`ssh -R`). `true` (default): really connect and listen; `'refuse'`: as if nothing listened there (local)
   * or the port were taken (remote); `false`: administratively prohibited.
   */
  forwarding?: { local?: boolean | 'refuse'; remote?: boolean | 'refuse' };
  /**
   * Unix sockets (`streamlocal-forward@openssh.com`, `direct-streamlocal@openssh.com`). `bindUnlink` is sshd's
   * StreamLocalBindUnlink: a new forward replaces an existing socket. Default `true`, without `bindUnlink`.
   */
  unixSockets?: boolean | { bindUnlink?: boolean };
  /** Behave like OpenSSH for Windows; `true` means 7.7, see {@link WindowsPersonality}. Default `false`. */
  windows?: boolean | WindowsPersonality;
  /** The notice shown before the login (sshd's `Banner`). Default: none. */
  loginBanner?: string;
  /** A line sent before the identification line. Default: none. */
  greeting?: string;
  /** What goes wrong, see {@link Faults}; {@link MockServer.setFaults} changes it later. Default: nothing. */
  faults?: Faults;
}

/** Lists of algorithm names. */
export interface MockAlgorithms {
  /** Key exchange methods. */
  kex?: string[];
  /** Host key and signature algorithms. */
  serverHostKey?: string[];
  /** Ciphers. */
  cipher?: string[];
  /** Message authentication codes. */
  hmac?: string[];
  /** Compression methods. */
  compress?: string[];
}

/** An account. Each login method given here works by itself, unless {@link MockUser.requires} demands several. */
export interface MockUser {
  /** The login name; case-insensitive with a Windows personality. */
  username: string;
  /** The password that logs this user in. */
  password?: string;
  /** Public keys that log this user in: OpenSSH lines (`ssh-ed25519 AAAA...`), PEM, or private keys. */
  publicKeys?: (string | Buffer)[];
  /** A dialogue that logs this user in: one answer per prompt. */
  keyboardInteractive?: { prompts: (string | { prompt: string; echo?: boolean })[]; answers: string[] };
  /** Methods that must all succeed, in this order (`AuthenticationMethods` of sshd), e.g. `['publickey', 'password']`. */
  requires?: MockAuthMethod[];
}

/** A login method. */
export type MockAuthMethod = 'publickey' | 'password' | 'keyboard-interactive';

/** What a command does, as data. */
export interface MockCommand {
  /** Its stdout. A string is sent as UTF-8, or in the code page of a Windows personality. */
  stdout?: string | Buffer;
  /** Its stderr, likewise. */
  stderr?: string | Buffer;
  /** Its exit code. Default 0. */
  exitCode?: number;
  /** The signal that ends it (`'TERM'`), instead of an exit code. */
  signal?: string;
  /** Milliseconds before it prints and ends. A signal from the client ends it sooner. */
  delayMs?: number;
  /** Echo stdin until its end, after `stdout`. Default `false`. */
  echoStdin?: boolean;
}

/**
 * Runs a command. Return (a promise of) a {@link MockCommand}, an exit code or a string for stdout, or return nothing
 * and use the {@link ExecContext}. If the handler throws, the command exits with 255.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler that returns nothing is the normal case
export type ExecHandler = (context: ExecContext) => ExecResult | void | Promise<ExecResult | void>;

/** What an {@link ExecHandler} may return. */
export type ExecResult = MockCommand | number | string | undefined;

/** A running command. A handler may destructure it: `({ command, exit }) => ...`. */
export interface ExecContext {
  /** The command line as the client sent it. */
  readonly command: string;
  /** The name of the logged-in user. */
  readonly username: string;
  /** The connection's number in the journal; see {@link MockServer.drop}. */
  readonly connection: number;
  /** Environment variables that the client sent. */
  readonly env: Record<string, string>;
  /** The pseudo-terminal that the client requested, if any. */
  readonly pty: MockPty | undefined;
  /** The client's input. */
  readonly stdin: Readable;
  /** The command's output. */
  readonly stdout: Writable;
  /** The command's error output. */
  readonly stderr: Writable;
  /** Aborts when the command has ended, its channel is closed, or the connection is lost. */
  readonly closed: AbortSignal;
  /** Calls `listener` with `TERM`, `KILL`, ... for each signal. Never with a Windows personality. */
  onSignal(listener: (signal: string) => void): void;
  /** Ends the command with an exit code once everything written has been sent. Only the first end counts. */
  exit(code: number): void;
  /** Ends the command as if killed by `signal` (without `SIG`). */
  kill(signal: string, options?: { coreDumped?: boolean; message?: string }): void;
  /** Closes the channel without an exit status. */
  close(): void;
  /** Runs the default for this command, for handlers that handle only some commands. */
  fallback(): void;
}

/** A pseudo-terminal request. */
export interface MockPty {
  /** For example `xterm`. */
  term: string;
  /** Height in lines. */
  rows: number;
  /** Width in characters. */
  cols: number;
}

/** An open shell; its `pty` follows the client's terminal. */
export interface ShellContext extends Omit<ExecContext, 'command'> {
  /** Calls `listener` when the client's terminal has changed size. */
  onResize(listener: (pty: MockPty) => void): void;
}

/** A version of OpenSSH for Windows whose behaviour differs from the one before. */
export type MockWindowsVersion = '7.7' | '8.1' | '8.6' | '9.5' | '9.8';

/**
 * Behaviour of OpenSSH for Windows: paths `/C:/...`, case-insensitive names, no signals, its own identification line,
 * and files as its sftp-server.exe serves them. A file open for writing cannot be opened for reading; an open file
 * cannot be renamed, replaced or removed unless all its users share that; a READ returns at most 100 KiB; a read-only
 * file cannot be written, replaced or removed; paths have at most 259 characters; realpath follows no links; writes
 * to `NUL` are discarded, trailing dots of a name are dropped, and `a:b` is a stream of `a`.
 */
export interface WindowsPersonality {
  /**
   * Before 8.6, a longer WRITE stores only 102,400 bytes and fails, `limits@openssh.com` is missing, and
   * `posix-rename` removes the target first. Default: that of `ident`, else `'7.7'`, the most unlike Linux.
   */
  version?: MockWindowsVersion;
  /**
   * The kind of account. A `'standard'` one cannot use WMI (CIM) in an SSH session, and so cannot start an
   * `interactive` job, nor can it create symbolic links. Default `'administrator'`.
   */
  account?: 'administrator' | 'standard';
  /** PowerShell's language mode. `'ConstrainedLanguage'` (AppLocker, WDAC) refuses scripts that need .NET. Default `'FullLanguage'`. */
  languageMode?: 'FullLanguage' | 'ConstrainedLanguage';
  /** The console's code page, for strings that commands print (949 on a Korean PC). Default 65001, UTF-8. */
  codePage?: number;
  /**
   * Whether `posix-rename` replaces a file atomically. `false`: the target is missing for a moment, is lost if the
   * rename then fails, and renaming a file to itself deletes it. Default: as in the version.
   */
  atomicRename?: boolean;
}

/** A running SSH server in this process. */
export interface MockServer extends AsyncDisposable {
  /** The address it listens on. */
  readonly host: string;
  /** The port it listens on. */
  readonly port: number;
  /** Its first host key. */
  readonly hostKey: MockHostKey;
  /** A key that the default user may log in with. */
  readonly clientKey: MockKeyPair;
  /** The default user's name, or the first user's. */
  readonly username: string;
  /** The default user's password, or the first user's. */
  readonly password: string | undefined;
  /** What clients did, oldest first; the last 50,000 entries. Contains no secrets. */
  readonly journal: readonly JournalEntry[];
  /** Number of open connections. */
  readonly connections: number;
  /** The files that clients see, for tests to read and write. */
  readonly files: MockFiles;
  /**
   * Simulates another program on a Windows PC that opens a file, for `ms` milliseconds (default: until the returned
   * function is called). `share` is what it lets others do meanwhile; default `['read', 'write']`, as most programs
   * do: the file can be read and written, but not renamed, replaced or removed. Throws if the file does not exist or
   * is open without sharing, and without a Windows personality.
   */
  hold(path: string, ms?: number, options?: { share?: MockShare[] }): () => void;
  /** Sets the faults of future connections, and counts `faults.skip` and `faults.connections` from zero again. */
  setFaults(faults: Faults | undefined): void;
  /**
   * Resolves with the first journal entry of this type, or for which the function returns true; existing entries
   * count. Rejects after `timeoutMs` milliseconds (default 5,000) or when the server is closed.
   */
  waitFor(
    what: JournalEntry['type'] | ((entry: JournalEntry) => boolean),
    options?: { timeoutMs?: number },
  ): Promise<JournalEntry>;
  /** Cuts every open connection: by FIN, by RST, or `'freeze'`, which leaves it open but silent. */
  dropAll(how: 'fin' | 'rst' | 'freeze'): void;
  /** Cuts one connection, by its number in the journal. */
  drop(connection: number, how: 'fin' | 'rst' | 'freeze'): void;
  /** Starts a key re-exchange on every logged-in connection; resolves when all are done or closed. */
  rekey(): Promise<void>;
  /** Stops listening and ends everything: sockets, timers, forwards. Idempotent, never rejects. */
  close(): Promise<void>;
}

/** A host key. */
export interface MockHostKey {
  /** `ssh-ed25519 AAAA...`, as in known_hosts. */
  publicKey: string;
  /** `SHA256:...`, as `ssh-keygen -l` prints it. */
  fingerprint: string;
}

/** A key pair. */
export interface MockKeyPair {
  /** OpenSSH private key format. */
  privateKey: string;
  /** One line, as in authorized_keys. */
  publicKey: string;
}
