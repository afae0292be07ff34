import type { Socket } from 'node:net';

/** How long a gateway keeps the session of a PC that is gone. */
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

  /** Somebody connects to the port: sshd sees activity, and begins to wait anew. */
  receive(socket: Socket): void {
    this.#wake();
    this.watch(socket);
  }

  /** What comes from this socket is activity for sshd as well. */
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
