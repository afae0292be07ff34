import type { Client } from 'ssh2';
import { handlersOf } from '../insides/messages/inbound.ts';
import type { OnExceeded } from './receive-window.ts';

/** Every server takes 32 KiB (RFC 4253 section 6.1); so little is said by none that wants to be sent something. */
const least = 64;

/**
 * Ends the connection over a channel that takes packets of hardly any bytes: to fill its window, ssh2 sends that many
 * packets within one turn, and with a size of zero it never ends. To be called when the client has connected; false
 * when ssh2 changed inside.
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
