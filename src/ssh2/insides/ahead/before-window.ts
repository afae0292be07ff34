import type { Client, ClientChannel } from 'ssh2';
import { protocolOf, stateOf } from '../internals.ts';
import { channelOf } from '../messages/inbound.ts';
import { serves } from '../registry/look.ts';

/** Bytes that may be sent ahead of a window: a few small requests. */
const most = 16 * 1024;

/** Bytes sent ahead, by channel. */
const owed = new WeakMap<object, number>();
/** Clients whose grants are deducted. */
const deducting = new WeakSet<Client>();

/**
 * Sends data before the window for it has arrived, and deducts it from that. Only for servers known to accept this.
 * Returns false and sends nothing if there is a window already, or if the data has to wait for one.
 */
export function sendBeforeWindow(client: Client, channel: ClientChannel, data: Buffer): boolean {
  const { outgoing } = stateOf(channel);
  if (outgoing?.state !== 'open' || outgoing.window > 0 || !serves(client, 'data before the window'))
    return false;
  const debt = (owed.get(channel) ?? 0) + data.length;
  // Must not overtake what the stream already holds.
  if (channel.writableLength > 0 || debt > most) return false;
  deductGrants(client);
  owed.set(channel, debt);
  protocolOf(client)?.channelData?.(outgoing.id, data);
  return true;
}

/**
 * Not by a window below zero: ssh2 waits only if it is zero, and a server may grant less at once than it has been sent.
 */
function deductGrants(client: Client): void {
  const handlers = protocolOf(client)?._handlers;
  const original = handlers?.['CHANNEL_WINDOW_ADJUST'];
  if (!handlers || typeof original !== 'function' || deducting.has(client)) return;
  deducting.add(client);
  handlers['CHANNEL_WINDOW_ADJUST'] = (protocol: unknown, id: number, granted: number) => {
    const channel = channelOf(client, id);
    const debt = (channel && owed.get(channel)) ?? 0;
    const paid = Math.min(debt, granted);
    if (channel && paid > 0) owed.set(channel, debt - paid);
    if (granted > paid || debt === 0) original(protocol, id, granted - paid);
  };
}
