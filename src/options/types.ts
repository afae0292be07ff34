import type { Duplex } from 'node:stream';
import type { Attempt, Phase, PhaseLimits, SshError } from '../errors/index.ts';
import type { Route } from '../route/route.ts';

/** Everything that says where to connect, as whom, and how patient to be. */
export interface ConnectOptions {
  /** The name or address that `ssh user@host` would take. With a published port: the gateway. */
  host: string;
  /** The TCP port; with a published port, the customer's on the gateway (9001, 9002, ...). Default 22. */
  port?: number | undefined;
  /** The account to log in as. */
  username: string;

  /** A private key, OpenSSH, PEM (PKCS#1, SEC1, PKCS#8) or PuTTY's PPK (versions 2, 3). Default: none. */
  privateKey?: string | Buffer | undefined;
  /** A file with a private key, or several to try in turn; `~` is the home folder. Not together with `privateKey`. */
  privateKeyPath?: string | readonly string[] | undefined;
  /** For an encrypted private key. Default: none. */
  passphrase?: string | Buffer | undefined;
  /**
   * An OpenSSH user certificate for the private key, or for one that the agent has: the text of its `-cert.pub` file.
   * Default: none.
   */
  certificate?: string | Buffer | undefined;
  /**
   * A file with such a certificate, or several. Default: the file beside each `privateKeyPath` that is called like it
   * with `-cert.pub` at the end, if there is one. Not together with `certificate`.
   */
  certificatePath?: string | readonly string[] | undefined;
  /** Tried after keys. Never shown in errors or logs. Default: none. */
  password?: string | undefined;
  /** Path of an SSH agent's socket or named pipe, `'pageant'`, or `true` for `$SSH_AUTH_SOCK`. Default: none. */
  agent?: string | true | undefined;
  /**
   * The keys of the agent to show, in this order: public keys (`ssh-ed25519 AAAA...`), one or several; `'*'` stands for
   * all that are not named. A key's certificates in the agent come with it. sshd looks at six keys (MaxAuthTries): name
   * the right one where an agent holds many. Default: `'*'`.
   */
  agentKeys?: string | readonly string[] | undefined;
  /**
   * Answers a server's prompts (RFC 4256). Its thinking time does not count against `timeouts.auth`. Without it,
   * `password` also answers a single hidden prompt, as sshd with PAM asks it.
   */
  keyboardInteractive?: KeyboardInteractive | undefined;

  /** How the server's host key is checked. Default: `{ knownHosts: <OpenSSH's own files>, onUnknown: 'reject' }`. */
  hostKey?: HostKeyOption | undefined;
  /** Limits of each phase, in milliseconds. Each has a default of its own. */
  timeouts?: Timeouts | undefined;
  /** `false` for one attempt only. Default: ten attempts within about five minutes. */
  retry?: false | RetryOptions | undefined;
  /** `false` turns it off: then a vanished peer is never noticed. Default: noticed within two minutes. */
  keepalive?: false | KeepaliveOptions | undefined;
  /** The route: `jumpHost(...)`, `proxyCommand(...)`, or a function that opens a byte stream. Default: TCP. */
  via?: Via | undefined;
  /** Stops at once in any phase or wait; the promise rejects with `signal.reason`. */
  signal?: AbortSignal | undefined;
  /** What to offer, each kind for itself. Default: modern ones only; no SHA-1, no CBC, no DSA. */
  algorithms?: Algorithms | undefined;
  /**
   * The server's MaxSessions, if known. Default: learnt from its refusals, starting at OpenSSH's 10; on a server of
   * another make starting at 1, with a second one tried when nothing has ended for two seconds.
   */
  maxSessions?: number | undefined;
  /**
   * Receives the login notice (OpenSSH's `Banner` option), escaped for display; that of a jump host which has none of
   * its own with the name that errors give in `hop`. Default: nobody does.
   */
  onLoginBanner?: ((notice: string, hop?: string) => void) | undefined;
  /** Receives what happens, as records without secrets. Default: nobody does. */
  log?: Log | undefined;
}

/** How the byte stream to the server is made. */
export type Via = Route | (() => Duplex | Promise<Duplex>);

/** One question of keyboard-interactive authentication. */
export interface Prompt {
  /** The server's text, escaped for display. */
  prompt: string;
  /** Whether the answer may be shown while it is typed. */
  echo: boolean;
}

/** Answers a server's questions (RFC 4256); thinking time does not count against `timeouts.auth`. */
export type KeyboardInteractive = (
  prompts: readonly Prompt[],
  info: { name: string; instructions: string; signal: AbortSignal },
) => readonly string[] | Promise<readonly string[]>;

/** What `hostKey.verify` is told beside the key. */
export interface HostKeyInfo {
  /** The host that the key is for. */
  host: string;
  /** Its port. */
  port: number;
  /** For example `ssh-ed25519`. */
  keyType: string;
  /** `SHA256:...`, as `ssh-keygen -l` prints it. */
  fingerprint: string;
  /** Aborts when the answer is of no use any more. */
  signal: AbortSignal;
}

/** How the server's host key is judged. */
export type HostKeyOption =
  | KnownHostsOption
  /** One fingerprint or several, `SHA256:...`. */
  | { fingerprint: string | readonly string[] }
  /** The key itself, `ssh-ed25519 AAAA...`, or several. */
  | { key: string | readonly string[] }
  | AuthorityOption
  /** Only `true` (or a promise of it) accepts. */
  | { verify: (key: Buffer, info: HostKeyInfo) => boolean | Promise<boolean> }
  /** No check at all: anybody on the way can read and change everything. */
  | 'insecure-accept-any';

