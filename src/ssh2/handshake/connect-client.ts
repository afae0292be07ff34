import type { Duplex } from 'node:stream';
import type { Client, ConnectConfig } from 'ssh2';
import { readCertificate } from '../../host-key/certificates/certificate.ts';
import { resolveKeyType } from '../../host-key/keys/public-key.ts';
import { isCertificateAlgorithm } from '../../host-key/policy/certificate-policy.ts';
import { askForCertificates } from '../insides/key-exchange/host-certificates.ts';
import { hybridKex, offerHybrid } from '../insides/key-exchange/hybrid-kex.ts';
import { offerAgain, offerMade, shareOffer } from '../insides/key-exchange/key-exchange.ts';
import { onServerOffer, type ReadOffer } from '../insides/key-exchange/server-offer.ts';
import { exchangeBytes } from '../insides/key-exchange/x25519.ts';
import type { Authentication } from '../login/auth.ts';
import type { ResolvedAlgorithms } from './algorithms.ts';
import type { HostKeyGuard } from './host-key-guard.ts';
import { mlKemKeys } from './ml-kem.ts';
import type { HandshakePlan } from './plan.ts';

interface ClientEvents {
  hostVerifier: HostKeyGuard['verifier'];
  authHandler: Authentication['handler'];
}

/**
 * Starts ssh2 on an open stream. @throws Error for what ssh2 rejects at once.
 * @param serverHostKey Those of the algorithms, in the order that suits what is known of the host.
 */
export function connectClient(
  client: Client,
  sock: Duplex,
  { credentials, algorithms, keepalive }: HandshakePlan,
  serverHostKey: readonly string[],
  { hostVerifier, authHandler }: ClientEvents,
): void {
  const made = offerMade(algorithms, serverHostKey);
  const config = {
    sock: sock as never,
    username: credentials.username,
    algorithms: made ? undefined : namesForSsh2(algorithms, serverHostKey),
    // Each phase has a timer of ours; ssh2's single timer cannot tell them apart.
    readyTimeout: 0,
    // ssh2 sends the requests, our watchdog judges.
    keepaliveInterval: keepalive ? keepalive.interval : 0,
    keepaliveCountMax: Number.POSITIVE_INFINITY,
    // OpenSSH for Windows and others use identification lines that ssh2 does not know.
    strictVendor: false,
    hostVerifier,
    authHandler: authHandler as never,
  };
  client.connect(config as ConnectConfig);
  if (made) offerAgain(client, made);
  // ssh2 keeps the configuration, and has made lists of its own by now.
  config.algorithms = undefined;
}

function namesForSsh2(algorithms: ResolvedAlgorithms, serverHostKey: readonly string[]): object {
  return {
    ...algorithms,
    kex: knownOf(algorithms.kex, (one) => one !== hybridKex, 'curve25519-sha256'),
    serverHostKey: knownOf(serverHostKey, (one) => !isCertificateAlgorithm(one), 'rsa-sha2-512'),
  };
}

/**
 * The names that ssh2 knows, as it rejects others; or `instead` if it knows none. `mendKeyExchange` offers what it does
 * not know.
 */
function knownOf(names: readonly string[], isKnown: (name: string) => boolean, instead: string): string[] {
  const known = names.filter(isKnown);
  return known.length > 0 ? known : [instead];
}

interface KeyExchangeEvents {
  /** The server showed a host certificate; ssh2 will ask about its key. */
  onShown(certificate: Buffer): void;
  /** The server sent an invalid certificate; nothing more from it may be read. */
  onInvalid(): void;
  onServerOffer(read: ReadOffer): void;
}

/** Offers what ssh2 does not know, and reports what it does not. Call it right after `client.connect`. */
export function mendKeyExchange(
  client: Client,
  algorithms: ResolvedAlgorithms,
  serverHostKey: readonly string[],
  events: KeyExchangeEvents,
): void {
  exchangeBytes(client);
  askForHostCertificates(client, serverHostKey, events);
  onServerOffer(client, events.onServerOffer);
  // After the listener above: from here on, ssh2 reads something else.
  offerHybridKex(client, algorithms.kex);
  shareOffer(client, algorithms, serverHostKey);
}

function offerHybridKex(client: Client, kex: readonly string[]): void {
  if (!kex.includes(hybridKex) || offerHybrid(client, kex, mlKemKeys)) return;
  throw new Error(`this version of ssh2 does not allow a key exchange by ${hybridKex}`);
}

function askForHostCertificates(
  client: Client,
  algorithms: readonly string[],
  { onShown, onInvalid }: KeyExchangeEvents,
): void {
  if (!algorithms.some(isCertificateAlgorithm)) return;
  const asked = askForCertificates(client, algorithms, { keyIn, onShown, onInvalid });
  if (!asked) throw new Error('this version of ssh2 does not allow requests for host certificates');
}

function keyIn(shown: Buffer, algorithm: string): Buffer | undefined {
  const certificate = readCertificate(shown);
  return certificate?.key.type === resolveKeyType(algorithm)?.type ? certificate?.keyBlob : undefined;
}
