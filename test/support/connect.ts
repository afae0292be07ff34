import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import type { ConnectOptions } from '../../src/options/types.ts';

/** What a test needs to know of the server that it connects to; a `MockServer` is one. */
export interface Reachable {
  host: string;
  port: number;
  hostKey: { fingerprint: string };
  clientKey: { privateKey: string };
}

/** Options that log in to a mock server with its default user, without retries. */
export function optionsFor(server: Reachable, options: Partial<ConnectOptions> = {}): ConnectOptions {
  return {
    host: server.host,
    port: server.port,
    username: 'rpa',
    privateKey: server.clientKey.privateKey,
    hostKey: { fingerprint: server.hostKey.fingerprint },
    retry: false,
    ...options,
  };
}

/** A connection to a mock server. */
export function connectTo(server: Reachable, options: Partial<ConnectOptions> = {}) {
  return connectViaGateway(optionsFor(server, options));
}
