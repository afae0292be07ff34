import { blame, type CallSite, callSite } from '../errors/call-site.ts';
import type { SshError } from '../errors/index.ts';

/**
 * Whoever asked for a command, for the stacks of its errors: they are born in callbacks and know nothing of him. To
 * note the place of each call would cost more than all else that we do for a command; so we note where he takes one of
 * its streams, and find out who waits for its result only when it rejects.
 */
export class Caller {
  #site: CallSite | undefined;
  /** Our own error, whose stack does not include the caller yet. */
  #untraced: SshError | undefined;

  /** He took hold of the command there. */
  heldAt(site: CallSite): void {
    this.#site ??= site;
  }

  /** Lets the error's stack end with the caller: at once where he is known, else when `explained` rejects with it. */
  trace(error: SshError): void {
    if (this.#site) blame(error, this.#site);
    else this.#untraced = error;
  }

  /** In the tick in which a promise settles, V8 knows who awaits it. */
  explained<T>(result: Promise<T>): Promise<T> {
    return result.catch(this.#rejected);
  }

  readonly #rejected = (error: unknown): never => {
    if (this.#untraced && error === this.#untraced) blame(this.#untraced, callSite(this.#rejected));
    throw error;
  };
}
