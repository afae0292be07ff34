import type { Client } from 'ssh2';
import { type IgnoreProtocol, sendIgnore } from './ignore.ts';
import { handlersOf } from './inbound.ts';
import { protocolOf } from './internals.ts';
import { serves } from './look.ts';

/**
 * Acknowledges, once, the host keys that OpenSSH tells after the login. Its answer to the first channel that we open
 * waits for that. Other servers tell none, and get nothing.
 */
export function hastenFirstChannel(client: Client): void {
  const protocol = protocolOf(client) as IgnoreProtocol | undefined;
  const handlers = handlersOf(client);
  const original = handlers?.GLOBAL_REQUEST;
  if (!protocol || !handlers || !original || !serves(client, 'first channel')) return;
  let isAcknowledged = false;
  handlers.GLOBAL_REQUEST = (given, name, wantReply, data) => {
    original(given, name, wantReply, data);
    if (isAcknowledged || name !== 'hostkeys-00@openssh.com') return;
    isAcknowledged = true;
    sendIgnore(protocol);
  };
}
