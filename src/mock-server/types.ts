import type { Readable, Writable } from 'node:stream';
import type { Faults } from './faults/fault-types.ts';
import type { JournalEntry } from './journal.ts';

/** Options of {@link startMockServer}. Everything has a default: `await startMockServer()` is a working SSH server. */
export interface MockServerOptions {
  /** The address to listen on. Default `'127.0.0.1'`: a mock server is not for the network. */
  host?: string;
  /** The port to listen on. Default 0: a free one, see {@link MockServer.port}. */
  port?: number;
  /**
   * What follows `SSH-2.0-` in the identification line. Default `'OpenSSH_9.9 mock'`, so that clients use OpenSSH's
   * extensions; with {@link MockServerOptions.windows} `'OpenSSH_for_Windows_7.7'`, or the version that it names.
   */
  ident?: string;
  /** Private host keys (PEM or OpenSSH format). Default: one ed25519 key, made once for each process. */
  hostKeys?: (string | Buffer)[];
  /** The algorithms that the server offers, each list in order of preference. Default: ssh2's defaults. */
  algorithms?: MockAlgorithms;
  /** Who may log in. Default: `rpa` with the password `rpa` or with {@link MockServer.clientKey}. */
  users?: MockUser[];
  /** How many failed attempts to log in end the connection, as MaxAuthTries of sshd does. Default 6. */
  maxAuthTries?: number;
  /**
   * What commands do: by the exact command, or one function for all. What the table does not name goes to the default,
   * which knows `true`, `false`, `echo ...`, `cat`, `sleep SECONDS` and `exit N`, and ends with 127 for the rest.
   */
  exec?: Record<string, MockCommand | ExecHandler> | ExecHandler;
  /** The login shell: a function, or none. Default: one that echoes and knows the default commands and `stty size`. */
  shell?: ((context: ShellContext) => unknown) | false;
  /** The files behind the `sftp` subsystem: in memory (default), a real folder that clients cannot leave, or none. */
  sftp?: 'memory' | { root?: string } | false;
  /**
   * Whether the server keeps jobs (`startJob`, `runJob`), in memory: a job's command does what `exec` says of it.
   * `false`: the scripts that start and watch jobs are commands like any other; a handler can run them in a real
   * shell. Default `true`.
   */
  jobs?: boolean;
  /** SFTP extensions to advertise and serve; see {@link SftpExtension}. Default: all but `statvfs@openssh.com`. */
  sftpExtensions?: SftpExtension[] | Partial<Record<SftpExtension, boolean>>;
  /** Sessions (commands, SFTP) that one connection may have open at once, as sshd's MaxSessions. Default 10. */
  maxSessions?: number;
  /**
   * TCP forwarding. `local`: what clients reach through the server (`ssh -L`, jump hosts); `remote`: ports that the
   * server opens for them (`ssh -R`). `true` (default): really connect and listen; `'refuse'`: as when nothing
   * listens there (local), or the port is taken (remote); `false`: administratively prohibited.
   */
  forwarding?: { local?: boolean | 'refuse'; remote?: boolean | 'refuse' };
  /**
   * Unix sockets (`streamlocal-forward@openssh.com`, `direct-streamlocal@openssh.com`). `bindUnlink` is sshd's
   * StreamLocalBindUnlink: a new forward takes over an existing path. Default `true`, without `bindUnlink`.
   */
  unixSockets?: boolean | { bindUnlink?: boolean };
  /** Behave like OpenSSH for Windows, `true`: 7.7; see {@link WindowsPersonality}. Default `false`. */
  windows?: boolean | WindowsPersonality;
  /** A notice shown before the login (ssh2 calls it `banner`). Default: none. */
  loginBanner?: string;
  /** A line sent before the identification line. Default: none. */
  greeting?: string;
  /** What goes wrong; see {@link Faults}. Default: nothing. Can be changed later by {@link MockServer.setFaults}. */
  faults?: Faults;
}

/** Lists of algorithm names, as ssh2 spells them. */
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

/** An account on a mock server. Every way to log in that is given here works; {@link MockUser.requires} wants several. */
export interface MockUser {
  /** The login name; without regard to case on a Windows personality. */
  username: string;
  /** The password that logs this user in. */
  password?: string;
  /** Public keys that log this user in: OpenSSH lines (`ssh-ed25519 AAAA...`), PEM, or private keys. */
  publicKeys?: (string | Buffer)[];
  /** A dialogue that logs this user in: one answer for each prompt. */
  keyboardInteractive?: { prompts: (string | { prompt: string; echo?: boolean })[]; answers: string[] };
  /** Methods that must all succeed, in this order (`AuthenticationMethods` of sshd), e.g. `['publickey', 'password']`. */
  requires?: MockAuthMethod[];
}

