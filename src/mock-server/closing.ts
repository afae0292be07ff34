/** Closed only once, however often that is requested. */
export abstract class Closing implements AsyncDisposable {
  #closed: Promise<void> | undefined;

  protected get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  close(): Promise<void> {
    this.#closed ??= this.closeNow();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  protected abstract closeNow(): Promise<void>;
}
