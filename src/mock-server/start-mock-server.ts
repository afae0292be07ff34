import { MockServerCore } from './mock-server.ts';
import type { MockServer, MockServerOptions } from './types.ts';

/**
 * Starts an SSH server in this process, for tests: `await using server = await startMockServer()`. By default it
 * listens on a free port of 127.0.0.1, accepts `rpa` with the password `rpa` or with `server.clientKey`, runs a few
 * commands (`echo`, `cat`, `exit 3`, ...), serves SFTP from memory and forwards ports.
 *
 * Rejects with TypeError or RangeError for wrong options, and with the system's error if it cannot listen; with Error
 * if ssh2 is a different version with incompatible internals.
 */
export async function startMockServer(options: MockServerOptions = {}): Promise<MockServer> {
  const server = new MockServerCore(options);
  await server.listen();
  return server;
}
