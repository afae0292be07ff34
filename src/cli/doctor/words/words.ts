import type { FailureKind, JumpKind } from '../kinds.ts';
import type { StepName, Verdict } from '../steps.ts';

/** What the words of a failure may contain. Texts from the server are escaped. */
export interface FailureFacts {
  /** Where it failed: a host and port, or the jump that failed. */
  at: string;
  host: string;
  port: number;
  username: string;
  /** Fingerprint of the host key that the server sent. */
  fingerprint: string;
  /** The name of the file with that key on the server. */
  keyFile: string;
  /** Another name under which that key is recorded, or ''. */
  knownAs: string;
  /** The name that was looked up in known_hosts, or ''. */
  recordName: string;
  /** The same if it is an alias and not the name of the host. */
  alias: string;
  /** ` (FILE, line N)` of the known_hosts entry that decided, or ''. */
  record: string;
  /** The methods that were tried. */
  tried: string;
  /** The methods that the server would accept. */
  offered: string;
  /** The words of the server, or of the error. */
  said: string;
  /** The service that speaks like this, if it is known and not SSH. */
  service: string;
}

export interface FailureWords {
  says: (facts: FailureFacts) => string;
  todo: string | ((facts: FailureFacts) => string);
}

/** A text with its parameters. */
type Say<Values extends unknown[] = []> = (...values: Values) => string;

/** Everything that doctor says in one language. If a language leaves something out, it does not compile. */
export interface Words {
  failures: Record<FailureKind, FailureWords>;
  /** Used instead if a jump host is at fault, which is not the PC and has options of its own. */
  atJump: Record<JumpKind, FailureWords>;
  titles: Record<StepName, string>;
  marks: Record<Verdict, string>;
  /** Where the server's log is. */
  logs: string;
  /** Appended if a jump host is at fault. */
  notThePc: Say<[says: string]>;
  /** A jump host as the library names it: `jump 1 of 2 (HOST:PORT)`. */
  hop: Say<[hop: string]>;
  /** Where in known_hosts an entry is. */
  record: Say<[file: string, line: number | undefined]>;
  /** Precedes the server's login notice. */
  notice: Say<[said: string]>;
  summary: {
    fails: Say<[step: string, exitCode: number]>;
    warns: Say<[count: number]>;
    exitCode: Say<[exitCode: number]>;
    works: string;
  };
  skipped: {
    notReached: string;
    lostBefore: string;
    noCommands: string;
    noTime: string;
    noFiles: string;
  };
  arrival: {
    dnsByRoute: string;
    dnsNotNeeded: Say<[host: string]>;
    dnsFound: Say<[host: string, addresses: string]>;
    tcp: Say<[at: string]>;
    tcpByRoute: Say<[at: string]>;
    banner: string;
    keys: string;
    hostKeyRight: string;
    login: Say<[username: string]>;
    slowly: Say<[says: string]>;
    slowlyTodo: string;
    slowLine: Say<[says: string, roundTrip: string]>;
    slowLineTodo: string;
    perhapsSlow: Say<[keys: string]>;
    unchecked: Say<[fingerprint: string]>;
    uncheckedTodo: Say<[fingerprint: string]>;
    recorded: Say<[fingerprint: string, file: string]>;
    right: Say<[fingerprint: string]>;
    openKey: Say<[says: string, file: string]>;
    openKeyTodo: Say<[file: string]>;
  };
  exec: {
    ok: string;
    noise: Say<[said: string]>;
    noiseTodo: string;
    oddEnd: Say<[code: number | null]>;
    answer: Say<[said: string, code: number | null]>;
    killed: Say<[signal: string]>;
    killedTodo: string;
    forcedTodo: string;
    sessionFailsTodo: string;
    sftpOnlyTodo: string;
    nologinTodo: string;
    passwordExpiredTodo: string;
    accountExpiredTodo: string;
    noShellTodo: string;
  };
  sftp: { ok: Say<[home: string]> };
  maxSessions: {
    unmeasured: string;
    more: Say<[count: number]>;
    limit: Say<[count: number]>;
    one: string;
    oneTodo: string;
  };
  keepalive: {
    ok: string;
    closed: string;
    second: Say<[says: string]>;
    unanswered: string;
    unansweredTodo: string;
  };
  clock: {
    unread: string;
    agrees: string;
    ahead: Say<[amount: string]>;
    behind: Say<[amount: string]>;
    todo: string;
  };
  shell: {
    unknown: string;
    unknownTodo: string;
    unnamed: string;
    noCodePage: Say<[name: string]>;
    utf8: Say<[name: string]>;
    codePage: Say<[name: string, page: number, encoding: string]>;
  };
  disk: {
    ok: Say<[free: string]>;
    written: string;
    unknown: string;
    nearlyFull: Say<[percent: number, free: string]>;
    nearlyFullTodo: string;
    full: string;
    fullTodo: string;
    readOnly: string;
    readOnlyTodo: string;
    quota: string;
    quotaTodo: string;
    denied: Say<[home: string]>;
    deniedTodo: string;
    failed: Say<[said: string]>;
    failedTodo: string;
    silent: string;
    silentTodo: string;
  };
  windows: {
    unread: string;
    unreadTodo: string;
    administrator: string;
    standard: string;
    longPaths: string;
    shortPaths: string;
    free: Say<[amount: string]>;
    oldVersion: Say<[version: string]>;
    restricted: Say<[mode: string]>;
    oldPowerShell: Say<[version: string]>;
    noWmi: Say<[elevated: boolean]>;
    sleeps: Say<[after: string]>;
    notAutomatic: Say<[type: string]>;
    littleRoom: Say<[free: string]>;
    notWindows: string;
  };
}
