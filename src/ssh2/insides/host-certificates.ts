import type { Client } from 'ssh2';
import { WireReader } from '../../host-key/wire-reader.ts';
import { wireString } from '../../host-key/wire-string.ts';
import { protocolOf } from './internals.ts';

interface Entry {
  array: string[];
}

interface Direction {
  cipher: Entry;
  mac: Entry;
  compress: Entry;
  lang: Entry;
}

interface Offer {
  lists: { kex: Entry; serverHostKey: Entry; cs: Direction; sc: Direction };
}

interface KeyExchange {
  type?: string;
  negotiated?: { serverHostKey?: string };
  _finished?: boolean;
  _hostKey?: Buffer;
  parse(payload: Buffer): unknown;
  finish(...given: unknown[]): unknown;
  getPublicKey(): Buffer;
}

interface KexProtocol {
  _offer?: Offer;
  _kex?: KeyExchange;
}

export const certificateSuffix = '-cert-v01@openssh.com';

/** SSH_MSG_KEXDH_REPLY and SSH_MSG_KEX_DH_GEX_REPLY. */
const reply = 31;
const groupExchangeReply = 33;

export interface CertificateJudge {
  /** The certified key in wire format; undefined for what is no certificate of the algorithm asked for. */
  keyIn(certificate: Buffer, algorithm: string): Buffer | undefined;
  /** Told before ssh2 asks whether the certified key is accepted. */
  onShown(certificate: Buffer): void;
  /** The server shows something else than it agreed to. Nothing more of it may be read. */
  onInvalid(): void;
}

/**
 * Asks the server for a host key of these algorithms, certificates included, and lets ssh2 exchange keys with one. ssh2
 * knows no certificates: it is given the certified key, and the certificate where the exchange is hashed (RFC 4253
 * section 8). To be called after `client.connect`, before anything was received. False when ssh2 changed inside.
 */
export function askForCertificates(
  client: Client,
  algorithms: readonly string[],
  judge: CertificateJudge,
): boolean {
  const protocol = protocolOf(client) as KexProtocol | undefined;
  if (!protocol || !replaceOffer(protocol, algorithms)) return false;
  let kex = protocol._kex;
  Object.defineProperty(protocol, '_kex', {
    configurable: true,
    enumerable: true,
    get: () => kex,
    set: (next: KeyExchange | undefined) => {
      kex = next;
      if (next?.negotiated?.serverHostKey?.endsWith(certificateSuffix)) teach(next, judge);
    },
  });
  return true;
}

/** ssh2 refuses names that it does not know; the list that it sends is put in place of its own. */
function replaceOffer(protocol: KexProtocol, algorithms: readonly string[]): boolean {
  const ours = protocol._offer;
  const lists = ours?.lists;
  if (!ours || !lists?.kex?.array || !lists.cs?.cipher?.array || !lists.sc?.cipher?.array) return false;
  // Not from an optional chain: Bun 1.4 puts what is used once where it is used, and `new a?.b()` is no syntax.
  const Lists = ours.constructor as new (lists: object) => Offer;
  const offer = new Lists({
    kex: lists.kex.array,
    serverHostKey: [...algorithms],
    cs: arraysOf(lists.cs),
    sc: arraysOf(lists.sc),
  });
  if (offer.lists?.serverHostKey?.array?.join() !== algorithms.join()) return false;
  protocol._offer = offer;
  return true;
}

function arraysOf({ cipher, mac, compress, lang }: Direction): Record<keyof Direction, string[]> {
  return { cipher: cipher.array, mac: mac.array, compress: compress.array, lang: lang.array };
}

function teach(kex: KeyExchange, judge: CertificateJudge): void {
  const { parse, finish, getPublicKey, negotiated = {} } = kex;
  const algorithm = negotiated.serverHostKey ?? '';
  let shown: { certificate: Buffer; key: Buffer } | undefined;
  negotiated.serverHostKey = algorithm.slice(0, -certificateSuffix.length);
  kex.parse = (payload) => {
    const isReply = payload[0] === (kex.type === 'groupex' ? groupExchangeReply : reply);
    if (!isReply || shown) return parse.call(kex, payload);
    const { certificate, rest } = firstString(payload);
    const key = certificate && judge.keyIn(certificate, algorithm);
    if (!certificate || !key) return judge.onInvalid();
    shown = { certificate, key };
    judge.onShown(certificate);
    return parse.call(kex, Buffer.concat([payload.subarray(0, 1), wireString(key), rest]));
  };
  // The exchange is hashed with the certificate, and then, from getPublicKey on, checked with the key.
  kex.finish = (...given) => {
    if (shown && !kex._finished) kex._hostKey = shown.certificate;
    return finish.apply(kex, given);
  };
  kex.getPublicKey = () => {
    if (shown) kex._hostKey = shown.key;
    return getPublicKey.call(kex);
  };
}

/** What a reply begins with, out of a buffer that ssh2 uses again. */
function firstString(payload: Buffer): { certificate?: Buffer; rest: Buffer } {
  try {
    const reader = new WireReader(payload);
    reader.take(1);
    const certificate = Buffer.from(reader.string());
    return { certificate, rest: payload.subarray(reader.offset) };
  } catch {
    return { rest: Buffer.alloc(0) };
  }
}
