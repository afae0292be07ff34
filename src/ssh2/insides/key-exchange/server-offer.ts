import type { Client } from 'ssh2';
import { MalformedWireData, WireReader } from '../../../host-key/keys/wire-reader.ts';
import { passInbound, stopPassing } from '../messages/packets.ts';
import { serves } from '../registry/look.ts';

/** What a server can do, according to its KEXINIT (RFC 4253 section 7.1): untrusted text. */
export interface ServerOffer {
  readonly kex: readonly string[];
  readonly serverHostKey: readonly string[];
  /** For the client-to-server direction. */
  readonly cipher: readonly string[];
  readonly mac: readonly string[];
}

/** SSH_MSG_KEXINIT. */
export const kexInit = 20;
/** Message number and cookie. */
export const listsStart = 17;

/** The name-list at the reader's position (RFC 4251 section 5). */
export function nameList(reader: WireReader): string[] {
  return reader.string().toString('latin1').split(',');
}

/** Undefined for a malformed KEXINIT: ssh2 will reject it. */
export function inKexInit<T>(payload: Buffer, read: (reader: WireReader) => T): T | undefined {
  try {
    const reader = new WireReader(payload);
    reader.take(listsStart);
    return read(reader);
  } catch (error) {
    if (error instanceof MalformedWireData) return undefined;
    throw error;
  }
}

/** Reads what the server offers. Only to be called in the turn in which it came: ssh2 reuses the memory. */
export type ReadOffer = () => ServerOffer | undefined;

/**
 * Calls back before ssh2 looks for something in common. Called once, for the first KEXINIT, which is only taken apart for
 * those who ask: that is where nothing is in common.
 */
export function onServerOffer(client: Client, listener: (read: ReadOffer) => void): void {
  if (!serves(client, 'offer of the server')) return;
  const read = (payload: Buffer) => {
    if (payload[0] !== kexInit) return payload;
    stopPassing(client, read);
    listener(() => inKexInit(payload, offerIn));
    return payload;
  };
  passInbound(client, read);
}

function offerIn(reader: WireReader): ServerOffer {
  const [kex, serverHostKey, cipher] = [nameList(reader), nameList(reader), nameList(reader)];
  // The server-to-client ciphers; both directions offer the same kinds.
  nameList(reader);
  return { kex, serverHostKey, cipher, mac: nameList(reader) };
}
