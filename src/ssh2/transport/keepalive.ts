import { now, startTimer } from '../../time/timer.ts';

/** What the watchdog watches; a `Transport` is one. */
interface Life {
  /** When the peer last gave a sign of life, on the `now()` clock. */
  readonly lastLifeAt: number;
}

/**
 * Declares a peer dead when nothing came from it for interval x (countMax + 1), during which ssh2 has asked countMax
 * times (`keepalive@openssh.com`). Any byte received counts as life, and so does a full send buffer that moves: ssh2's
 * own count takes a busy link for a dead one. An interval in which this process was blocked or suspended counts once
 * however long it was: nobody was asked meanwhile. Returns the way to stop.
 */
export function watchLife(
  life: Life,
  { interval, countMax }: { interval: number; countMax: number },
  onDead: (silentMs: number) => void,
): () => void {
  let seenAt = life.lastLifeAt;
  let silentIntervals = 0;
  let stopped = false;
  let stopTimer = () => {};
  const armAt = (time: number) => {
    // What has arrived while the event loop was blocked is read first.
    stopTimer = startTimer(Math.max(1, time - now()), () => setImmediate(judge));
  };
  const judge = () => {
    if (stopped) return;
    if (life.lastLifeAt !== seenAt) {
      seenAt = life.lastLifeAt;
      silentIntervals = 0;
      return armAt(seenAt + interval);
    }
    silentIntervals++;
    if (silentIntervals > countMax) onDead(now() - seenAt);
    else armAt(now() + interval);
  };
  armAt(seenAt + interval);
  return () => {
    stopped = true;
    stopTimer();
  };
}
