import type { Client, ClientChannel } from 'ssh2';
import { protocolOf, stateOf } from '../internals.ts';
import { serves } from '../registry/look.ts';

/** Bytes that may be sent ahead of a window: a few small requests. */
const most = 16 * 1024;

/**
 * Sends data before the window for it has arrived, and deducts it from that. Only for servers known to accept this.
 * Returns false and sends nothing if there is a window already, or if the data has to wait for one.
 */
export function sendBeforeWindow(client: Client, channel: ClientChannel, data: Buffer): boolean {
  const { outgoing } = stateOf(channel);
  if (outgoing?.state !== 'open' || outgoing.window > 0 || !serves(client, 'data before the window'))
    return false;
  // Must not overtake what the stream already holds.
  if (channel.writableLength > 0 || data.length - outgoing.window > most) return false;
  protocolOf(client)?.channelData?.(outgoing.id, data);
  outgoing.window -= data.length;
  // As ssh2 does itself when the window is used up: later writes are sent when there is more of it.
  Object.assign(channel, { _waitWindow: true });
  return true;
}
