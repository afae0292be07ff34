import type { Client } from 'ssh2';
import { passInbound } from './packets.ts';

/** What ssh2 keeps for a channel: this, or a function while the server has not answered the open request. */
interface Kept {
  incoming?: { state?: string };
  outgoing?: { window?: number };
  _callbacks?: readonly unknown[];
  _exit?: { code?: unknown };
}

interface ClientState {
  _chanMgr?: { get?(id: number): Kept | (() => void) | undefined };
  _callbacks?: readonly unknown[];
}

/** Where the channel number stands in messages of the connection protocol (RFC 4254). */
const channelAt = 1;
const requestAt = channelAt + 4;
/** Data messages up to these lengths carry no data. */
const emptyData = channelAt + 8;
const extendedTypeAt = channelAt + 4;
const emptyExtended = channelAt + 12;
/** RFC 4254 section 5.2. */
const largestWindow = 2 ** 32 - 1;
/** How a command ends (RFC 4254 section 6.10); each is sent once. */
const exits: ReadonlySet<string> = new Set(['exit-status', 'exit-signal']);

/**
 * `idle`: requests and answers nothing, or is for a channel that does not exist. `asking`: a request that is always
 * refused.
 */
type Unasked = 'idle' | 'asking';

/**
 * Calls back for each message that a server had no reason to send (IGNORE, DEBUG, unknown numbers, answers to nothing,
 * empty data), and for each request that is refused: ssh2 ignores any number of them.
 */
export function onUnasked(client: Client, listener: (kind: Unasked, bytes: number) => void): boolean {
  return passInbound(client, (payload) => {
    const kind = unaskedKind(client as unknown as ClientState, payload);
    if (kind) listener(kind, payload.length);
    return payload;
  });
}

function unaskedKind(client: ClientState, payload: Buffer): Unasked | undefined {
  const type = payload[0] ?? 0;
  if (type === 80) return wantsReply(payload, 1) ? 'asking' : 'idle';
  if (type === 90) return textAt(payload, 1).startsWith('forwarded-') ? undefined : 'asking';
  if (type < 91 || type > 100) return isIdle(client, type) ? 'idle' : undefined;
  if (payload.length < channelAt + 4) return undefined;
  const kept = client._chanMgr?.get?.(payload.readUInt32BE(channelAt));
  // An answer to the open request, or to the first request sent with it.
  if (typeof kept === 'function') return undefined;
  if (type === 98 && kept && wantsReply(payload, requestAt)) return 'asking';
  return !kept || isIdleIn(kept, type, payload) ? 'idle' : undefined;
}

/** For messages outside a channel. ssh2 knows no other numbers, and ignores them. */
function isIdle(client: ClientState, type: number): boolean {
  if (isReply(type)) return isEmpty(client._callbacks);
  const isKnown = type < 2 || type === 6 || (type >= 20 && type <= 53) || type === 60 || type === 61;
  return !isKnown;
}

function isIdleIn(kept: Kept, type: number, payload: Buffer): boolean {
  if (type <= 92) return true;
  if (type === 93) return (kept.outgoing?.window ?? 0) > largestWindow;
  if (type === 94) return payload.length <= emptyData;
  if (type === 95) return payload.length <= emptyExtended || payload.readUInt32BE(extendedTypeAt) !== 1;
  if (type === 96) return kept.incoming?.state !== 'open';
  if (type === 98) return kept._exit?.code !== undefined || !exits.has(textAt(payload, requestAt));
  return type >= 99 && isEmpty(kept._callbacks);
}

/** The string at `at`, up to 20 bytes; no longer one matters here. */
function textAt(payload: Buffer, at: number): string {
  const start = at + 4;
  const length = payload.length < start ? 0 : Math.min(payload.readUInt32BE(at), 20);
  return payload.toString('latin1', start, start + length);
}

function wantsReply(payload: Buffer, nameAt: number): boolean {
  return payload.length >= nameAt + 4 && payload[nameAt + 4 + payload.readUInt32BE(nameAt)] === 1;
}

const isReply = (type: number) => type === 81 || type === 82;
const isEmpty = (list: readonly unknown[] | undefined) => list?.length === 0;
