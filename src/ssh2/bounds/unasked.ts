import type { Client } from 'ssh2';
import { now } from '../../time/timer.ts';
import { onUnasked } from '../insides/messages/unasked.ts';
import type { OnExceeded } from './receive-window.ts';

/**
 * Per second; far more messages without effect than any server has a reason to send: LogLevel DEBUG3 makes some
 * hundred.
 */
const most = { messages: 2_000, bytes: 8 * 1024 * 1024 };
/** Requests that are refused: how many per second, and for how many seconds in a row. A single burst does no harm. */
const mostAsked = 3_000;
const patience = 3;

/**
 * Limits messages that nobody asked for, and requests that are refused: none of them is kept, but a server that sends
 * them without end occupies a processor. Call it right after `client.connect`; returns false if ssh2's internals have
 * changed.
 */
export function boundUnasked(client: Client, onExceeded: OnExceeded): boolean {
  let messages = 0;
  let bytes = 0;
  let asked = 0;
  let seconds = 0;
  let since = now();
  return onUnasked(client, (kind, length) => {
    if (now() - since > 1_000) {
      seconds = asked > mostAsked ? seconds + 1 : 0;
      messages = bytes = asked = 0;
      since = now();
    }
    if (kind === 'asking') {
      if (++asked > mostAsked && seconds >= patience)
        onExceeded(
          `it asked more than ${mostAsked} times a second for what is always refused, for ${patience} s`,
        );
      return;
    }
    bytes += length;
    if (++messages > most.messages || bytes > most.bytes)
      onExceeded(
        `it sent ${messages} messages with ${bytes} bytes within a second that request and answer nothing (limit ${most.messages}, ${most.bytes} bytes)`,
      );
  });
}
