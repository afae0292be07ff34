import { now } from '../../../time/timer.ts';
import { connectViaGateway, isSshError } from '../../library.ts';
import type { Finding } from '../steps.ts';
import type { Visit } from '../visit.ts';

/** Milliseconds to wait for an answer on a line that is not slow. */
const quick = 1_000;
/** The minimum wait, in round trips. */
const roundTrips = 4;

/**
 * Whether a second connection works, and whether the server answers keepalives; that connection does nothing but wait.
 */
export async function checkKeepalive(visit: Visit): Promise<Finding> {
  const started = now();
  const words = visit.words.keepalive;
  const { options } = visit;
  const interval = Math.max(quick, roundTrips * visit.roundTrip);
  // Milliseconds of silence after which an unanswered keepalive must have been noticed: interval x (countMax + 1).
  const patience = 2 * interval + 700;
  if (visit.limit(1) < patience) return visit.skipped('noTime');
  const timeouts = { ...options.timeouts, total: visit.limit(1) };
  try {
    await using connection = await connectViaGateway({
      ...options,
      timeouts,
      // With more, a session is requested with the login, and what the server says on closing it would pass for life.
      maxSessions: 1,
      keepalive: { interval, countMax: 1 },
    });
    const ended = await visit.within(patience, () => connection.closed);
    const ms = now() - started;
    if (ended === 'late') return { verdict: 'ok', says: words.ok, ms };
    if (ended && (ended as { why?: string }).why === 'keepalive') {
      const [says, todo] = [words.unanswered, words.unansweredTodo];
      return { verdict: 'fail', says, todo, code: 'SSH_CONNECTION_LOST', ms };
    }
    return ended ? visit.finding(ended, ms) : { verdict: 'warn', says: words.closed, ms };
  } catch (error) {
    if (!isSshError(error)) throw error;
    const { says, ...finding } = visit.finding(error, now() - started);
    return { ...finding, verdict: 'warn', says: words.second(says) };
  }
}