/** A way to log in. */
export type MockAuthMethod = 'publickey' | 'password' | 'keyboard-interactive';

/** What a command does, as data. */
export interface MockCommand {
  /** What the command prints. A string is sent as UTF-8, or in the code page of a Windows personality. */
  stdout?: string | Buffer;
  /** What the command prints to its error stream. */
  stderr?: string | Buffer;
  /** Its exit code. Default 0. */
  exitCode?: number;
  /** End by this signal (`'TERM'`) instead of an exit code. */
  signal?: string;
  /** How long the command runs before it prints and ends, in milliseconds. A signal from the client ends it sooner. */
  delayMs?: number;
  /** Print stdin back until its end (after `stdout`). Default `false`. */
  echoStdin?: boolean;
}

/**
 * Does what a command should do. Return (a promise of) a {@link MockCommand}, an exit code or a text for stdout, or
 * return nothing and use the {@link ExecContext}. A handler that throws ends the command with exit code 255.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler that returns nothing is the normal case
export type ExecHandler = (context: ExecContext) => ExecResult | void | Promise<ExecResult | void>;

/** What an {@link ExecHandler} may return. */
export type ExecResult = MockCommand | number | string | undefined;

/** One running command. A handler may take it apart: `({ command, exit }) => ...`. */
export interface ExecContext {
  /** The command line as the client sent it. */
  readonly command: string;
  /** The name of the user who is logged in. */
  readonly username: string;
  /** Which connection this is: the number in the journal; see {@link MockServer.drop}. */
  readonly connection: number;
  /** Environment variables that the client sent. */
  readonly env: Record<string, string>;
  /** The terminal that the client asked for. */
  readonly pty: MockPty | undefined;
  /** What the client writes. */
  readonly stdin: Readable;
  /** What the client reads. */
  readonly stdout: Writable;
  /** What the client reads as error output. */
  readonly stderr: Writable;
  /** Aborted when the command has ended, its channel was closed, or the connection was lost. */
  readonly closed: AbortSignal;
  /** Calls `listener` with `TERM`, `KILL`, ... for each signal. Windows personalities have none. */
  onSignal(listener: (signal: string) => void): void;
  /** Ends the command with an exit code after everything that was written. Only the first end counts. */
  exit(code: number): void;
  /** Ends the command as if killed by `signal` (without `SIG`). */
  kill(signal: string, options?: { coreDumped?: boolean; message?: string }): void;
  /** Closes the channel without a word about how the command ended. */
  close(): void;
  /** Does what this command would have done without a handler; for handlers that only care for some commands. */
  fallback(): void;
}

/** A pseudo-terminal request. */
export interface MockPty {
  /** For example `xterm`. */
  term: string;
  /** Height in characters. */
  rows: number;
  /** Width in characters. */
  cols: number;
}

/** One open shell; its `pty` follows the client's terminal. */
export interface ShellContext extends Omit<ExecContext, 'command'> {
  /** Calls `listener` when the client's terminal has changed its size. */
  onResize(listener: (pty: MockPty) => void): void;
}

/** An SFTP extension that the mock can serve. */
export type SftpExtension =
  | 'posix-rename@openssh.com'
  | 'statvfs@openssh.com'
  | 'hardlink@openssh.com'
  | 'fsync@openssh.com'
  | 'lsetstat@openssh.com'
  | 'limits@openssh.com'
  | 'expand-path@openssh.com'
  | 'copy-data';

/** A version of OpenSSH for Windows that differs from the one before it. */
export type MockWindowsVersion = '7.7' | '8.1' | '8.6' | '9.5' | '9.8';

/**
 * How an OpenSSH for Windows behaves: paths `/C:/...`, names without regard to case, no signals, its own ident, and
 * files as its sftp-server.exe serves them. A file that is open for writing is open to nobody else for reading; one that
 * is open anywhere is not renamed, replaced or removed unless all share that; a READ is answered with 100 KiB at most; a
 * read-only file is neither written, replaced nor removed; paths have at most 259 characters; a real path follows no
 * link; what is written to `NUL` is gone, dots at the end of a name are dropped, and `a:b` is a stream of `a`.
 */
