import type { Client } from 'ssh2';
import { InCommon } from '../in-common.ts';
import { protocolOf } from '../internals.ts';
import { serves } from '../registry/look.ts';

interface NameList {
  array: string[];
}

interface Direction {
  cipher: NameList;
  mac: NameList;
  compress: NameList;
  lang: NameList;
}

interface Offer {
  lists: { kex: NameList; serverHostKey: NameList; cs: Direction; sc: Direction; all?: Buffer };
}

/** A key exchange in ssh2, from the comparison of both lists until its keys are in use. */
export interface KeyExchange {
  type?: string;
  negotiated?: { kex?: string; serverHostKey?: string };
  _finished?: boolean;
  _keys?: unknown;
  _hostKey?: Buffer;
  _remoteKexinit?: Buffer;
  parse(payload: Buffer): unknown;
  finish(...given: unknown[]): unknown;
  getPublicKey(): Buffer;
  convertPublicKey(key: Buffer): Buffer;
  computeSecret(theirs: Buffer): Buffer | Error;
}

interface KexProtocol {
  _offer?: Offer;
  _kex?: KeyExchange;
}

type KexListener = (kex: KeyExchange) => void;

const listeners = new WeakMap<object, KexListener[]>();

/** The key exchange that is under way, or the last one. */
export function keyExchangeOf(client: Client): KeyExchange | undefined {
  return (protocolOf(client) as KexProtocol | undefined)?._kex;
}

/** Passes each key exchange to `listener` before it begins. Returns false if ssh2's internals have changed. */
export function onKeyExchange(client: Client, listener: KexListener): boolean {
  const protocol = protocolOf(client) as KexProtocol | undefined;
  if (!protocol) return false;
  const known = listeners.get(protocol);
  if (known) return known.push(listener) > 0;
  const all = [listener];
  listeners.set(protocol, all);
  let kex = protocol._kex;
  Object.defineProperty(protocol, '_kex', {
    configurable: true,
    enumerable: true,
    get: () => kex,
    set: (next: KeyExchange | undefined) => {
      kex = next;
      if (next) for (const tell of all) tell(next);
    },
  });
  return true;
}

/** What ssh2 appends to the key exchange methods: signals, not algorithms (RFC 8308, strict key exchange). */
const signals = /^(ext-info|kex-strict)-/;

/**
 * Replaces the lists that ssh2 offers, as it rejects names it does not know as options. Returns false if ssh2's
 * internals have changed.
 */
export function offerInstead(
  client: Client,
  { kex, serverHostKey }: { kex?: readonly string[]; serverHostKey?: readonly string[] },
): boolean {
  const protocol = protocolOf(client) as KexProtocol | undefined;
  const ours = protocol?._offer;
  const lists = ours?.lists;
  if (!protocol || !ours || !lists?.kex?.array || !lists.cs?.cipher?.array || !lists.sc?.cipher?.array)
    return false;
  // Not from an optional chain: Bun 1.4 inlines what is used once, and `new a?.b()` is a syntax error.
  const Lists = ours.constructor as new (lists: object) => Offer;
  const wanted = {
    kex: kex ? [...kex, ...lists.kex.array.filter((name) => signals.test(name))] : lists.kex.array,
    serverHostKey: serverHostKey ? [...serverHostKey] : lists.serverHostKey.array,
  };
  if (isSame(lists.kex.array, wanted.kex) && isSame(lists.serverHostKey.array, wanted.serverHostKey))
    return true;
  const offer = new Lists({ ...wanted, cs: arraysOf(lists.cs), sc: arraysOf(lists.sc) });
  if (offer.lists?.kex?.array?.join() !== wanted.kex.join()) return false;
  if (offer.lists.serverHostKey?.array?.join() !== wanted.serverHostKey.join()) return false;
  protocol._offer = offer;
  return true;
}

/**
 * Lets ssh2 choose among these methods when it compares the lists. The offer stays as it was, on the wire and in the
 * hash.
 */
export function chooseAmong(client: Client, names: readonly string[]): void {
  const protocol = protocolOf(client) as KexProtocol | undefined;
  const offer = protocol?._offer;
  if (!protocol || !offer) return;
  // The offer may be shared with other clients.
  const lists = { ...offer.lists, kex: { ...offer.lists.kex, array: [...names] } };
  protocol._offer = Object.assign(Object.create(Object.getPrototypeOf(offer)) as Offer, offer, { lists });
}

/** By what is sent of them. */
const offers = new InCommon<Offer>(
  ({ lists: { all } }, other) => all !== undefined && other.lists.all?.equals(all) === true,
);

/**
 * Shares one object among offers of the same algorithms: ssh2 would keep 2 KiB per connection, and never modifies it.
 */
export function shareOffer(client: Client, algorithms: object, serverHostKey: readonly string[]): void {
  const protocol = protocolOf(client) as KexProtocol | undefined;
  const offer = protocol?._offer;
  if (!protocol || !offer || !serves(client, 'shared offers')) return;
  protocol._offer = offers.of(offer);
  const known = made.get(algorithms);
  if (!known) made.set(algorithms, [{ serverHostKey, offer: protocol._offer }]);
  else if (!offerMade(algorithms, serverHostKey) && known.length < mostOrders)
    known.push({ serverHostKey, offer: protocol._offer });
}

/** The offers made of the same algorithms, which differ in the order of the host key's: what is known of the host. */
const made = new WeakMap<object, Array<{ serverHostKey: readonly string[]; offer: Offer }>>();
const mostOrders = 20;

/** The offer that `shareOffer` has seen made of these algorithms. */
export function offerMade(algorithms: object, serverHostKey: readonly string[]): object | undefined {
  return made.get(algorithms)?.find((one) => isSame(one.serverHostKey, serverHostKey))?.offer;
}

/**
 * Makes an offer that has been made before. Call it right after `client.connect`, which then made one of ssh2's own
 * algorithms. @throws Error if that cannot be replaced.
 */
export function offerAgain(client: Client, offer: object): void {
  const protocol = protocolOf(client) as KexProtocol | undefined;
  if (!protocol || protocol._offer?.constructor !== offer.constructor)
    throw new Error('this version of ssh2 does not allow an offer to be made again');
  protocol._offer = offer as Offer;
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name, n) => name === other[n]);
}

const finished = () => false;
const none = () => Buffer.alloc(0);
const gone = () => new Error('this exchange of keys is over');

/**
 * A key exchange is over: drops our half of the key pair and the secret, which ssh2 keeps until the next one. Of that
 * object, ssh2 only reads the session identifier and the negotiated names afterwards.
 */
export function forgetSecrets(client: Client): void {
  const kex = keyExchangeOf(client);
  if (kex?._finished !== true || !serves(client, 'secrets of an exchange')) return;
  if ('_keys' in kex) kex._keys = null;
  if (Object.hasOwn(kex, 'finish')) kex.finish = finished;
  if (Object.hasOwn(kex, 'computeSecret')) kex.computeSecret = gone;
  if (Object.hasOwn(kex, 'getPublicKey')) kex.getPublicKey = none;
}

function arraysOf({ cipher, mac, compress, lang }: Direction): Record<keyof Direction, string[]> {
  return { cipher: cipher.array, mac: mac.array, compress: compress.array, lang: lang.array };
}
