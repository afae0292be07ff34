import type { Server, Socket } from 'node:net';
import { MockServerCore } from '../mock-server.ts';
import { returnCheck, vanishCheck } from '../option-checks.ts';
import type { MockShare } from '../sftp/files/mock-files.ts';
import { resetSocket } from '../wire/reset.ts';
import type { MockPc, MockPcOptions } from './gateway-types.ts';
import { listenQuietly } from './quiet-port.ts';
import { Zombie } from './zombie.ts';

/** A PC behind a gateway: the published port, and what it leads to. */
export class PcBehindGateway implements MockPc {
  readonly server: MockServerCore;
  port = 0;
  #current: MockPc['state'] = 'down';
  readonly #host: string;
  #listener: Server | undefined;
  readonly #visitors = new Set<Socket>();
  #zombie: Zombie | undefined;
  #comingBack: NodeJS.Timeout | undefined;
  #isExpected = false;
  #isClosed = false;
  #waiting: (() => void)[] = [];

  constructor(host: string, options: MockPcOptions) {
    this.#host = host;
    this.server = new MockServerCore({ ...options.server, host });
  }

  get state(): MockPc['state'] {
    return this.#current;
  }

  /** Opens the published port. */
  async open(port: number): Promise<void> {
    const { server, port: real } = await listenQuietly(this.#host, port, (socket) => this.#receive(socket));
    if (this.#isClosed) return void server.close();
    this.port = this.server.port = real;
    this.#listener = server;
    this.#current = 'up';
    this.#isExpected = false;
    for (const tell of this.#waiting.splice(0)) tell();
  }

  vanish(options: { zombieFor?: number; wakes?: boolean } = {}): void {
    vanishCheck('options', options);
    const { zombieFor = Number.POSITIVE_INFINITY, wakes = true } = options;
    if (this.#current === 'down')
      throw new Error(`the PC on port ${this.port} has no tunnel that could vanish`);
    this.#current = 'zombie';
    this.#zombie?.stop();
    this.#zombie = new Zombie(zombieFor, wakes, () => void this.endZombie());
    for (const link of this.server.links()) this.#zombie.watch(link.raw);
    this.server.dropAll('freeze');
  }

  async return(options: { delayMs?: number } = {}): Promise<void> {
    returnCheck('options', options);
    const { delayMs = 0 } = options;
    if (this.#current === 'up' || this.#current === 'pc-sshd-down') return;
    const back = new Promise<void>((resolve) => this.#waiting.push(resolve));
    clearTimeout(this.#comingBack);
    this.#comingBack = setTimeout(() => {
      this.#isExpected = true;
      void this.#reopen();
    }, delayMs);
    await back;
  }

  async endZombie(): Promise<void> {
    if (this.#current !== 'zombie') return;
    this.#zombie?.stop();
    this.#zombie = undefined;
    this.server.dropAll('rst');
    await this.#goDown(resetSocket);
    await this.#reopen();
  }

  hold(path: string, ms?: number, options?: { share?: MockShare[] }): () => void {
    return this.server.hold(path, ms, options);
  }

  stopSshd(): void {
    if (this.#current !== 'up') return;
    this.#current = 'pc-sshd-down';
    this.server.dropAll('fin');
  }

  startSshd(): void {
    if (this.#current === 'pc-sshd-down') this.#current = 'up';
  }

  async dropTunnel(): Promise<void> {
    this.#zombie?.stop();
    this.server.dropAll('fin');
    await this.#goDown((visitor) => visitor.destroy());
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#comingBack);
    this.#zombie?.stop();
    await this.#goDown((visitor) => visitor.destroy());
    await this.server.close();
    for (const tell of this.#waiting.splice(0)) tell();
  }

  /** The tunnel comes back as soon as no zombie holds the port. */
  async #reopen(): Promise<void> {
    if (!this.#isExpected || this.#current !== 'down' || this.#isClosed) return;
    try {
      await this.open(this.port);
    } catch {
      // Another program holds the port at the moment: try again, as a tunnel client would.
      if (!this.#isClosed) this.#comingBack = setTimeout(() => void this.#reopen(), 50);
    }
  }

  async #goDown(endVisitor: (visitor: Socket) => void): Promise<void> {
    this.#current = 'down';
    const listener = this.#listener;
    this.#listener = undefined;
    for (const visitor of [...this.#visitors]) endVisitor(visitor);
    if (!listener) return;
    // Not awaited until its last connection has ended: those belong to the PC's server. New ones are refused at once.
    listener.close();
    await new Promise(setImmediate);
  }

  #receive(socket: Socket): void {
    if (this.#current === 'up') return this.server.accept(socket);
    this.#visitors.add(socket);
    socket.once('close', () => this.#visitors.delete(socket));
    socket.on('error', () => {});
    // Discard input: closing with unread bytes would send an RST.
    socket.resume();
    if (this.#current === 'zombie') return this.#zombie?.receive(socket);
    socket.once('end', () => socket.destroy());
    if (this.#current === 'pc-sshd-down') socket.end();
    else resetSocket(socket);
  }
}
