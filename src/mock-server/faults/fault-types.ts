/**
 * What goes wrong on a mock server: plain data, one part per phase of a connection, freely combined. A connection
 * gets the faults that are set when it is accepted.
 */
export interface Faults {
  /** Only the first n connections (after `skip`) get these faults; later ones work normally. Default: all. */
  connections?: number;
  /** The first n connections work normally. Default 0. */
  skip?: number;
  /** Faults of the identification line. */
  banner?: BannerFault;
  /** Cut the connection after exactly n bytes in one direction. */
  cut?: CutFault;
  /** The connection stays open but silent in both directions, as if a cable were pulled. */
  freeze?: FaultMoment;
  /** Faults of the key exchange. */
  handshake?: HandshakeFaults;
  /** Faults of the login. */
  auth?: AuthFaults;
  /** Faults of channels that the client opens. */
  channel?: ChannelFaults;
  /** `'ignore'`: never answer the client's keepalive requests. */
  keepalive?: 'ignore';
  /** Faults of commands. */
  exec?: ExecFaults;
  /** Faults of jobs (`startJob`, `runJob`). */
  job?: JobFaults;
  /**
   * Flow control. `'dropped'`: the server never extends the window, so uploads stop after 2 MiB per channel;
   * `'exceeded'`: the server ignores the client's window when it sends.
   */
  window?: 'dropped' | 'exceeded';
  /** The server sends SSH_MSG_DISCONNECT and closes. */
  disconnect?: DisconnectFault;
  /** A slow line: bytes per second in each direction. */
  throttle?: { bytesPerSecond: number };
  /** Milliseconds by which every byte is delayed, in each direction: a round trip takes twice this longer. */
  latencyMs?: number;
  /** Faults of the SFTP server. */
  sftp?: SftpFaults;
}

/**
 * - `'mute'`: accepted, then silence (a zombie tunnel);
 * - `delayMs`: the line comes late;
 * - `splitBytes`: the line comes in pieces, `intervalMs` apart;
 * - `garbage`: something else instead of the line, then silence, or the end of the connection (`thenClose`);
 * - `close`: closed before the line (a tunnel whose sshd is down), at once or after `afterMs`;
 * - `preLines`: lines before the identification line;
 * - `endless`: endless lines before it.
 */
export type BannerFault =
  | 'mute'
  | { delayMs: number }
  | { splitBytes: number; intervalMs: number }
  | { garbage: string | Buffer; thenClose?: boolean }
  | { close: CloseHow; afterMs?: number }
  | { preLines: string[] }
  | { endless: true };

/** How a connection ends: FIN or RST. */
export type CloseHow = 'fin' | 'rst';

/** How a connection is cut; `'freeze'`: it stays open, but nothing passes any more. */
export type CutHow = CloseHow | 'freeze';

/**
 * Counts the raw bytes of the connection: exactly `atByte` of them pass in that direction, however they are
 * segmented. What the server answers in the same tick still passes; after that, nothing does in either direction.
 */
export interface CutFault {
  /** The direction whose bytes are counted. */
  direction: 'toClient' | 'toServer';
  /** Bytes in that direction that still pass. */
  atByte: number;
  /** How the connection is cut there. */
  how: CutHow;
}

/**
 * A step of a connection: TCP accepted, identification line received, keys exchanged, first login attempt, logged in,
 * first channel opened, first command started, first SFTP request.
 */
export type FaultPhase = 'accept' | 'ident' | 'kex' | 'auth' | 'ready' | 'channel' | 'exec' | 'sftp';

/** When a fault strikes: at a step, or some time after it. */
export interface FaultMoment {
  /** Default: `'accept'`. */
  phase?: FaultPhase;
  /** Milliseconds after the step. Default 0. */
  afterMs?: number;
}

/** Faults of the key exchange. */
export interface HandshakeFaults {
  /** Close after the identification lines, before keys are exchanged (MaxStartups, bans). */
  closeInKex?: CloseHow;
  /** Fall silent after the identification lines. */
  hang?: boolean;
  /** A re-key presents another host key: start one with `server.rekey()`. */
  hostKeyChangesAtRekey?: boolean;
}

/** Faults of the login. */
export interface AuthFaults {
  /** Milliseconds by which every answer is delayed. */
  delayMs?: number;
  /** Refuse every login. */
  refuse?: boolean;
  /** Never answer a login attempt. */
  hang?: boolean;
  /** End the connection at the first attempt: by FIN, RST, or an SSH disconnect message. */
  disconnect?: CloseHow | 'message';
}

