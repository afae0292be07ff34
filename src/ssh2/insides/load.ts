import { ssh2 } from './client-parts.ts';

/**
 * Loads the part of ssh2 that reads keys. @throws Node's own error if ssh2 is not installed, as an import of it would.
 * `loadClient` needs this part in any case.
 */
export function needSsh2(): void {
  if (typeof ssh2.parseKey !== 'function') throw new Error('the installed ssh2 does not read keys');
}

/** Loads the rest soon, while the network is waited for. Errors are left to whoever needs it. */
export function loadClientMeanwhile(): void {
  setImmediate(() => {
    try {
      void ssh2.Client;
    } catch {
      // The handshake will meet the same error.
    }
  });
}
