import { createHash } from 'node:crypto';
import type { Client, Connection } from 'ssh2';
import { WireReader } from '../../src/host-key/keys/wire-reader.ts';
import { wireString } from '../../src/host-key/keys/wire-string.ts';
import { hybridKex } from '../../src/ssh2/insides/key-exchange/hybrid-kex.ts';
import {
  chooseAmong,
  offerInstead,
  onKeyExchange,
} from '../../src/ssh2/insides/key-exchange/key-exchange.ts';
import { kexInit, listsStart } from '../../src/ssh2/insides/key-exchange/server-offer.ts';
import { passInbound } from '../../src/ssh2/insides/messages/packets.ts';
import { encapsulate } from './noble-ml-kem.ts';

const publicKeyLength = 1_184;
const classicKex = 'curve25519-sha256';

/** How a server may do it wrong. */
export interface HybridFaults {
  /** Changes what the server answers with. */
  answer?(part: Buffer): Buffer;
}

/**
 * Teaches a connection of ssh2's server the hybrid key exchange, and no other one: the far side of what the library does,
 * written from the draft once more.
 */
export function speakHybrid(connection: Connection, { answer = (part) => part }: HybridFaults = {}): void {
  const client = connection as unknown as Client;
  if (!offerInstead(client, { kex: [hybridKex] })) throw new Error('ssh2 has changed inside');
  let sent: Buffer | undefined;
  passInbound(client, (payload) => {
    if (payload[0] !== kexInit) return payload;
    sent = Buffer.from(payload);
    const reader = new WireReader(payload);
    reader.take(listsStart);
    const names = reader.string().toString('latin1').split(',');
    if (!names.includes(hybridKex)) return payload;
    chooseAmong(client, [classicKex]);
    const instead = [classicKex, ...names.filter((name) => name !== classicKex)];
    return Buffer.concat([
      payload.subarray(0, listsStart),
      wireString(Buffer.from(instead.join(','))),
      payload.subarray(reader.offset),
    ]);
  });
  onKeyExchange(client, (kex) => {
    const { getPublicKey, computeSecret } = kex;
    let ciphertext: Buffer = Buffer.alloc(0);
    if (sent) kex._remoteKexinit = sent;
    kex.convertPublicKey = (key) => key;
    kex.computeSecret = (theirs) => {
      const capsule = encapsulate(theirs.subarray(0, publicKeyLength));
      ciphertext = capsule.ciphertext;
      const classic = computeSecret.call(kex, theirs.subarray(publicKeyLength));
      if (classic instanceof Error) return classic;
      const raw = Buffer.concat([Buffer.alloc(32), classic]).subarray(-32);
      return createHash('sha256').update(capsule.secret).update(raw).digest();
    };
    kex.getPublicKey = () => answer(Buffer.concat([ciphertext, getPublicKey.call(kex)]));
  });
}