/** Faults of channels that the client opens. */
export interface ChannelFaults {
  /** Refuse every channel (`true`), or the first n of each connection. */
  refuse?: number | boolean;
  /**
   * The reason code of RFC 4254 section 5.1: 1 prohibited, 2 connect failed (default), 3 unknown type, 4 resource
   * shortage.
   */
  reason?: number;
  /** The reason's text. Default `'open failed'`, which OpenSSH uses for everything. */
  text?: string;
  /** Never answer. */
  hang?: boolean;
  /** A second session beside an open one ends the connection, as on some devices. */
  secondSession?: CloseHow;
}

/** Faults of commands. */
export interface ExecFaults {
  /** Close the command's channel without an exit status. */
  noExitStatus?: boolean;
  /** Send the exit status before the output. */
  exitBeforeData?: boolean;
  /** Start the command, then never send anything. */
  hang?: boolean;
  /** Close the channel as soon as the command has started, without output or exit status. */
  closeEarly?: boolean;
  /** The command prints endlessly. */
  unlimitedOutput?: boolean;
  /** Refuse the request to run a command. */
  refuse?: boolean;
  /** Close the channel in place of an answer to the request to run a command. */
  closeUnanswered?: boolean;
}

/** Faults of jobs. */
export interface JobFaults {
  /** Their processes are gone without an exit code, as after a restart of the PC: `JobLost`. */
  lost?: boolean;
  /** The server can neither start nor inspect a job, for this reason: `JobAccessFailed`. `true` means a full disk. */
  accessFailed?: boolean | string;
}

/** An SSH_MSG_DISCONNECT of the server. */
export interface DisconnectFault extends FaultMoment {
  /** The reason code, 1 to 15, see RFC 4253 section 11.1. Default 2, protocol error. */
  code?: number;
  /** Its text; may be hostile: escape sequences, megabytes. Default: none. */
  message?: string;
}

/** The name of an SFTP request, as in the protocol. */
export type SftpOp =
  | 'OPEN'
  | 'CLOSE'
  | 'READ'
  | 'WRITE'
  | 'LSTAT'
  | 'FSTAT'
  | 'SETSTAT'
  | 'FSETSTAT'
  | 'OPENDIR'
  | 'READDIR'
  | 'REMOVE'
  | 'MKDIR'
  | 'RMDIR'
  | 'REALPATH'
  | 'STAT'
  | 'RENAME'
  | 'READLINK'
  | 'SYMLINK'
  | 'EXTENDED';

/** Faults of the SFTP server. */
export interface SftpFaults {
  /** Names to add to every listing, as files of 4 bytes: `'../x'`, `'/etc/passwd'`, `'a\0b'`. */
  lieNames?: (string | Buffer)[];
  /** The size that STAT, LSTAT, FSTAT and listings report for files; a function gets the true size. */
  lieSize?: number | ((size: number) => number);
  /** Listings never end. */
  endlessReaddir?: boolean;
  /** Send every reply twice. */
  duplicateReplies?: boolean;
  /** Precede every reply with one to a request that was never made. */
  unaskedReplies?: boolean;
  /** READ returns at most n bytes. */
  shortReads?: number;
  /** WRITE stores only the first n bytes, but reports success. */
  shortWrites?: number;
  /**
   * The server accepts the writes of a file only in order (rclone, gateways to object stores), and swaps two that are
   * pending, as servers with several workers may (Go): only a client that sends them one at a time succeeds. Any
   * other WRITE fails with `Illegal seek`; with `'spoil'`, everything after it on that handle fails too, even CLOSE.
   * The server does not offer `fsync@openssh.com`.
   */
  writesInOrder?: 'refuse' | 'spoil';
  /** The `nth` request of this kind (default: each) fails with this status (default 4). */
  failOp?: { op: SftpOp; status?: number; nth?: number; message?: string };
  /** The `nth` request of this kind (default: each) is never answered. */
  hangOp?: { op: SftpOp; nth?: number };
  /** Every listing contains `loop`, a symbolic link to the listed folder. */
  symlinkLoop?: boolean;
  /** Every listing contains a name of 64 KiB. */
  hugeName?: boolean;
  /** Never answer SSH_FXP_INIT. */
  noVersion?: boolean;
  /** STAT, LSTAT and FSTAT omit the size. */
  statWithoutSize?: boolean;
  /** SETSTAT and FSETSTAT fail with status 3, permission denied. */
  refuseSetstat?: boolean;
  /** Advertise `limits@openssh.com`, but never answer it. */
  noLimits?: boolean;
  /** Follow SSH_FXP_VERSION with a packet that is not SFTP. */
  garbagePacket?: boolean;
}
