import type { Socket } from 'node:net';

/** The session of a vanished PC, for as long as the gateway keeps it. */
export class Zombie {
  #timer: NodeJS.Timeout | undefined;
  readonly #lifeMs: number;
  readonly #wakes: boolean;
  readonly #onDeath: () => void;
  #isOver = false;

  constructor(lifeMs: number, wakes: boolean, onDeath: () => void) {
    this.#lifeMs = lifeMs;
    this.#wakes = wakes;
    this.#onDeath = onDeath;
    this.#start();
  }

  /** Someone connects to the port: sshd counts that as activity, and its wait starts again. */
  receive(socket: Socket): void {
    this.#wake();
    this.watch(socket);
  }

  /** Data from this socket counts as activity, too. */
  watch(socket: Socket): void {
    socket.on('data', () => this.#wake());
  }

  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  #wake(): void {
    if (this.#wakes) this.#start();
  }

  #start(): void {
    clearTimeout(this.#timer);
    if (this.#isOver || this.#lifeMs === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(this.#onDeath, this.#lifeMs);
  }
}