export interface WindowsPersonality {
  /**
   * Below 8.6 a WRITE stores 102,400 bytes at most and there is no `limits@openssh.com`; `posix-rename` removes the
   * target first. Default: that of `ident`, else `'7.7'`, which is most at odds with Linux.
   */
  version?: MockWindowsVersion;
  /**
   * Who logs in. A `'standard'` account may not use WMI (CIM) in an SSH session, and so starts no `interactive` job, nor
   * make symbolic links. Default `'administrator'`.
   */
  account?: 'administrator' | 'standard';
  /** PowerShell's language mode. `'ConstrainedLanguage'` (AppLocker, WDAC) refuses scripts that need .NET. Default `'FullLanguage'`. */
  languageMode?: 'FullLanguage' | 'ConstrainedLanguage';
  /** The console's code page, used for strings that commands print (949 on a Korean PC). Default 65001, UTF-8. */
  codePage?: number;
  /**
   * Whether `posix-rename` replaces a file in one step. `false`: the target is absent for a moment, a rename that fails
   * then has lost it, and a rename of a file onto itself deletes it. Default: as the version does.
   */
  atomicRename?: boolean;
}

/** What a program lets others do with a file while it has it open: `FILE_SHARE_READ` and so on. */
export type MockShare = 'read' | 'write' | 'delete';

/** A running SSH server in this process. */
export interface MockServer extends AsyncDisposable {
  /** The address that it listens on. */
  readonly host: string;
  /** The port that it listens on. */
  readonly port: number;
  /** Its first host key. */
  readonly hostKey: MockHostKey;
  /** A key that the default user may log in with. */
  readonly clientKey: MockKeyPair;
  /** The default user's name, or the first user's. */
  readonly username: string;
  /** The default user's password, or the first user's. */
  readonly password: string | undefined;
  /** What clients did, oldest first; the last 50,000 entries. Never holds a secret. */
  readonly journal: readonly JournalEntry[];
  /** How many connections are open. */
  readonly connections: number;
  /** The files that clients see, for the test's own reading and writing. */
  readonly files: MockFiles;
  /**
   * Another program on a Windows PC opens a file, for `ms` milliseconds (default: until the result is called). `share`
   * is what it lets others do meanwhile, default `['read', 'write']`, as most programs: the file can be read and written
   * but not renamed, replaced or removed. Throws when the file is not there, when somebody has it open in a way that
   * does not allow this, and without a Windows personality.
   */
  hold(path: string, ms?: number, options?: { share?: MockShare[] }): () => void;
  /** Changes what goes wrong, for connections that come from now on. Starts `faults.skip` and `faults.connections` anew. */
  setFaults(faults: Faults | undefined): void;
  /**
   * Resolves with the next journal entry (those already there count as well) of this type, or that fits the function.
   * Rejects after `timeoutMs` (default 5,000 ms) or when the server is closed.
   */
  waitFor(
    what: JournalEntry['type'] | ((entry: JournalEntry) => boolean),
    options?: { timeoutMs?: number },
  ): Promise<JournalEntry>;
  /** Cuts every open connection: by FIN, by RST, or so that it stays open and silent for ever. */
  dropAll(how: 'fin' | 'rst' | 'freeze'): void;
  /** Cuts one connection, by its number in the journal. */
  drop(connection: number, how: 'fin' | 'rst' | 'freeze'): void;
  /** Starts a key re-exchange on every connection that is logged in; resolves when all are done or gone. */
  rekey(): Promise<void>;
  /** Stops listening and ends everything: sockets, timers, forwards. Idempotent, never rejects. */
  close(): Promise<void>;
}

/** A host key. */
export interface MockHostKey {
  /** `ssh-ed25519 AAAA...`: as it stands in known_hosts. */
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

/** The files behind a mock server's SFTP, for tests: all calls are synchronous, paths are as clients write them. */
export interface MockFiles {
  /** A file's content. Throws when there is none. */
  read(path: string): Buffer;
  /** A file's content as UTF-8. Throws when there is none. */
  text(path: string): string;
  /** Makes or replaces a file, with the folders above it. `mode` default 0o644, `mtime` in seconds. */
  write(path: string, content: string | Buffer, attributes?: { mode?: number; mtime?: number }): void;
  /** Makes a folder, with those above it. */
  mkdir(path: string): void;
  /** Makes a symbolic link. */
  symlink(target: string, path: string): void;
  /** Whether something is there (links are not followed). */
  has(path: string): boolean;
  /** Removes a file, a link or a whole folder; nothing happens when it is not there. */
  remove(path: string): void;
  /** The paths of all files and links below `path` (default: everything), sorted. */
  list(path?: string): string[];
  /** Type, size, permission bits and modification time (seconds); links are not followed. Throws when nothing is there. */
  stat(path: string): { type: 'file' | 'directory' | 'symlink'; size: number; mode: number; mtime: number };
}
