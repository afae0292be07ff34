/** The server against which all contenders are measured, directly or through the delaying relay. */
export interface Target {
  host: string;
  port: number;
  username: string;
  privateKey: string;
  privateKeyPath: string;
  /** `ssh-ed25519 AAAA...` */
  hostPublicKey: string;
  /** A known_hosts file with that key for every name. */
  knownHostsPath: string;
}

/** Ends what was opened. Not measured, except where it is the end of a program. */
export type Close = () => unknown;

export interface ExecSession {
  /** Runs the command `count` times, `atOnce` at a time. */
  run(command: string, count: number, atOnce: number): Promise<void>;
  close: Close;
}

/** What passed through a command's output or input. */
export interface Streamed {
  bytes: number;
  /** Peak memory of the process that did the work, if it is not this one. */
  peakMiB?: number;
}

/** A connection that has not moved any file yet. SFTP is opened with the first one. */
export interface FileSession {
  put(local: string, remote: string): Promise<unknown>;
  get(remote: string, local: string): Promise<unknown>;
  putFolder(local: string, remote: string): Promise<unknown>;
  getFolder(remote: string, local: string): Promise<unknown>;
  close: Close;
}

/** One library or tool. What it cannot do is absent, and its cell stays empty. */
export interface Contender {
  name: string;
  /** Connect, one command, its end. */
  connectAndRun?(target: Target): Promise<Close>;
  openExec?(target: Target): Promise<ExecSession>;
  openFiles?(target: Target): Promise<FileSession>;
  put?(target: Target, local: string, remote: string): Promise<Close>;
  get?(target: Target, remote: string, local: string): Promise<Close>;
  putFolder?(target: Target, local: string, remote: string): Promise<Close>;
  getFolder?(target: Target, remote: string, local: string): Promise<Close>;
  /** Reads a command's output without keeping it. */
  readOutput?(target: Target, command: string): Promise<Streamed>;
  /**
   * Writes `bytes` bytes to a command's input, and returns the number that the command printed: the bytes that it
   * received.
   */
  writeInput?(target: Target, command: string, bytes: number): Promise<Streamed>;
  /** An open, idle connection. */
  hold?(target: Target): Promise<{ close: Close }>;
}

export type Unit =
  | 'ms'
  | 'MB/s'
  | 'per s'
  | 'MiB'
  | 'MiB each'
  | 'CPU ms'
  | 'packages'
  | 'MB'
  | 'kB'
  | 'round trips';

export const groups = [
  'connect',
  'exec',
  'large',
  'small',
  'cold',
  'stream',
  'many',
  'package',
  'relay',
] as const;
export type Group = (typeof groups)[number];

/** MiB of the files in the cold group. */
export const coldSizes = [1 / 16, 1, 4, 16] as const;
/** Round trip times of the cold group in milliseconds. */
export const coldRtts = [0, 50, 200] as const;
const coldCases = (['put', 'get'] as const).flatMap((verb) => [
  ...coldSizes.flatMap((size) => [
    ...coldRtts.map((rtt) => `cold-${verb}-${size}-${rtt}`),
    `cold-${verb}-${size}-trips`,
  ]),
  ...[`cold-${verb}-large`, `cold-${verb}-small`],
]);

/** Every case, in the order of the table. An `id` does not change when sizes do. */
export const caseIds = [
  ...['connect-0', 'connect-50', 'round-trips', 'exec-1', 'exec-8', 'exec-8-roomy', 'exec-cpu'],
  ...['exec-8-50', 'exec-8-50-roomy'],
  ...['put-0', 'get-0', 'put-50', 'get-50', 'put-200', 'get-200'],
  ...['put-small-0', 'get-small-0', 'put-small-50', 'get-small-50'],
  ...coldCases,
  ...['output', 'output-memory', 'input', 'input-memory'],
  ...['many-memory', 'many-memory-held', 'many-cpu'],
  ...['import', 'import-least', 'packages', 'install-size', 'packed', 'unpacked', 'bundle'],
  ...['relay-50', 'relay-200'],
] as const;

/** What is measured. */
export interface CaseSpec {
  id: string;
  group: Group;
  name: string;
  unit: Unit;
}

/** One contender in one case. */
export interface Result {
  contender: string;
  /** Absent if there is no value. */
  median?: number;
  all: number[];
  /** Why there is no value. */
  failed?: string;
}

export interface CaseResult extends CaseSpec {
  /** `2026-11-30` */
  date: string;
  /** Figures from two machines must not be compared. */
  machine: string;
  results: Result[];
}

/** The contents of bench/results.json. */
export interface Results {
  versions: Record<string, string>;
  cases: CaseResult[];
}

export const ours = 'ssh-via-gateway';

/** Programs and libraries based on ssh2 that run in Node.js; the best of them is the one to beat. */
export const javascriptPeers: readonly string[] = ['ssh2', 'ssh2 no-delay', 'node-ssh', 'ssh2-sftp-client'];
