import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import type { ResolvedOptions } from '../../options/resolve.ts';
import type { Authentication } from '../login/auth.ts';
import type { Credentials } from '../login/credentials.ts';
import type { ResolvedAlgorithms } from './algorithms.ts';
import type { HostKeyGuard } from './host-key-guard.ts';

interface ClientSettings {
  sock: Duplex;
  credentials: Credentials;
  algorithms: ResolvedAlgorithms;
  keepalive: ResolvedOptions['keepalive'];
}

/** Lets ssh2 begin over an open stream. @throws Error for what ssh2 refuses at once. */
export function connectClient(
  client: Client,
  { sock, credentials, algorithms, keepalive }: ClientSettings,
  hostVerifier: HostKeyGuard['verifier'],
  authHandler: Authentication['handler'],
): void {
  client.connect({
    sock: sock as never,
    username: credentials.username,
    algorithms: algorithms as object,
    // Each phase has a timer of ours; ssh2's single one cannot tell them apart.
    readyTimeout: 0,
    // ssh2 asks, our watchdog judges.
    keepaliveInterval: keepalive ? keepalive.interval : 0,
    keepaliveCountMax: Number.POSITIVE_INFINITY,
    // OpenSSH for Windows and others name themselves in ways that ssh2 does not know.
    strictVendor: false,
    hostVerifier,
    authHandler: authHandler as never,
  });
}
