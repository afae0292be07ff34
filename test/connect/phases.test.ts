import { describe, expect, it } from 'vitest';
import { startMockServer } from '../../src/mock-server/index.ts';
import { connectTo } from '../support/connect.ts';

describe('connectViaGateway', () => {
  it('connects with a key and reports the duration of each phase', async () => {
    await using server = await startMockServer();
    await using connection = await connectTo(server);
    expect(connection.serverVersion).toBe('OpenSSH_9.9 mock');
    expect(connection.hostKeyFingerprint).toBe(server.hostKey.fingerprint);
    const { tcp, banner, handshake, auth, total } = connection.timings;
    for (const ms of [tcp, banner, handshake, auth, total]) expect(ms).toBeGreaterThanOrEqual(0);
  });

  it('connects with a password', async () => {
    await using server = await startMockServer();
    await using connection = await connectTo(server, { privateKey: undefined as never, password: 'rpa' });
    expect(connection.serverVersion).toContain('OpenSSH');
  });

  it('resolves `closed` with undefined after close(), which may be called twice', async () => {
    await using server = await startMockServer();
    const connection = await connectTo(server);
    await Promise.all([connection.close(), connection.close()]);
    expect(await connection.closed).toBeUndefined();
  });
});
