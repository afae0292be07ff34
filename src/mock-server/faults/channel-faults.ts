import type { Connection as Ssh2Client } from 'ssh2';
import type { ServerConnection } from '../wire/connection.ts';
import { dropWindowAdjusts, interceptMessage, refuseChannel, setRefusal } from '../wire/ssh2-internals.ts';

/** The text and reason of the next refusal that ssh2 sends. */
export interface Refusal {
  reason: number;
  text: string;
}

/** Puts the faults of channels and global requests in front of ssh2's handlers. */
export function installChannelFaults(
  connection: ServerConnection,
  client: Ssh2Client,
): (next: Refusal) => void {
  let next: Refusal | undefined;
  setRefusal(client, () => {
    const refusal = next;
    next = undefined;
    return refusal;
  });
  interceptOpens(connection, client);
  interceptMessage(client, 'GLOBAL_REQUEST', (pass, name: string) => {
    if (!name.startsWith('keepalive@')) return pass();
    connection.note({ type: 'keepalive' });
    if (connection.faults.keepalive !== 'ignore') pass();
  });
  if (connection.faults.window === 'dropped') dropWindowAdjusts(client);
  return (refusal) => {
    next = refusal;
  };
}

function interceptOpens(connection: ServerConnection, client: Ssh2Client): void {
  const { refuse, reason = 2, text = 'open failed', hang } = connection.faults.channel ?? {};
  let left = typeof refuse === 'number' ? refuse : refuse ? Number.POSITIVE_INFINITY : 0;
  interceptMessage(client, 'CHANNEL_OPEN', (pass, info: { type: string; sender: number }) => {
    connection.reach('channel');
    if (hang) return;
    if (left <= 0) return pass();
    left--;
    connection.note({ type: 'channel-refused', channelType: info.type, reason });
    refuseChannel(client, info.sender, reason, text);
  });
}
