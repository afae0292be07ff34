import type { AuthContext, Connection as Ssh2Client } from 'ssh2';
import type { ServerConnection } from './connection.ts';
import { interceptMessage, isLoggedIn, lastSequenceNumber, sendPacket } from './ssh2-internals.ts';

interface Held {
  open(): void;
  sequenceNumber: number;
}

/**
 * Treats a channel that is requested behind a login request as sshd does, which reads on only when it has answered that:
 * opens it if the login succeeds (RFC 4252 section 6), and says SSH_MSG_UNIMPLEMENTED otherwise. ssh2 refuses it at once.
 * Call it after everything else that looks at requests for channels. Returns what to call with each login request,
 * before anybody answers it.
 */
export function keepOpensInTurn(
  connection: ServerConnection,
  client: Ssh2Client,
): (context: AuthContext) => void {
  const held: Held[] = [];
  const unanswered = new Set<AuthContext>();
  interceptMessage(client, 'CHANNEL_OPEN', (open) => {
    if (isLoggedIn(client)) return open();
    held.push({ open, sequenceNumber: lastSequenceNumber(client) });
    if (unanswered.size === 0) release();
  });
  const release = () => {
    for (const { open, sequenceNumber } of held.splice(0)) {
      if (isLoggedIn(client)) open();
      else connection.whileAlive(() => sendPacket(client, unimplemented(sequenceNumber)));
    }
  };
  return (context) => {
    unanswered.add(context);
    for (const name of ['accept', 'reject', 'prompt'] as const) {
      const answer = (context as unknown as Record<string, unknown>)[name];
      if (typeof answer !== 'function') continue;
      Object.assign(context, {
        [name]: (...given: unknown[]) => {
          unanswered.delete(context);
          answer.apply(context, given);
          release();
        },
      });
    }
  };
}

/** RFC 4253 section 11.4. */
function unimplemented(sequenceNumber: number): Buffer {
  const payload = Buffer.alloc(5);
  payload[0] = 3;
  payload.writeUInt32BE(sequenceNumber, 1);
  return payload;
}
