import type { Client } from 'ssh2';
import { protocolOf } from './internals.ts';

interface IdentifyingProtocol {
  /** Sends the line; only there until it has been called. */
  start?: () => void;
  _identRaw?: Buffer;
}

/** The line that ssh2 would send by itself. */
export const identification: Buffer = Buffer.from('SSH-2.0-ssh2js1.17.0\r\n');
/** What the exchange hash covers (RFC 4253 section 8). */
const withoutLineEnd = identification.subarray(0, -2);

/**
 * The line has been sent: ssh2 is not to send one. Call it right after `client.connect`. @throws Error if this version of
 * ssh2 would.
 */
export function alreadyIdentified(client: Client): void {
  const protocol = protocolOf(client) as IdentifyingProtocol | undefined;
  if (typeof protocol?.start !== 'function')
    throw new Error('this version of ssh2 does not allow us to send its identification line');
  protocol.start = ignored;
  protocol._identRaw = withoutLineEnd;
}

function ignored(): void {}
