/**
 * What goes wrong on a mock server: plain data, one part for each phase of a connection, freely combined. Every
 * connection gets the faults that are set when it is accepted.
 */
export interface Faults {
  /** Only the first n connections (after `skip`) get these faults; later ones are served well. Default: all. */
  connections?: number;
  /** The first n connections are served well. Default 0. */
  skip?: number;
  /** The identification line, before SSH begins. */
  banner?: BannerFault;
  /** Cut the connection after exactly n bytes of one direction. */
  cut?: CutFault;
  /** The connection stays open and falls silent in both directions, as when a cable is pulled. */
  freeze?: FaultMoment;
  /** The key exchange. */
  handshake?: HandshakeFaults;
  /** The login. */
  auth?: AuthFaults;
  /** Channels that the client opens. */
  channel?: ChannelFaults;
  /** `'ignore'`: keepalive requests of the client are never answered. */
  keepalive?: 'ignore';
  /** Commands. */
  exec?: ExecFaults;
  /** Jobs (`startJob`, `runJob`) that the server keeps. */
  job?: JobFaults;
  /**
   * Flow control. `'dropped'`: the server never grants window again, so that uploads stop after 2 MiB on a channel;
   * `'exceeded'`: the server sends without regard to the client's window.
   */
  window?: 'dropped' | 'exceeded';
  /** The server says goodbye (SSH_MSG_DISCONNECT) and closes. */
  disconnect?: DisconnectFault;
  /** A slow line, each direction for itself. */
  throttle?: { bytesPerSecond: number };
  /** Every byte arrives this much later, in each direction: twice this is added to a round trip. Milliseconds. */
  latencyMs?: number;
  /** An SFTP server that lies. */
  sftp?: SftpFaults;
}

/**
 * - `'mute'`: accepted, then silence (a zombie tunnel);
 * - `delayMs`: the line comes late;
 * - `splitBytes`: the line comes in pieces, `intervalMs` apart;
 * - `garbage`: something else instead of the line, then nothing, or the end of the connection (`thenClose`);
 * - `close`: closed without a word (a tunnel whose sshd is down), at once or `afterMs` later;
 * - `preLines`: lines before the identification line;
 * - `endless`: lines before it without end.
 */
export type BannerFault =
  | 'mute'
  | { delayMs: number }
  | { splitBytes: number; intervalMs: number }
  | { garbage: string | Buffer; thenClose?: boolean }
  | { close: CloseHow; afterMs?: number }
  | { preLines: string[] }
  | { endless: true };

/** How a connection ends: properly (FIN) or by a reset (RST). */
export type CloseHow = 'fin' | 'rst';

/** How a link is cut; `'freeze'`: it stays open, and nothing passes any more. */
export type CutHow = CloseHow | 'freeze';

/**
 * Counted on the raw bytes of the connection: exactly `atByte` of them get through in that direction, whatever the
 * segments. What the server answers to them in the same turn still passes; from then on nothing does, either way.
 */
export interface CutFault {
  /** Whose bytes are counted. */
  direction: 'toClient' | 'toServer';
  /** Bytes of that direction that still pass. */
  atByte: number;
  /** How the connection ends there. */
  how: CutHow;
}

/**
 * A step of a connection: TCP accepted, identification line read, keys agreed, first attempt to log in, logged in,
 * first channel opened, first command started, first SFTP request.
 */
export type FaultPhase = 'accept' | 'ident' | 'kex' | 'auth' | 'ready' | 'channel' | 'exec' | 'sftp';

/** When a fault strikes: at a step, some time after the TCP connection was accepted, or some time after a step. */
export interface FaultMoment {
  /** Default: `'accept'`. */
  phase?: FaultPhase;
  /** Milliseconds after the step. Default 0. */
  afterMs?: number;
}

/** What goes wrong in the key exchange. */
export interface HandshakeFaults {
  /** Close after the identification lines, before the keys are agreed (MaxStartups, bans). */
  closeInKex?: CloseHow;
  /** Identification lines, then silence. */
  hang?: boolean;
  /** A later key exchange shows another host key: start one by `server.rekey()`. */
  hostKeyChangesAtRekey?: boolean;
}

