import type { Client } from 'ssh2';
import { handlersOf } from '../insides/messages/inbound.ts';
import type { OnExceeded } from './receive-window.ts';

/**
 * Every implementation accepts 32 KiB (RFC 4253 section 6.1); no server that wants data asks for packets this small.
 */
const least = 64;

/**
 * Ends the connection if a channel accepts packets of only a few bytes: ssh2 fills the channel's window with packets of
 * that size within one turn, and with a size of zero it loops forever. Call it right after `client.connect`; returns
 * false if ssh2's internals have changed.
 */
export function boundPacketSizes(client: Client, onExceeded: OnExceeded): boolean {
  const handlers = handlersOf(client);
  const { CHANNEL_OPEN: onOpen, CHANNEL_OPEN_CONFIRMATION: onConfirmed } = handlers ?? {};
  if (!handlers || !onOpen || !onConfirmed) return false;
  const isEnough = ({ packetSize }: { packetSize: number }) => {
    if (packetSize < least)
      onExceeded(
        `it takes packets of at most ${packetSize} bytes on a channel (limit: at least ${least} bytes)`,
      );
    return packetSize >= least;
  };
  handlers.CHANNEL_OPEN = (protocol, info) => {
    if (isEnough(info)) onOpen(protocol, info);
  };
  handlers.CHANNEL_OPEN_CONFIRMATION = (protocol, info) => {
    if (isEnough(info)) onConfirmed(protocol, info);
  };
  return true;
}
