import type { Duplex } from 'node:stream';
import type { Attempt, Phase, PhaseLimits, SshError } from '../errors/index.ts';
import type { Route } from '../route/route.ts';

/** Where to connect, as whom, and how long to keep trying. */
export interface ConnectOptions {
  /** Host name or address, as for `ssh user@host`. With a published port: the gateway's. */
  host: string;
  /** TCP port. With a published port: the customer's port on the gateway (9001, 9002, ...). Default 22. */
  port?: number | undefined;
  /** The account to log in as. */
  username: string;

  /** A private key in OpenSSH, PEM (PKCS#1, SEC1, PKCS#8) or PuTTY format (PPK 2, 3). Default: none. */
  privateKey?: string | Buffer | undefined;
  /** Path of a private key file, or several to try in order; `~` is the home folder. Not together with `privateKey`. */
  privateKeyPath?: string | readonly string[] | undefined;
  /** Passphrase of an encrypted private key. Default: none. */
  passphrase?: string | Buffer | undefined;
  /**
   * An OpenSSH user certificate for the private key or for a key in the agent: the content of its `-cert.pub` file.
   * Default: none.
   */
  certificate?: string | Buffer | undefined;
  /**
   * Path of such a certificate file, or several. Default: for each `privateKeyPath`, the same path with `-cert.pub`
   * appended, if that file exists. Not together with `certificate`.
   */
  certificatePath?: string | readonly string[] | undefined;
  /** Tried after the keys. Never appears in errors or logs. Default: none. */
  password?: string | undefined;
  /** The SSH agent: path of its socket or named pipe, `'pageant'`, or `true` for `$SSH_AUTH_SOCK`. Default: none. */
  agent?: string | true | undefined;
  /**
   * Which of the agent's keys to offer, in this order: one or more public keys (`ssh-ed25519 AAAA...`); `'*'` stands
   * for all others. A key's certificates in the agent are offered with it. sshd accepts only six attempts
   * (MaxAuthTries), so name the right key if the agent holds many. Default: `'*'`.
   */
  agentKeys?: string | readonly string[] | undefined;
  /**
   * Whether the agent's keys are tried before those of `privateKey` and `privateKeyPath`; of these, what the agent has as
   * well comes first of all. `fromSshConfig` sets it for key files that no IdentityFile names, as `ssh` does. Default
   * false.
   */
  agentFirst?: boolean | undefined;
  /**
   * Answers the server's prompts (RFC 4256). The time it takes does not count against `timeouts.auth`. Without it,
   * `password` also answers a single hidden prompt, such as sshd sends with PAM.
   */
  keyboardInteractive?: KeyboardInteractive | undefined;

  /** How the server's host key is checked. Default: `{ knownHosts: <OpenSSH's own files>, onUnknown: 'reject' }`. */
  hostKey?: HostKeyOption | undefined;
  /** Limit of each phase, in milliseconds. Each has its own default. */
  timeouts?: Timeouts | undefined;
  /** `false`: a single attempt. Default: ten attempts over about five minutes. */
  retry?: false | RetryOptions | undefined;
  /** `false` turns it off: a vanished peer is then never noticed. Default: noticed within two minutes. */
  keepalive?: false | KeepaliveOptions | undefined;
  /**
   * The route: `jumpHost(...)`, `proxyCommand(...)`, `httpProxy(...)`, ..., or a function that opens a byte stream.
   * Default: TCP.
   */
  via?: Via | undefined;
  /** Aborts at once, in any phase or wait; the promise rejects with `signal.reason`. Default: none. */
  signal?: AbortSignal | undefined;
  /** Which algorithms to offer, by kind. Default: modern ones only; no SHA-1, no CBC, no DSA. */
  algorithms?: Algorithms | undefined;
  /**
   * The server's MaxSessions, if known. Default: learned from refusals. The first guess is 10 for OpenSSH; for other
   * servers 1, and a second session is tried when none has ended for two seconds.
   */
  maxSessions?: number | undefined;
  /**
   * Receives the login notice (sshd's `Banner` option), escaped for display. Also those of jump hosts that do not set
   * this option; `hop` then names the jump host as errors do. Default: ignored.
   */
  onLoginBanner?: ((notice: string, hop?: string) => void) | undefined;
  /** Receives a record of each event; records contain no secrets. Default: none. */
  log?: Log | undefined;
}

