import type { Client } from 'ssh2';
import { ownCopy } from '../../host-key/keys/own-copy.ts';
import { InCommon } from './in-common.ts';
import { protocolOf } from './internals.ts';
import { serves } from './registry/look.ts';

interface OneWay {
  readonly cipher?: string;
  readonly mac?: string;
  readonly compress?: string;
}

interface AgreedNames {
  readonly kex?: string;
  readonly serverHostKey?: string;
  readonly cs?: OneWay;
  readonly sc?: OneWay;
}

interface RestingProtocol {
  _remoteIdentRaw?: Buffer;
  _kex?: { negotiated?: AgreedNames };
  _decipher?: { _tag?: Buffer };
  _handlers?: Record<string, unknown>;
}

interface Resting {
  config?: object;
}

/** Messages of the login: none of them may come after it (`order/message-order.ts`), and ssh2 asks whether there is a handler. */
const loginMessages = [
  'SERVICE_ACCEPT',
  'EXT_INFO',
  'USERAUTH_BANNER',
  'USERAUTH_SUCCESS',
  'USERAUTH_FAILURE',
  'USERAUTH_PASSWD_CHANGEREQ',
  'USERAUTH_PK_OK',
  'USERAUTH_INFO_REQUEST',
];

const idents = new InCommon<Buffer>((one, other) => one.equals(other), ownCopy);
/** A copy by way of text has no strings that are parts of the server's whole list. */
const negotiations = new InCommon<AgreedNames>(
  (one, other) =>
    one.kex === other.kex &&
    one.serverHostKey === other.serverHostKey &&
    isSameWay(one.cs, other.cs) &&
    isSameWay(one.sc, other.sc),
  (names) => JSON.parse(JSON.stringify(names)) as AgreedNames,
);

/**
 * A login has succeeded, and most connections then rest for most of their lives: what ssh2 keeps is shared with other
 * connections where it is the same, and dropped where it is only for the login.
 */
export function rest(client: Client): void {
  const protocol = protocolOf(client) as RestingProtocol | undefined;
  if (!protocol || !serves(client, 'connections at rest')) return;
  const { _remoteIdentRaw: ident, _kex: kex, _decipher: decipher, _handlers: handlers } = protocol;
  if (ident) protocol._remoteIdentRaw = idents.of(ident);
  if (kex?.negotiated) kex.negotiated = negotiations.of(kex.negotiated);
  if (decipher?._tag) decipher._tag = ownCopy(decipher._tag);
  if (handlers)
    for (let n = 0; n < loginMessages.length; n++) handlers[loginMessages[n] as string] = undefined;
  shareConfig(client as unknown as Resting);
}

function isSameWay(one?: OneWay, other?: OneWay): boolean {
  return one?.cipher === other?.cipher && one?.mac === other?.mac && one?.compress === other?.compress;
}

let config: object | undefined;

/** Of the options, ssh2 reads none any more that is not the same for all our connections. */
function shareConfig(client: Resting): void {
  config ??= { ...client.config, username: undefined, authHandler: undefined };
  client.config = config;
}
