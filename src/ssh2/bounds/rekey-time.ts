import { startTimer } from '../../time/timer.ts';
import type { OnExceeded } from './receive-window.ts';

/**
 * Limits the duration of each key exchange after the first one. Nothing else may be sent during a key exchange, so a
 * server that begins one and does not finish it would block everything, and could satisfy the keepalive with an
 * occasional IGNORE.
 */
export function boundRekeys(limit: number, onExceeded: OnExceeded): { begun(): void; ended(): void } {
  let stop = () => {};
  return {
    begun() {
      stop = startTimer(
        limit,
        () =>
          onExceeded(
            `it began another key exchange and did not finish it within ${limit} ms (option timeouts.handshake)`,
          ),
        false,
      );
    },
    ended: () => stop(),
  };
}
