import type { Client } from 'ssh2';
import { protocolOf } from '../internals.ts';
import { serves } from '../registry/look.ts';
import { type IgnoreProtocol, sendIgnore } from './ignore.ts';

/**
 * Acknowledges the host keys that OpenSSH announces after the login: its answer to our first channel is held back until
 * then. Other servers announce none, and are sent nothing.
 */
export function hastenFirstChannel(client: Client): void {
  const protocol = protocolOf(client) as IgnoreProtocol | undefined;
  if (protocol && serves(client, 'first channel')) sendIgnore(protocol);
}