/** The server must show an OpenSSH host certificate (`ssh-keygen -s CA -h`). */
export interface AuthorityOption {
  /** Who may have signed it: the public key `ssh-ed25519 AAAA...`, or several. */
  authority: string | readonly string[];
  /** Names of which the certificate must carry one. Default: `host`. A certificate without names is for any host. */
  principals?: string | readonly string[] | undefined;
}

/** Host keys by known_hosts files. */
export interface KnownHostsOption {
  /** Files in OpenSSH's format. Default: `~/.ssh/known_hosts` and the system's. The first takes new keys. */
  knownHosts?: string | readonly string[] | undefined;
  /**
   * OpenSSH's HostKeyAlias: look the key up under this name instead of host and port. Pins a customer rather than a
   * port, so that a re-used port can never be another customer's PC.
   */
  alias?: string | undefined;
  /** `'accept-new'` records the key of a host that has none; a changed key is always refused. Default `'reject'`. */
  onUnknown?: 'reject' | 'accept-new' | undefined;
  /**
   * OpenSSH's HashKnownHosts: what `'accept-new'` records hides the name behind a hash, so that a stolen file tells
   * nobody which customers there are. Default false.
   */
  hash?: boolean | undefined;
  /**
   * OpenSSH's UpdateHostKeys, opt-in here: after the login, a server whose key was on record under its own name may prove
   * further keys, which are recorded, and keys that it has no more are removed. So it can be given new host keys
   * without anybody noticing. `true`: in all of `knownHosts` but the system's files; or the files that may be changed. Told as
   * `host-keys-updated` to `log`. Default false.
   */
  update?: boolean | readonly string[] | undefined;
}

/** Milliseconds; each phase of each attempt has its own. `Infinity` turns one off. */
export interface Timeouts extends PhaseLimits {
  /** Milliseconds for the server's answer to a request for a channel. Default 30,000. Error: `ChannelTimeout`. */
  channel?: number | undefined;
  /** Milliseconds for all attempts and waits of `connectViaGateway` together. Default: none. Error: `TotalTimeout`. */
  total?: number | undefined;
}

/** How a dead peer is noticed. */
export interface KeepaliveOptions {
  /** OpenSSH's ServerAliveInterval, in milliseconds. Default 30,000. */
  interval?: number | undefined;
  /** OpenSSH's ServerAliveCountMax. Default 3. A dead peer is noticed within interval x (countMax + 1). */
  countMax?: number | undefined;
}

/** When and how often a connection is tried again. */
export interface RetryOptions {
  /** Tries in all, the first included. Default 10. `Infinity` never gives up. */
  attempts?: number | undefined;
  /** Milliseconds before the second attempt. Default 2,000. */
  minDelay?: number | undefined;
  /** Each wait is this many times the one before. Default 2. */
  factor?: number | undefined;
  /** Milliseconds; the longest wait between attempts that touch no zombie. Default 60,000. */
  maxDelay?: number | undefined;
  /** Part of a wait that is random, 0 to 1, so that a fleet does not knock in step. Default 0.1. */
  jitter?: number | undefined;
  /**
   * Milliseconds without a connect after a `BannerTimeout`, doubling with each such verdict in a row (at most 16
   * times). OpenSSH's sshd probes a silent session only while nothing happens on it, and each connect to its port
   * is something: retries faster than ClientAliveInterval keep a zombie alive. Default 45,000.
   */
  quiet?: number | undefined;
  /** `true`: retry; `false`: give up; `undefined`: the default rule, `error.retryable`. */
  shouldRetry?:
    | ((error: SshError, state: RetryState) => boolean | undefined | Promise<boolean | undefined>)
    | undefined;
  /** Told before each wait. */
  onRetry?: ((error: SshError, state: RetryState) => void) | undefined;
}

/** Where the attempts stand. */
export interface RetryState {
  /** The attempt that failed, from 1. */
  readonly attempt: number;
  /** `retry.attempts`. */
  readonly attempts: number;
  /** Milliseconds until the next attempt, if there is one. */
  readonly wait: number;
  /** Milliseconds since the call. */
  readonly elapsedMs: number;
  /** Every failed attempt so far, this one last. */
  readonly history: readonly Attempt[];
}

/** Each kind: an exact list, most wanted first, or changes to the default one. Only what this runtime has is offered. */
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
  /** With which keys and signatures to log in: OpenSSH's PubkeyAcceptedAlgorithms. */
  publicKey?: readonly string[] | AlgorithmChanges | undefined;
}

/** Names, or patterns with `*` and `?`. As ssh2's, and as `+`, `^` and `-` in ssh_config. */
export interface AlgorithmChanges {
  /** To be offered last. */
  append?: string | readonly string[] | undefined;
  /** To be offered first. */
  prepend?: string | readonly string[] | undefined;
  /** Not to be offered. */
  remove?: string | readonly string[] | undefined;
}

/** Takes what a connection has to say while it is made. */
export type Log = (record: LogRecord) => void;

/** One thing that happened. Contains no secrets; text from a server is escaped. */
export interface LogRecord {
  /** How much it matters. */
  level: 'debug' | 'info' | 'warn';
  /** Stable name, for example `attempt-failed`. */
  event: string;
  message: string;
  /** The server, as it was given in the options. */
  host: string;
  /** The server's port. */
  port: number;
  /** Which hop of the route it is about; absent for the server itself. */
  hop?: string | undefined;
  /** The part of the work that it is about. */
  phase?: Phase | undefined;
  /** From 1. */
  attempt?: number | undefined;
  /** Milliseconds. */
  durationMs?: number | undefined;
  /** `error.code`. */
  code?: string | undefined;
}
