import type { SftpHandle } from './requests.ts';

/** The handles that a session has open. If a server issued one twice, two files would be mistaken for each other. */
export class OpenHandles {
  readonly #open = new Set<string>();

  /** Whether nothing else is open under that handle. */
  take(handle: SftpHandle): boolean {
    const key = handle.toString('latin1');
    if (this.#open.has(key)) return false;
    this.#open.add(key);
    return true;
  }

  /** Once its close has been sent, a server may issue it again for the next file. */
  forget(handle: SftpHandle): void {
    this.#open.delete(handle.toString('latin1'));
  }
}
