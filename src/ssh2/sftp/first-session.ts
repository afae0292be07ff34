import type { Link } from '../channels/link.ts';
import { discard, openSubsystem, type Subsystem } from './subsystem.ts';

/** A session that is requested while the code that will use it is still being loaded. */
export class FirstSession {
  readonly #link: Link;
  #opening: Promise<Subsystem> | undefined;

  constructor(link: Link, options: { signal?: AbortSignal | undefined; timeout?: number | undefined }) {
    this.#link = link;
    this.#opening = openSubsystem(link, { ...options, serverVersion: link.serverVersion });
    this.#opening.catch(() => {});
  }

  /** The session, once. */
  take(): Promise<Subsystem> | undefined {
    const opening = this.#opening;
    this.#opening = undefined;
    return opening;
  }

  /** Closes it, unless somebody has taken it. */
  drop(): void {
    this.take()?.then(
      (opened) => discard(this.#link, opened),
      () => {},
    );
  }
}
