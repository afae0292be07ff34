import type { Client, ClientChannel } from 'ssh2';
import { protocolOf, stateOf } from '../internals.ts';
import { serves } from '../registry/look.ts';

/** Bytes that may be sent ahead of a window: a few small requests. */
const most = 16 * 1024;

/**
 * Sends data for which the window is still to come, and counts it against that. Only for a server of which that is known.
 * False, and nothing sent, where there is a window, or the data has to wait for one.
 */
export function sendBeforeWindow(client: Client, channel: ClientChannel, data: Buffer): boolean {
  const { outgoing } = stateOf(channel);
  if (outgoing?.state !== 'open' || outgoing.window > 0 || !serves(client, 'data before the window'))
    return false;
  // What the stream holds already must not be overtaken.
  if (channel.writableLength > 0 || data.length - outgoing.window > most) return false;
  protocolOf(client)?.channelData?.(outgoing.id, data);
  outgoing.window -= data.length;
  // As ssh2 does itself where the window is used up: what is written now leaves when there is more of it.
  Object.assign(channel, { _waitWindow: true });
  return true;
}
