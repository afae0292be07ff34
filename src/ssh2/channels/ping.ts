import type { Client } from 'ssh2';
import { latch } from '../../time/latch.ts';
import { startTimer } from '../../time/timer.ts';
import { expectGlobalReply, protocolOf } from '../insides/internals.ts';
import type { Lost } from '../transport/lost.ts';

/** Asks the server for a sign of life; resolves to whether it answers within `ms` milliseconds. */
export function pinged(client: Client, lost: Lost, ms: number): Promise<boolean> {
  const protocol = protocolOf(client);
  const answered = latch<boolean>();
  if (lost.error || typeof protocol?.ping !== 'function') return Promise.resolve(false);
  // A refusal is an answer too, as few servers know the request. If it is not an Error, it came from the server.
  const expected = expectGlobalReply(client, (failed) => answered.resolve(!(failed instanceof Error)));
  if (!expected) return Promise.resolve(false);
  protocol.ping();
  const stopTimer = startTimer(ms, () => answered.resolve(false));
  const unsubscribe = lost.onLost(() => answered.resolve(false));
  return answered.promise.finally(() => {
    stopTimer();
    unsubscribe();
  });
}
