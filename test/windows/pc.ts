import { userInfo } from 'node:os';
import { type Connection, type ConnectOptions, connectViaGateway } from '../../src/index.ts';

/**
 * The PC under test: by default this machine, which must be Windows with OpenSSH Server running. Without the key's path
 * nothing can be tested, and that is an error rather than a skip.
 */
export function pcOptions(): ConnectOptions {
  const privateKeyPath = process.env['SSH_VIA_GATEWAY_WINDOWS_KEY'];
  if (privateKeyPath === undefined) {
    throw new Error('SSH_VIA_GATEWAY_WINDOWS_KEY must name a private key that the PC lets in');
  }
  return {
    host: process.env['SSH_VIA_GATEWAY_WINDOWS_HOST'] ?? '127.0.0.1',
    port: Number(process.env['SSH_VIA_GATEWAY_WINDOWS_PORT'] ?? 22),
    username: process.env['SSH_VIA_GATEWAY_WINDOWS_USER'] ?? userInfo().username,
    privateKeyPath,
    hostKey: 'insecure-accept-any',
    retry: { attempts: 3, minDelay: 1_000 },
  };
}

export function connectToPc(): Promise<Connection> {
  return connectViaGateway(pcOptions());
}
