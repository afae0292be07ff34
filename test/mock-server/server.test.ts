import { describe, expect, it } from 'vitest';
import { startMockServer } from '../../src/mock-server/index.ts';
import { login, logout, run, visit, watchHandles } from './support.ts';

describe('a mock server', () => {
  it('accepts the default user with the password and with the generated key', async () => {
    await using server = await startMockServer();
    expect((await run(await login(server), 'echo hi')).stdout).toBe('hi\n');
    const byKey = await login(server, { privateKey: server.clientKey.privateKey });
    expect((await run(byKey, 'exit 3')).code).toBe(3);
  });

  it('identifies itself as OpenSSH and has the host key of its fingerprint', async () => {
    await using server = await startMockServer();
    let shown = '';
    const client = await login(server, {
      hostHash: 'sha256',
      hostVerifier: (hash: string) => {
        shown = hash;
        return true;
      },
    });
    expect(`SHA256:${Buffer.from(shown, 'hex').toString('base64').replace(/=+$/, '')}`).toBe(
      server.hostKey.fingerprint,
    );
    expect(server.hostKey.publicKey).toMatch(/^ssh-ed25519 AAAA/);
    const { socket, received } = visit(server.port);
    await new Promise((resolve) => socket.once('data', resolve));
    expect(received().toString()).toBe('SSH-2.0-OpenSSH_9.9 mock\r\n');
    socket.destroy();
    await logout(client);
  });

  it('leaves nothing behind when closed, whatever its clients do', async () => {
    const leftBehind = await watchHandles();
    const server = await startMockServer();
    const clients = await Promise.all([login(server), login(server)]);
    const silent = visit(server.port);
    await server.waitFor((entry) => entry.type === 'connect' && entry.connection === 3);
    expect(server.connections).toBe(3);
    const closed = clients.map(
      (client) => new Promise<void>((resolve) => client.on('close', () => resolve())),
    );
    await server.close();
    await server.close();
    await Promise.all([...closed, silent.ended]);
    silent.socket.destroy();
    expect(await leftBehind()).toEqual([]);
    expect(server.connections).toBe(0);
  });
});
