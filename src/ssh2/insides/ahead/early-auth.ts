import type { Client, ParsedKey } from 'ssh2';
import { protocolOf } from '../internals.ts';
import { serves } from '../registry/look.ts';
import { replaceUntilLogin } from '../until-login.ts';
import { type IgnoreProtocol, sendIgnore } from './ignore.ts';

/** Has the data of a login signed. */
export type SignData = (data: Buffer, done: (signature: Buffer) => void) => void;
type AuthPublicKey = (username: string, key: ParsedKey, algorithm?: string, sign?: SignData) => void;

interface EarlyProtocol extends IgnoreProtocol {
  authPK?: AuthPublicKey;
  service?: (name: string) => void;
  _handlers?: Record<string, unknown>;
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
 *
 * @param isSshd Whether the answer is to be acknowledged; asked when it has come. TinySSH reads one packet and forgets
 *   the next that came with it: the one that opens the first channel would be lost behind ours.
 */
export function authenticateEarly(client: Client, isSshd: () => boolean = () => true): void {
  const protocol = protocolOf(client) as EarlyProtocol | undefined;
  if (!protocol || !serves(client, 'early login')) return;
  signFirstRequest(client, protocol);
  skipServiceAccept(client, protocol, isSshd);
}

function signFirstRequest(client: Client, protocol: EarlyProtocol): void {
  const original = protocol.authPK;
  if (typeof original !== 'function') return;
  replaceUntilLogin(client, protocol, 'authPK', (username, key, algorithm, sign) => {
    original.call(protocol, username, key, algorithm, sign ?? signerOf(key, algorithm));
  });
}

/** Keys of an agent can only be asked about; their signing takes a while and may ask a human. */
function signerOf(key: ParsedKey, algorithm: string | undefined): SignData | undefined {
  if (typeof key.isPrivateKey !== 'function' || !key.isPrivateKey()) return undefined;
  return (data, done) => {
    const signature = key.sign(data, algorithm === undefined ? undefined : hashes[algorithm]);
    if (signature instanceof Error) throw signature;
    done(signature);
  };
}

function skipServiceAccept(client: Client, protocol: EarlyProtocol, isSshd: () => boolean): void {
  const { service, _handlers: handlers } = protocol;
  const onAccept = handlers?.['SERVICE_ACCEPT'];
  if (typeof service !== 'function' || typeof onAccept !== 'function' || !handlers) return;
  let started = false;
  // It comes behind our request alone: what comes before is out of turn, and never gets here. sshd's answer to the login
  // waits until it is acknowledged.
  replaceUntilLogin(client, handlers, 'SERVICE_ACCEPT', () => {
    if (isSshd()) sendIgnore(protocol);
  });
  replaceUntilLogin(client, protocol, 'service', (name) => {
    service.call(protocol, name);
    if (started || name !== 'ssh-userauth') return;
    started = true;
    onAccept(protocol, name);
  });
}
