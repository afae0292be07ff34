import { setMaxListeners } from 'node:events';
import { Listeners } from './listeners.ts';

/**
 * What an AbortController does, for use inside the library: without the cost of an EventTarget, which matters if one
 * is created for each command or connection. `signal` is for APIs that accept only AbortSignals.
 */
export class StopSwitch {
  aborted = false;
  reason: unknown;
  #listeners: Listeners<void> | undefined;
  #controller: AbortController | undefined;

  abort(reason?: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    this.#listeners?.tell();
    this.#controller?.abort(reason);
  }

  /** Aborts with it; made when it is first asked for. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      // Every attempt, route and sleep may listen; that is not a leak.
      setMaxListeners(0, this.#controller.signal);
      if (this.aborted) this.#controller.abort(this.reason);
    }
    return this.#controller.signal;
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }

  /** Calls `listener` once when it stops. Returns the way to unsubscribe. */
  onAbort(listener: () => void): () => void {
    this.#listeners ??= new Listeners();
    return this.#listeners.add(listener);
  }
}
