import { now, sleep } from '../../../time/timer.ts';
import { type ConnectOptions, connectViaGateway, isSshError } from '../../library.ts';
import { findingOf } from '../advice.ts';
import type { Finding } from '../steps.ts';

const interval = 1_000;
/** Milliseconds of silence after which an unanswered keepalive must have been noticed: interval x (countMax + 1). */
const patience = 2 * interval + 700;

/** A second connection that does nothing but wait: whether it works, and whether the server answers when asked for life. */
export async function checkKeepalive(options: ConnectOptions, signal: AbortSignal): Promise<Finding> {
  const started = now();
  try {
    await using connection = await connectViaGateway({ ...options, keepalive: { interval, countMax: 1 } });
    const over = new AbortController();
    const ended = await Promise.race([
      connection.closed,
      sleep(patience, AbortSignal.any([signal, over.signal])).then(() => 'alive' as const),
    ]).finally(() => over.abort());
    const ms = now() - started;
    if (ended === 'alive') return { verdict: 'ok', says: 'the server answers when it is asked for life', ms };
    if (ended && (ended as { why?: string }).why === 'keepalive') return { ...unanswered, ms };
    return ended ? findingOf(ended, ms) : { verdict: 'warn', says: 'the idle connection was closed', ms };
  } catch (error) {
    if (!isSshError(error)) throw error;
    const { says, todo, code, ms } = findingOf(error, now() - started);
    return { verdict: 'warn', says: `a second connection did not come about: ${says}`, todo, code, ms };
  }
}

const unanswered: Finding = {
  verdict: 'fail',
  says: 'the server does not answer when it is asked for life: idle connections would be given up for dead',
  todo: 'Use keepalive: false (--keepalive none); then a PC that has vanished is only noticed when something is sent. OpenSSH answers; this is another server, or something in between swallows it.',
  code: 'SSH_CONNECTION_LOST',
};
