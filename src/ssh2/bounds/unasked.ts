import type { Client } from 'ssh2';
import { now } from '../../time/timer.ts';
import { onUnasked } from '../insides/messages/unasked.ts';
import type { OnExceeded } from './receive-window.ts';

/** Within a second; far more than any server has to say that means nothing: with LogLevel DEBUG3 some hundred. */
const most = { messages: 2_000, bytes: 8 * 1024 * 1024 };
/** Things that are refused: within a second, and seconds of that in a row; a burst of them does no harm. */
const mostAsked = 3_000;
const patience = 3;

/**
 * Bounds what nobody asked for, and what is asked and refused: nothing of it is kept, but whoever sends it without end
 * takes a processor. To be called when the client has connected; false when ssh2 changed inside.
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
