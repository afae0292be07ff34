import { startTimer } from '../../time/timer.ts';
import type { OnExceeded } from './receive-window.ts';

/**
 * Bounds the time of each key exchange behind the first one: nothing else may be sent meanwhile, so a server that
 * begins one and does not go on would hold up everything, and IGNORE now and then keeps the keepalive content.
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
