import type { Client, ParsedKey } from 'ssh2';
import { protocolOf } from './internals.ts';
import { serves } from './look.ts';

type Sign = (data: Buffer, done: (signature: Buffer) => void) => void;
type AuthPublicKey = (username: string, key: ParsedKey, algorithm?: string, sign?: Sign) => void;

interface EarlyProtocol {
  authPK?: AuthPublicKey;
  service?: (name: string) => void;
  _handlers?: Record<string, unknown>;
  _kexinit?: unknown;
  _kex?: { negotiated?: { cs?: { compress?: string } } };
  _cipher?: { encrypt?: (packet: Buffer) => void };
  _packetRW?: {
    write?: { allocStart: number; alloc(length: number): Buffer; finalize(packet: Buffer): Buffer };
  };
}

/** The hash of each RSA signature algorithm (RFC 8332); other keys have one of their own. */
const hashes: Record<string, string> = {
  'rsa-sha2-256': 'sha256',
  'rsa-sha2-512': 'sha512',
  'ssh-rsa': 'sha1',
};

/**
 * Spares two round trips of a login, by not waiting where the protocol does not ask for it: the first request for a
 * key that is at hand carries its signature already (RFC 4252 section 7), and it follows the request for the
 * authentication service without waiting for its acceptance. Where ssh2 has changed inside, all stays as it was.
 */
export function authenticateEarly(client: Client): void {
  const protocol = protocolOf(client) as EarlyProtocol | undefined;
  if (!protocol || !serves(client, 'early login')) return;
  signFirstRequest(protocol);
  skipServiceAccept(protocol);
}

function signFirstRequest(protocol: EarlyProtocol): void {
  const original = protocol.authPK;
  if (typeof original !== 'function') return;
  protocol.authPK = (username, key, algorithm, sign) => {
    original.call(protocol, username, key, algorithm, sign ?? signerOf(key, algorithm));
  };
}

/** Keys of an agent can only be asked about; their signing takes a while and may ask a human. */
function signerOf(key: ParsedKey, algorithm: string | undefined): Sign | undefined {
  if (typeof key.isPrivateKey !== 'function' || !key.isPrivateKey()) return undefined;
  return (data, done) => {
    const signature = key.sign(data, algorithm === undefined ? undefined : hashes[algorithm]);
    if (signature instanceof Error) throw signature;
    done(signature);
  };
}

function skipServiceAccept(protocol: EarlyProtocol): void {
  const { service, _handlers: handlers } = protocol;
  const onAccept = handlers?.['SERVICE_ACCEPT'];
  if (typeof service !== 'function' || typeof onAccept !== 'function' || !handlers) return;
  let started = false;
  // It comes behind our request alone: what comes before is out of turn, and never gets here.
  handlers['SERVICE_ACCEPT'] = () => sendIgnore(protocol);
  protocol.service = (name) => {
    service.call(protocol, name);
    if (started || name !== 'ssh-userauth') return;
    started = true;
    onAccept(protocol, name);
  };
}

/** RFC 4253 section 11.2. */
const messageIgnore = 2;

/**
 * Begins when the server has sent its USERAUTH_SUCCESS, perhaps together with the acceptance of the service: what we
 * then send before we have read it would come uncompressed to a server that inflates.
 */
const delayedCompression = 'zlib@openssh.com';

/**
 * sshd leaves Nagle's algorithm on while it logs in: the answer to the login waits until the acceptance of the service
 * is acknowledged, and with nothing to say our TCP would take 40 ms (Windows: 200 ms) over that.
 */
function sendIgnore({ _packetRW, _cipher, _kexinit, _kex }: EarlyProtocol): void {
  const writer = _packetRW?.write;
  if (_kex?.negotiated?.cs?.compress === delayedCompression) return;
  if (typeof writer?.alloc !== 'function' || typeof writer.finalize !== 'function' || _kexinit !== undefined)
    return;
  if (typeof _cipher?.encrypt !== 'function') return;
  const packet = writer.alloc(5);
  packet[writer.allocStart] = messageIgnore;
  packet.fill(0, writer.allocStart + 1, writer.allocStart + 5);
  _cipher.encrypt(writer.finalize(packet));
}
