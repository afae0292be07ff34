import { createHash } from 'node:crypto';
import type { Client } from 'ssh2';
import { wireString } from '../../../host-key/keys/wire-string.ts';
import { passInbound } from '../messages/packets.ts';
import { chooseAmong, type KeyExchange, offerInstead, onKeyExchange } from './key-exchange.ts';
import { inKexInit, kexInit, listsStart, nameList } from './server-offer.ts';

/** ML-KEM-768 combined with X25519 (draft-ietf-sshm-mlkem-hybrid-kex): OpenSSH's first choice since 10.0. */
export const hybridKex = 'mlkem768x25519-sha256';
/** The half that ssh2 knows. */
const classicKex = 'curve25519-sha256';
/** Placed first if the server has guessed wrong. No server can offer it, as it contains a space. */
const wrongGuess = 'wrong guess';

/** FIPS 203, table 3. */
const ciphertextLength = 1_088;
/** RFC 7748. */
const curveLength = 32;

/** The key pair of one exchange. */
export interface KemKeys {
  /** The encapsulation key, 1,184 bytes. */
  readonly publicKey: Buffer;
  /** The shared secret, 32 bytes. */
  decapsulate(ciphertext: Buffer): Buffer;
}

/**
 * Offers the hybrid key exchange and performs it if it is agreed on, re-keys included. ssh2 is told that X25519 was
 * agreed on, and given both secrets in one. Call it right after `client.connect`. Returns false if ssh2's internals
 * have changed.
 */
export function offerHybrid(client: Client, names: readonly string[], makeKeys: () => KemKeys): boolean {
  if (!offerInstead(client, { kex: names })) return false;
  let agreed: Buffer | undefined;
  const isSeen = passInbound(client, (payload) => {
    if (payload[0] !== kexInit) return payload;
    const server = inKexInit(payload, (reader) => ({ kex: nameList(reader), end: reader.offset }));
    const isAgreed = server && names.find((name) => server.kex.includes(name)) === hybridKex;
    agreed = isAgreed ? Buffer.from(payload) : undefined;
    chooseAmong(client, isAgreed ? [classicKex] : names);
    return isAgreed ? withKex(payload, classicInstead(server.kex), server.end) : payload;
  });
  return (
    isSeen &&
    onKeyExchange(client, (kex) => {
      if (agreed) teach(kex, agreed, makeKeys());
      agreed = undefined;
    })
  );
}

/**
 * The server's names, changed so that ssh2 agrees on the classic half. A right or wrong guess of the server remains
 * one.
 */
function classicInstead(server: readonly string[]): string[] {
  const others = server.filter((name) => name !== hybridKex && name !== classicKex);
  return server[0] === hybridKex ? [classicKex, ...others] : [wrongGuess, classicKex, ...others];
}

function teach(kex: KeyExchange, serverInit: Buffer, { publicKey, decapsulate }: KemKeys): void {
  const { getPublicKey, computeSecret, negotiated } = kex;
  if (negotiated) negotiated.kex = hybridKex;
  // The hash covers what was actually sent.
  kex._remoteKexinit = serverInit;
  kex.getPublicKey = () => Buffer.concat([publicKey, getPublicKey.call(kex)]);
  kex.convertPublicKey = (key) => key;
  kex.computeSecret = (theirs) => {
    if (theirs.length !== ciphertextLength + curveLength) {
      return new Error(
        `the server's part has ${theirs.length} bytes instead of ${ciphertextLength + curveLength}`,
      );
    }
    const classic = computeSecret.call(kex, theirs.subarray(ciphertextLength));
    if (classic instanceof Error) return classic;
    const secret = decapsulate(theirs.subarray(0, ciphertextLength));
    return createHash('sha256').update(secret).update(fromMpint(classic)).digest();
  };
}

/** ssh2's mpint has leading zeros stripped, or one added to keep it positive. */
function fromMpint(secret: Buffer): Buffer {
  const bytes = secret.length > curveLength ? secret.subarray(secret.length - curveLength) : secret;
  return Buffer.concat([Buffer.alloc(curveLength - bytes.length), bytes]);
}

function withKex(payload: Buffer, names: readonly string[], end: number): Buffer {
  return Buffer.concat([
    payload.subarray(0, listsStart),
    wireString(Buffer.from(names.join(','), 'latin1')),
    payload.subarray(end),
  ]);
}
