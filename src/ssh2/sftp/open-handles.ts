import type { SftpHandle } from './requests.ts';

/** The handles that a session has open. A server that gives one twice would let two files be taken for each other. */
export class OpenHandles {
  readonly #open = new Set<string>();

  /** Whether nothing else is open by that handle. */
  take(handle: SftpHandle): boolean {
    const key = handle.toString('latin1');
    if (this.#open.has(key)) return false;
    this.#open.add(key);
    return true;
  }

  /** Once its close is sent, a server may give it to the next file. */
  forget(handle: SftpHandle): void {
    this.#open.delete(handle.toString('latin1'));
  }
}