/** How the byte stream to the server is opened. */
export type Via = Route | (() => Duplex | Promise<Duplex>);

/** One question of keyboard-interactive authentication. */
export interface Prompt {
  /** The server's text, escaped for display. */
  prompt: string;
  /** Whether the answer may be shown as it is typed. */
  echo: boolean;
}

/**
 * Answers the server's prompts (RFC 4256), one answer for each. `signal` aborts when the answers are no longer
 * needed.
 */
export type KeyboardInteractive = (
  prompts: readonly Prompt[],
  info: { name: string; instructions: string; signal: AbortSignal },
) => readonly string[] | Promise<readonly string[]>;

/** What `hostKey.verify` gets with the key. */
export interface HostKeyInfo {
  /** The host, as given in the options. */
  host: string;
  /** Its port. */
  port: number;
  /** For example `ssh-ed25519`. */
  keyType: string;
  /** `SHA256:...`, as `ssh-keygen -l` prints it. */
  fingerprint: string;
  /** Aborts when the answer is no longer needed. */
  signal: AbortSignal;
}

/** How the server's host key is checked. */
export type HostKeyOption =
  | KnownHostsOption
  /** One or more fingerprints, `SHA256:...`. */
  | { fingerprint: string | readonly string[] }
  /** One or more public keys, `ssh-ed25519 AAAA...`. */
  | { key: string | readonly string[] }
  | AuthorityOption
  /** Only `true` (or a promise of it) accepts. */
  | { verify: (key: Buffer, info: HostKeyInfo) => boolean | Promise<boolean> }
  /** No check: anyone on the path can read and change everything. */
  | 'insecure-accept-any';

/** The server must present an OpenSSH host certificate (`ssh-keygen -s CA -h`). */
export interface AuthorityOption {
  /** The authorities that are trusted: one or more public keys, `ssh-ed25519 AAAA...`. */
  authority: string | readonly string[];
  /**
   * The certificate must contain one of these names. A certificate without names is valid for any host. Default:
   * `host`.
   */
  principals?: string | readonly string[] | undefined;
}

/** Host keys from known_hosts files. */
export interface KnownHostsOption {
  /** Files in OpenSSH's format; new keys go into the first. Default: OpenSSH's own, the user's and the system's. */
  knownHosts?: string | readonly string[] | undefined;
  /**
   * OpenSSH's HostKeyAlias: the name to look up instead of host and port. Pins a customer rather than a port, so that
   * a reused port cannot lead to another customer's PC. Default: none.
   */
  alias?: string | undefined;
  /** `'accept-new'` records the key of a host that has none. A changed key is always refused. Default `'reject'`. */
  onUnknown?: 'reject' | 'accept-new' | undefined;
  /**
   * OpenSSH's HashKnownHosts: record host names as hashes, so that a stolen file does not reveal the customers.
   * Default false.
   */
  hash?: boolean | undefined;
  /**
   * OpenSSH's UpdateHostKeys, off by default here: after the login, a server whose key is on record under its own
   * name may announce further keys. Those it proves to hold are recorded, and those it no longer has are removed, so
   * that its keys can be rotated. `true`: in all of `knownHosts` except the system's files; or a list of the files to
   * change. Logged as `host-keys-updated`. Default false.
   */
  update?: boolean | readonly string[] | undefined;
}

/** Time limits in milliseconds; those of phases apply to each attempt. `Infinity` turns one off. */
export interface Timeouts extends PhaseLimits {
  /** Milliseconds until the server answers a request to open a channel. Default 30,000. Error: `ChannelTimeout`. */
  channel?: number | undefined;
  /**
   * Milliseconds for all attempts and waits of `connectViaGateway` together. Default: no limit. Error:
   * `TotalTimeout`.
   */
  total?: number | undefined;
}

