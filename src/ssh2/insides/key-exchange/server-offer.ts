import type { Client } from 'ssh2';
import { MalformedWireData, WireReader } from '../../../host-key/keys/wire-reader.ts';
import { passInbound, stopPassing } from '../messages/packets.ts';
import { serves } from '../registry/look.ts';

/** What a server can do, as its KEXINIT says (RFC 4253 section 7.1): foreign text. */
export interface ServerOffer {
  readonly kex: readonly string[];
  readonly serverHostKey: readonly string[];
  /** Of what we send. */
  readonly cipher: readonly string[];
  readonly mac: readonly string[];
}

/** SSH_MSG_KEXINIT. */
export const kexInit = 20;
/** Type and cookie. */
export const listsStart = 17;

/** The names of the list that `reader` has come to (RFC 4251 section 5). */
export function nameList(reader: WireReader): string[] {
  return reader.string().toString('latin1').split(',');
}

/** Undefined for a KEXINIT that is malformed: ssh2 will refuse it. */
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

/** Tells what the server offers, before ssh2 looks for something in common. Told once: the first time. */
export function onServerOffer(client: Client, listener: (offer: ServerOffer) => void): void {
  if (!serves(client, 'offer of the server')) return;
  const read = (payload: Buffer) => {
    if (payload[0] !== kexInit) return payload;
    stopPassing(client, read);
    const offer = inKexInit(payload, offerIn);
    if (offer) listener(offer);
    return payload;
  };
  passInbound(client, read);
}

function offerIn(reader: WireReader): ServerOffer {
  const [kex, serverHostKey, cipher] = [nameList(reader), nameList(reader), nameList(reader)];
  // The same for what the server sends, which is of no other kind.
  nameList(reader);
  return { kex, serverHostKey, cipher, mac: nameList(reader) };
}
