import type { MockShare } from '../sftp/files/mock-files.ts';
import type { MockServer, MockServerOptions } from '../types.ts';

/** Options of {@link startMockGateway}: those of its own SSH server. */
export type MockGatewayOptions = MockServerOptions;

/** A gateway with published ports, and PCs behind them. */
export interface MockGateway extends AsyncDisposable {
  /** The address of the gateway, for its SSH server and for the PCs' ports. */
  readonly host: string;
  /**
   * The gateway's own SSH server: it accepts `ssh -R` from clients (except on a taken port), serves as a jump host to
   * the PCs, and runs the gateway's commands.
   */
  readonly ssh: MockServer;
  /** The PCs that {@link MockGateway.addPc} made. */
  readonly pcs: readonly MockPc[];
  /** Adds a PC whose tunnel is up: `gateway.host:pc.port` leads to its SSH server, without a tunnel client. */
  addPc(options?: MockPcOptions): Promise<MockPc>;
  /**
   * Turns the client that holds a port of the gateway (`ssh -R`) into a zombie: its connection stays open but silent,
   * and the port still accepts. Throws if nobody holds the port.
   */
  freezeClient(port: number): void;
  /**
   * Releases a port as sshd does when it gives up a zombie: resets the connections to it and its client. Throws if
   * nobody holds the port.
   */
  releasePort(port: number): void;
  /** Ends the gateway and its PCs. Idempotent, never rejects. */
  close(): Promise<void>;
}

/** Options of {@link MockGateway.addPc}. */
export interface MockPcOptions {
  /** The port that the gateway publishes for this PC. Default 0: any free port. */
  port?: number;
  /**
   * Options of the PC's SSH server; `host` and `port` are ignored, since it is reached through the gateway. Default:
   * none.
   */
  server?: MockServerOptions;
}

/** A PC behind a {@link MockGateway}. */
export interface MockPc {
  /** The gateway's port that leads to it. Never changes. */
  readonly port: number;
  /** Its SSH server. */
  readonly server: MockServer;
  /**
   * - `'up'`: the port leads to the PC's SSH server;
   * - `'pc-sshd-down'`: accepted, then closed at once;
   * - `'zombie'`: accepted, then silence;
   * - `'down'`: refused.
   */
  readonly state: 'up' | 'pc-sshd-down' | 'zombie' | 'down';
  /**
   * The PC vanishes and the gateway does not notice: the port accepts but stays silent, open connections fall silent.
   * After `zombieFor` milliseconds (default: never) the gateway notices: it resets waiting connections, and the port
   * refuses. With `wakes` (default `true`), every connection and everything that clients send restarts that time, as
   * in OpenSSH since 9.2.
   */
  vanish(options?: { zombieFor?: number; wakes?: boolean }): void;
  /**
   * The tunnel comes back after `delayMs` milliseconds (default 0), or once the zombie that holds the port has ended.
   * Resolves when the port leads to the PC again.
   */
  return(options?: { delayMs?: number }): Promise<void>;
  /** Ends a zombie at once, as sshd or `reclaim` would; the port then refuses. */
  endZombie(): Promise<void>;
  /** Another program on the PC opens a file: see {@link MockServer.hold}. */
  hold(path: string, ms?: number, options?: { share?: MockShare[] }): () => void;
  /** The PC's SSH server stops: the port accepts, then closes at once; open connections end. */
  stopSshd(): void;
  /** The PC's SSH server starts again. */
  startSshd(): void;
  /** The tunnel closes properly: open connections end, the port refuses. */
  dropTunnel(): Promise<void>;
}
