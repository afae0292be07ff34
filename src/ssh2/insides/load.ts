import { ssh2 } from './client-parts.ts';

/**
 * Loads as much of ssh2 as reads keys. @throws Error of Node's when ssh2 is not installed, as an import of it would.
 * What `loadClient` loads needs it in any case.
 */
export function needSsh2(): void {
  if (typeof ssh2.parseKey !== 'function') throw new Error('the installed ssh2 does not read keys');
}

/** Loads the rest in a moment, while the network is waited for. Whoever needs it hears of what goes wrong with it. */
export function loadClientMeanwhile(): void {
  setImmediate(() => {
    try {
      void ssh2.Client;
    } catch {
      // The handshake will meet it again.
    }
  });
}
