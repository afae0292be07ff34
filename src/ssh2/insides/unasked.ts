import type { Client } from 'ssh2';
import { passInbound } from './packets.ts';

/** What ssh2 keeps of a channel: this, or while the server has not answered the opening of it, a function. */
interface Kept {
  incoming?: { state?: string };
  outgoing?: { window?: number };
  _callbacks?: readonly unknown[];
  _exit?: { code?: unknown };
}

interface Keeper {
  _chanMgr?: { get?(id: number): Kept | (() => void) | undefined };
  _callbacks?: readonly unknown[];
}

/** Where the number of the channel stands in the messages of the connection protocol (RFC 4254). */
const channelAt = 1;
/** RFC 4254 section 5.2. */
const largestWindow = 2 ** 32 - 1;

/**
 * Calls back with the length of each message that means nothing (IGNORE, UNIMPLEMENTED, DEBUG, EXT_INFO), answers nothing, or is for a
 * channel that there is not: ssh2 passes over any number of them.
 */
export function onUnasked(client: Client, listener: (bytes: number) => void): boolean {
  return passInbound(client, (payload) => {
    if (isUnasked(client as unknown as Keeper, payload)) listener(payload.length);
    return payload;
  });
}

function isUnasked(client: Keeper, payload: Buffer): boolean {
  const type = payload[0] ?? 0;
  if (type < 91)
    return (type >= 2 && type <= 7 && type !== 6) || (isReply(type) && isEmpty(client._callbacks));
  if (type > 100 || payload.length < channelAt + 4) return false;
  const kept = client._chanMgr?.get?.(payload.readUInt32BE(channelAt));
  // The answer to an opening, and to a request with it.
  if (typeof kept === 'function') return false;
  if (!kept || type <= 92) return true;
  if (type === 93) return (kept.outgoing?.window ?? 0) > largestWindow;
  if (type === 96) return kept.incoming?.state !== 'open';
  if (type === 98) return kept._exit?.code !== undefined;
  return type >= 99 && isEmpty(kept._callbacks);
}

const isReply = (type: number) => type === 81 || type === 82;
const isEmpty = (list: readonly unknown[] | undefined) => list?.length === 0;
