import type { MockServer, MockServerOptions, MockShare } from '../types.ts';

/** Options of {@link startMockGateway}: those of its own SSH server. */
export type MockGatewayOptions = MockServerOptions;

/** A gateway with published ports, and PCs behind them. */
export interface MockGateway extends AsyncDisposable {
  /** The address of the gateway, for its SSH server and for the PCs' ports. */
  readonly host: string;
  /**
   * The gateway's own SSH server: it takes `ssh -R` from clients (a second one on a taken port is refused), leads on
   * to the PCs as a jump host, and runs the gateway's commands.
   */
  readonly ssh: MockServer;
  /** The PCs that {@link MockGateway.addPc} made. */
  readonly pcs: readonly MockPc[];
  /** Adds a PC whose tunnel is up: `gateway.host:pc.port` leads to its SSH server, without a tunnel client. */
  addPc(options?: MockPcOptions): Promise<MockPc>;
  /**
   * Makes a zombie of the client that holds a port of the gateway by `ssh -R`: its connection stays open and falls
   * silent, the port goes on accepting. Throws when nobody holds the port.
   */
  freezeClient(port: number): void;
  /** Lets go of a port as sshd does when it gives a zombie up: resets its visitors and its client. Throws as above. */
  releasePort(port: number): void;
  /** Ends the gateway and its PCs. Idempotent, never rejects. */
  close(): Promise<void>;
}

/** Options of {@link MockGateway.addPc}. */
export interface MockPcOptions {
  /** The port that the gateway publishes for this PC. Default 0: a free one. */
  port?: number;
  /** The PC's SSH server. Its own `host` and `port` do not matter: it is reached through the gateway. Default: a plain one. */
  server?: MockServerOptions;
}

/** A PC behind a {@link MockGateway}. */
export interface MockPc {
  /** The port of the gateway that leads to it. The same for its whole life. */
  readonly port: number;
  /** Its SSH server. */
  readonly server: MockServer;
  /**
   * - `'up'`: the port leads to the PC's SSH server;
   * - `'pc-sshd-down'`: accepted, then closed without a word;
   * - `'zombie'`: accepted, then silence;
   * - `'down'`: refused.
   */
  readonly state: 'up' | 'pc-sshd-down' | 'zombie' | 'down';
  /**
   * The PC is gone, and the gateway has not noticed: the port accepts and stays silent, open connections fall silent.
   * After `zombieFor` milliseconds (default: never) the gateway notices: waiting connections are reset, and the port
   * refuses. With `wakes` (default `true`) every connect, and all that
   * clients send on open connections, starts that time anew, as in OpenSSH since 9.2.
   */
  vanish(options?: { zombieFor?: number; wakes?: boolean }): void;
  /**
   * The tunnel comes back after `delayMs` (default 0), but not while a zombie holds the port: then when that is dead.
   * Resolves when the port leads to the PC again.
   */
  return(options?: { delayMs?: number }): Promise<void>;
  /** Ends a zombie at once, as sshd does when it gives it up (or `reclaim`); the port refuses. */
  endZombie(): Promise<void>;
  /** Another program on the PC opens a file: {@link MockServer.hold} of its server. */
  hold(path: string, ms?: number, options?: { share?: MockShare[] }): () => void;
  /** The PC's SSH server stops: the tunnel accepts, then closes without a word; open connections end. */
  stopSshd(): void;
  /** The PC's SSH server is back. */
  startSshd(): void;
  /** The tunnel goes down properly: open connections end, the port refuses. */
  dropTunnel(): Promise<void>;
}
