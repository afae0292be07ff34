import type { Client, ParsedKey } from 'ssh2';
import { now } from '../../../time/timer.ts';
import { protocolOf } from '../internals.ts';
import { serves } from '../registry/look.ts';
import { replaceUntilLogin } from '../until-login.ts';
import { type IgnoreProtocol, sendIgnore } from './ignore.ts';

/** Has the login's data signed. */
export type SignData = (data: Buffer, done: (signature: Buffer) => void) => void;
type AuthPublicKey = (username: string, key: ParsedKey, algorithm?: string, sign?: SignData) => void;

interface EarlyProtocol extends IgnoreProtocol {
  authPK?: AuthPublicKey;
  service?: (name: string) => void;
  _handlers?: Record<string, unknown>;
}

/** The hash of each RSA signature algorithm (RFC 8332); keys of other types have only one algorithm. */
const hashes: Record<string, string> = {
  'rsa-sha2-256': 'sha256',
  'rsa-sha2-512': 'sha512',
  'ssh-rsa': 'sha1',
};

/**
 * Saves two round trips of a login by not waiting where the protocol does not require it: the first request with a key
 * at hand carries its signature already (RFC 4252 section 7), and it follows the request for the authentication service
 * without waiting for its acceptance. If ssh2's internals have changed, nothing is altered.
 *
 * @param isSshd Whether to acknowledge the acceptance. TinySSH reads one packet and drops
 * the next one that arrived with it: the one that opens the first channel would be lost behind ours.
 * @param onRoundTrip Told how long (milliseconds) the acceptance took, for which a server has hardly anything to do.
 */
export function authenticateEarly(
  client: Client,
  isSshd = true,
  onRoundTrip: (ms: number) => void = () => {},
): void {
  const protocol = protocolOf(client) as EarlyProtocol | undefined;
  if (!protocol || !serves(client, 'early login')) return;
  signFirstRequest(client, protocol);
  skipServiceAccept(client, protocol, isSshd, onRoundTrip);
}

function signFirstRequest(client: Client, protocol: EarlyProtocol): void {
  const original = protocol.authPK;
  if (typeof original !== 'function') return;
  replaceUntilLogin(client, protocol, 'authPK', (username, key, algorithm, sign) => {
    original.call(protocol, username, key, algorithm, sign ?? signerOf(key, algorithm));
  });
}

/** An agent's keys can only be asked about; signing with them takes a while and may involve a person. */
function signerOf(key: ParsedKey, algorithm: string | undefined): SignData | undefined {
  if (typeof key.isPrivateKey !== 'function' || !key.isPrivateKey()) return undefined;
  return (data, done) => {
    const signature = key.sign(data, algorithm === undefined ? undefined : hashes[algorithm]);
    if (signature instanceof Error) throw signature;
    done(signature);
  };
}

function skipServiceAccept(
  client: Client,
  protocol: EarlyProtocol,
  isSshd: boolean,
  onRoundTrip: (ms: number) => void,
): void {
  const { service, _handlers: handlers } = protocol;
  const onAccept = handlers?.['SERVICE_ACCEPT'];
  if (typeof service !== 'function' || typeof onAccept !== 'function' || !handlers) return;
  let sentAt: number | undefined;
  // It can only follow our request: earlier ones are out of turn and never get here. sshd's answer to the login is held
  // back until this one is acknowledged.
  replaceUntilLogin(client, handlers, 'SERVICE_ACCEPT', () => {
    if (sentAt !== undefined) onRoundTrip(now() - sentAt);
    if (isSshd) sendIgnore(protocol);
  });
  replaceUntilLogin(client, protocol, 'service', (name) => {
    service.call(protocol, name);
    if (sentAt !== undefined || name !== 'ssh-userauth') return;
    sentAt = now();
    onAccept(protocol, name);
  });
}