/** What goes wrong while logging in. */
export interface AuthFaults {
  /** Every answer comes this much later, in milliseconds. */
  delayMs?: number;
  /** Nobody is let in. */
  refuse?: boolean;
  /** No attempt is ever answered. */
  hang?: boolean;
  /** The connection ends at the first attempt: by FIN, RST, or by an SSH disconnect message. */
  disconnect?: CloseHow | 'message';
}

/** What goes wrong when the client opens a channel. */
export interface ChannelFaults {
  /** Refuse every channel (`true`), or the first n of each connection. */
  refuse?: number | boolean;
  /** The reason's number: 1 prohibited, 2 connect failed (default), 3 unknown type, 4 resource shortage. */
  reason?: number;
  /** The reason's text. Default `'open failed'`, as OpenSSH says for everything. */
  text?: string;
  /** Never answer. */
  hang?: boolean;
  /** A session beside one that is open ends the connection, as with some devices. */
  secondSession?: CloseHow;
}

/** What goes wrong with commands. */
export interface ExecFaults {
  /** The command's channel closes without an exit status. */
  noExitStatus?: boolean;
  /** The exit status comes before the output. */
  exitBeforeData?: boolean;
  /** The command is started, and then nothing ever comes. */
  hang?: boolean;
  /** The channel is closed as soon as the command has started: nothing of its output, no exit status. */
  closeEarly?: boolean;
  /** The command prints without end. */
  unlimitedOutput?: boolean;
  /** The request to run a command is refused. */
  refuse?: boolean;
}

/** What goes wrong with jobs. */
export interface JobFaults {
  /** Their processes are gone without an exit code, as after a restart of the PC: `JobLost`. */
  lost?: boolean;
  /** The server can neither start a job nor look at one, for this reason: `JobAccessFailed`. `true` is a full disk. */
  accessFailed?: boolean | string;
}

/** A goodbye of the server. */
export interface DisconnectFault extends FaultMoment {
  /** 1 to 15, see RFC 4253 section 11.1. Default 2, protocol error. */
  code?: number;
  /** Its text; also a hostile one: escape sequences, megabytes. Default: none. */
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

/** How an SFTP server lies. */
export interface SftpFaults {
  /** Names that every listing contains in addition, as files of 4 bytes: `'../x'`, `'/etc/passwd'`, `'a\0b'`. */
  lieNames?: (string | Buffer)[];
  /** The size that STAT, LSTAT, FSTAT and listings claim for files; a function gets the true one. */
  lieSize?: number | ((size: number) => number);
  /** Listings never end. */
  endlessReaddir?: boolean;
  /** Every reply is sent twice. */
  duplicateReplies?: boolean;
  /** Before every reply comes one to a request that was never made. */
  unaskedReplies?: boolean;
  /** READ gives at most n bytes. */
  shortReads?: number;
  /** WRITE stores only the first n bytes, and reports success. */
  shortWrites?: number;
  /**
   * The server takes the writes of a file in their order only (rclone, gateways to object stores), and two that wait for
   * it change places, as where several workers serve them (Go): only a client that sends them one by one gets through.
   * Any other WRITE fails with `Illegal seek`. `'refuse'`: that is all; `'spoil'`: so does all else on that handle, CLOSE too.
   * Such a server is not OpenSSH's: it does not offer `fsync@openssh.com`.
   */
  writesInOrder?: 'refuse' | 'spoil';
  /** The `nth` request (default: every one) of this kind fails with this status (default 4). */
  failOp?: { op: SftpOp; status?: number; nth?: number; message?: string };
  /** The `nth` request (default: every one) of this kind is never answered. */
  hangOp?: { op: SftpOp; nth?: number };
  /** Every listing contains the folder `loop`, a symbolic link to the folder itself. */
  symlinkLoop?: boolean;
  /** Every listing contains a name of 64 KiB. */
  hugeName?: boolean;
  /** The server never answers the first packet of SFTP. */
  noVersion?: boolean;
  /** STAT, LSTAT and FSTAT leave the size out. */
  statWithoutSize?: boolean;
  /** SETSTAT and FSETSTAT fail with status 3, permission denied. */
  refuseSetstat?: boolean;
  /** `limits@openssh.com` is advertised but never answered. */
  noLimits?: boolean;
  /** After the first packet comes one that is no SFTP. */
  garbagePacket?: boolean;
}
