import type { Readable } from 'node:stream';
import type { Client } from 'ssh2';
import { protocolOf } from './internals.ts';

/**
 * What ssh2's protocol calls with each message that came in, by the message's name (RFC 4250 section 4.1.2): members
 * that we replace, so that what the far side sends is counted before it is kept. Each may be missing.
 */
export interface InboundHandlers {
  /** ssh2 looks only whether the window is exactly zero (mscdex/ssh2#1505; RFC 4254 section 5.2). */
  CHANNEL_DATA?(protocol: unknown, id: number, data: Buffer): void;
  /** As for CHANNEL_DATA. */
  CHANNEL_EXTENDED_DATA?(protocol: unknown, id: number, data: Buffer, type: number): void;
}

/** An open channel of ssh2's. */
export type InboundChannel = Readable & { stderr: Readable };

interface WithChannels {
  _chanMgr?: { get?(id: number): unknown };
}

interface WithForwards {
  _forwarding?: object;
  _forwardingUnix?: object;
}

/** The handlers of a client that has connected. */
export function handlersOf(client: Client): InboundHandlers | undefined {
  const handlers = protocolOf(client)?._handlers;
  return typeof handlers === 'object' ? (handlers as InboundHandlers) : undefined;
}

/** The open channel of that number; undefined while the server has not answered the request for it. */
export function channelOf(client: Client, id: number): InboundChannel | undefined {
  const channel = (client as unknown as WithChannels)._chanMgr?.get?.(id);
  return typeof channel === 'object' && channel !== null ? (channel as InboundChannel) : undefined;
}

/**
 * Takes the inherited names out of ssh2's tables of forwards, whose keys the server chooses when it opens a channel: it
 * would find one for a socket named `constructor`, and neither accept nor refuse the channel. To be called when the
 * client has connected.
 */
export function knowForwardsByOwnNamesOnly(client: Client): void {
  const { _forwarding: ports, _forwardingUnix: sockets } = client as unknown as WithForwards;
  for (const table of [ports, sockets]) if (typeof table === 'object') Object.setPrototypeOf(table, null);
}