/** How a dead peer is noticed. */
export interface KeepaliveOptions {
  /** OpenSSH's ServerAliveInterval, in milliseconds. Default 30,000. */
  interval?: number | undefined;
  /** OpenSSH's ServerAliveCountMax. Default 3. A dead peer is noticed within interval x (countMax + 1) milliseconds. */
  countMax?: number | undefined;
}

/** When and how often to try again. */
export interface RetryOptions {
  /** Attempts in total, including the first. Default 10. `Infinity` never gives up. */
  attempts?: number | undefined;
  /** Milliseconds before the second attempt. Default 2,000. */
  minDelay?: number | undefined;
  /** Each wait is this many times the previous one. Default 2. */
  factor?: number | undefined;
  /** Longest wait in milliseconds, except after a `BannerTimeout` (`quiet`). Default 60,000. */
  maxDelay?: number | undefined;
  /** Random part of each wait, 0 to 1, so that many workers do not connect in step. Default 0.1. */
  jitter?: number | undefined;
  /**
   * Milliseconds to wait after a `BannerTimeout`; doubles with each consecutive one, up to 16 times this value. sshd
   * probes a silent session only while it is idle, and each connection to its port counts as activity: retries more
   * frequent than ClientAliveInterval keep a zombie alive. Default 45,000.
   */
  quiet?: number | undefined;
  /** `true`: retry; `false`: give up; `undefined`: the default, `error.retryable`. */
  shouldRetry?:
    | ((error: SshError, state: RetryState) => boolean | undefined | Promise<boolean | undefined>)
    | undefined;
  /** Called before each wait. */
  onRetry?: ((error: SshError, state: RetryState) => void) | undefined;
}

/** The state of the attempts so far. */
export interface RetryState {
  /** The attempt that failed, from 1. */
  readonly attempt: number;
  /** `retry.attempts`. */
  readonly attempts: number;
  /** Milliseconds until the next attempt, if there is one. */
  readonly wait: number;
  /** Milliseconds since the call. */
  readonly elapsedMs: number;
  /** Every failed attempt, including this one. */
  readonly history: readonly Attempt[];
}

/**
 * For each kind, an exact list in order of preference, or changes to the default list. Only what the runtime supports
 * is offered.
 */
export interface Algorithms {
  /** Key exchange methods. */
  kex?: readonly string[] | AlgorithmChanges | undefined;
  /** Host key algorithms. */
  serverHostKey?: readonly string[] | AlgorithmChanges | undefined;
  /** Ciphers. */
  cipher?: readonly string[] | AlgorithmChanges | undefined;
  /** Message authentication codes; ciphers such as AES-GCM need none. */
  hmac?: readonly string[] | AlgorithmChanges | undefined;
  /** Compression methods. */
  compress?: readonly string[] | AlgorithmChanges | undefined;
  /** Signature algorithms for logging in with keys, as OpenSSH's PubkeyAcceptedAlgorithms. */
  publicKey?: readonly string[] | AlgorithmChanges | undefined;
}

/** Names, or patterns with `*` and `?`, like `+`, `^` and `-` in ssh_config. */
export interface AlgorithmChanges {
  /** Offered after the default list. */
  append?: string | readonly string[] | undefined;
  /** Offered before the default list. */
  prepend?: string | readonly string[] | undefined;
  /** Not offered. */
  remove?: string | readonly string[] | undefined;
}

/** Receives the log records of a connection. */
export type Log = (record: LogRecord) => void;

/** One event. Contains no secrets; text from the server is escaped. */
export interface LogRecord {
  /** Its severity. */
  level: 'debug' | 'info' | 'warn';
  /** Stable name, for example `attempt-failed`. */
  event: string;
  message: string;
  /** The server, as given in the options. */
  host: string;
  /** The server's port. */
  port: number;
  /** The hop of the route; absent for the server itself. */
  hop?: string | undefined;
  /** The phase it belongs to. */
  phase?: Phase | undefined;
  /** The attempt, from 1. */
  attempt?: number | undefined;
  /** Milliseconds that it took. */
  durationMs?: number | undefined;
  /** `code` of the error. */
  code?: string | undefined;
}
