import type { Client } from 'ssh2';
import { WireReader } from '../../../host-key/keys/wire-reader.ts';
import { wireString } from '../../../host-key/keys/wire-string.ts';
import { type KeyExchange, offerInstead, onKeyExchange } from './key-exchange.ts';

const certificateSuffix = '-cert-v01@openssh.com';

/** SSH_MSG_KEXDH_REPLY and SSH_MSG_KEX_DH_GEX_REPLY. */
const reply = 31;
const groupExchangeReply = 33;

interface CertificateJudge {
  /** The certified key in wire format; undefined if this is not a certificate of the requested algorithm. */
  keyIn(certificate: Buffer, algorithm: string): Buffer | undefined;
  /** Called before ssh2 asks whether the certified key is accepted. */
  onShown(certificate: Buffer): void;
  /** The server sent something other than it agreed to. Nothing more from it may be read. */
  onInvalid(): void;
}

/**
 * Asks the server for a host key of these algorithms, certificates included, and lets ssh2 perform the key exchange
 * with it. ssh2 does not know certificates: it is given the certified key, and the certificate where the exchange hash
 * is computed (RFC 4253 section 8). Call it right after `client.connect`. Returns false if ssh2's internals have
 * changed.
 */
export function askForCertificates(
  client: Client,
  algorithms: readonly string[],
  judge: CertificateJudge,
): boolean {
  if (!offerInstead(client, { serverHostKey: algorithms })) return false;
  return onKeyExchange(client, (kex) => {
    if (kex.negotiated?.serverHostKey?.endsWith(certificateSuffix)) teach(kex, judge);
  });
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
  // The exchange hash covers the certificate; from getPublicKey on, the signature is checked with the key.
  kex.finish = (...given) => {
    if (shown && !kex._finished) kex._hostKey = shown.certificate;
    return finish.apply(kex, given);
  };
  kex.getPublicKey = () => {
    if (shown) kex._hostKey = shown.key;
    return getPublicKey.call(kex);
  };
}

/** The first string of a reply, copied from a buffer that ssh2 reuses. */
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
