import type { Client } from 'ssh2';
import { protocolOf } from '../internals.ts';
import { serves } from '../registry/look.ts';
import { type IgnoreProtocol, sendIgnore } from './ignore.ts';

/**
 * Acknowledges what OpenSSH says after the login and nothing is sent in answer to: the host keys that it announces, and
 * its answer to the session requested with the login if nobody waits for that. Its answer to our first channel is held
 * back until then. Other servers say neither, and are sent nothing.
 */
export function hastenFirstChannel(client: Client): void {
  const protocol = protocolOf(client) as IgnoreProtocol | undefined;
  if (protocol && serves(client, 'first channel')) sendIgnore(protocol);
}
