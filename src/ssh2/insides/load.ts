import { isOutOfFiles } from '../../errors/own-limits.ts';
import { findAny } from '../../load/on-demand.ts';
import { ssh2 } from './client-parts.ts';

let isFound = false;

/** Finds ssh2, without loading it. @throws Node's own error if it is not installed, as an import of it would. */
export function needSsh2(): void {
  if (isFound) return;
  try {
    findAny('ssh2/lib/client.js', 'ssh2');
    isFound = true;
  } catch (error) {
    // Then nobody knows: the attempt to connect, which loads it, will tell, and can be repeated.
    if (!isOutOfFiles(error)) throw error;
  }
}

/** Loads the part that reads keys. `loadClient` needs this part in any case. */
export function loadKeyReader(): void {
  if (typeof ssh2.parseKey !== 'function') throw new Error('the installed ssh2 does not read keys');
}

/** Loads the rest. */
export function loadClient(): void {
  void ssh2.Client;
}
