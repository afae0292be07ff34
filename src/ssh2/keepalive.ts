import { now, startTimer } from '../time/timer.ts';

/** What the watchdog watches; a `Transport` is one. */
export interface Life {
  /** When the peer last gave a sign of life, on the `now()` clock. */
  readonly lastLifeAt: number;
}

/**
 * Declares a peer dead when nothing came from it for interval x (countMax + 1), during which ssh2 has asked countMax
 * times (`keepalive@openssh.com`). Any byte received counts as life, and so does a full send buffer that moves: ssh2's
 * own count takes a busy link for a dead one. Returns the way to stop.
 */
export function watchLife(
  life: Life,
  { interval, countMax }: { interval: number; countMax: number },
  onDead: (silentMs: number) => void,
): () => void {
  const limit = interval * (countMax + 1);
  let stopTimer = () => {};
  let stopped = false;
  const silence = () => now() - life.lastLifeAt;
  const check = () => {
    // After a blocked event loop or a suspended machine, what has arrived meanwhile is read first.
    setImmediate(() => {
      if (stopped) return;
      if (silence() >= limit - 1) onDead(silence());
      else arm();
    });
  };
  const arm = () => {
    stopTimer = startTimer(Math.max(1, limit - silence()), check);
  };
  arm();
  return () => {
    stopped = true;
    stopTimer();
  };
}
