import { blame, type CallSite, callSite } from '../errors/call-site.ts';
import type { SshError } from '../errors/index.ts';

/**
 * The code that runs a command, for the stack traces of its errors: these are created in callbacks, so their own stacks
 * do not include it. Capturing a stack at each call would cost more than all our other work for the command. The call
 * site is captured when a stream is accessed; whoever awaits the result is found only when the promise rejects.
 */
export class Caller {
  #site: CallSite | undefined;
  /** Our own error, whose stack does not include the caller yet. */
  #untraced: SshError | undefined;

  /** Records where the command's streams or `kill` were first used. */
  heldAt(site: CallSite): void {
    this.#site ??= site;
  }

  /** Appends the caller to the error's stack: now if it is known, else when `explained` rejects with the error. */
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
