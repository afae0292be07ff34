import type { Client } from 'ssh2';
import { protocolOf } from '../internals.ts';
import { serves } from '../registry/look.ts';
import { type IgnoreProtocol, sendIgnore } from './ignore.ts';

/**
 * Acknowledges the host keys that OpenSSH tells after the login: its answer to the first channel that we open waits for
 * that. Other servers tell none, and get nothing.
 */
export function hastenFirstChannel(client: Client): void {
  const protocol = protocolOf(client) as IgnoreProtocol | undefined;
  if (protocol && serves(client, 'first channel')) sendIgnore(protocol);
}
