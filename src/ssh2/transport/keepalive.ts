import { now, startTimer } from '../../time/timer.ts';

/** What the watchdog watches, such as a `Transport`. */
interface Life {
  /** When the peer last showed a sign of life, on the `now()` clock. */
  readonly lastLifeAt: number;
}

/**
 * Declares a peer dead if nothing has come from it for interval x (countMax + 1), during which ssh2 has sent countMax
 * requests (`keepalive@openssh.com`). Any byte received counts as life, and so does progress of a full send buffer:
 * ssh2's own count takes a busy link for a dead one. An interval in which this process was blocked or suspended counts
 * as one, however long it was, as nobody was asked meanwhile. Returns a function that stops the watch.
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
    // Reads what has arrived while the event loop was blocked first.
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
