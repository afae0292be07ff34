/** The server that all contenders are measured against, directly or through the delaying relay. */
export interface Target {
  host: string;
  port: number;
  username: string;
  privateKey: string;
  privateKeyPath: string;
  /** `ssh-ed25519 AAAA...` */
  hostPublicKey: string;
  /** A known_hosts file with that key for this host and port. */
  knownHostsPath: string;
}

export interface ExecSession {
  run(command: string): Promise<void>;
  close(): Promise<void> | void;
}

/** One library or tool. What it cannot do is absent, and its column stays empty. */
export interface Contender {
  name: string;
  /** Connect, one command, its end; gives the way to close, which is not timed. */
  connectAndRun?(target: Target): Promise<() => unknown>;
  openExec?(target: Target): Promise<ExecSession>;
  put?(target: Target, local: string, remote: string): Promise<void>;
  get?(target: Target, remote: string, local: string): Promise<void>;
  putFolder?(target: Target, local: string, remote: string): Promise<void>;
  getFolder?(target: Target, remote: string, local: string): Promise<void>;
  /** Reads a command's output without keeping it; gives the bytes. */
  readOutput?(target: Target, command: string): Promise<number>;
  /** Writes so many bytes to a command's input. */
  writeInput?(target: Target, command: string, bytes: number): Promise<void>;
  /** An open, idle connection. */
  hold?(target: Target): Promise<{ close(): Promise<void> | void }>;
}

/** One measured value of one contender in one case. Smaller is better for `ms`, larger for the others. */
export interface Measurement {
  case: string;
  contender: string;
  unit: 'ms' | 'MB/s' | 'per s' | 'MiB' | 'CPU ms' | 'packages';
  median: number;
  all: number[];
  /** Why there is no value. */
  failed?: string;
}
