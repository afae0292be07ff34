import type { SshError } from '../../errors/index.ts';
import { Listeners } from '../../time/listeners.ts';

/** The end of a connection as everything that depends on it sees it: once, with its reason. */
export interface Lost {
  /** Why the connection ended; undefined while it is up. */
  readonly error: SshError | undefined;
  /** Calls back once when the connection ends (at once if it has ended). Returns a function that unsubscribes. */
  onLost(listener: (error: SshError) => void): () => void;
}

export class LostSignal implements Lost {
  readonly #listeners = new Listeners<SshError>();
  #error: SshError | undefined;

  get error(): SshError | undefined {
    return this.#error;
  }

  /** How many are waiting; a test asserts that this returns to zero. */
  get listenerCount(): number {
    return this.#listeners.size;
  }

  onLost(listener: (error: SshError) => void): () => void {
    if (!this.#error) return this.#listeners.add(listener);
    listener(this.#error);
    return () => {};
  }

  /** The first call wins. */
  declare(error: SshError): void {
    if (this.#error) return;
    this.#error = error;
    this.#listeners.tell(error);
  }
}
