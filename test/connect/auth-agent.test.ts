import { afterEach, describe, expect, it, vi } from 'vitest';
import { startMockServer } from '../../src/mock-server/index.ts';
import { connectTo } from '../support/connect.ts';
import { fakeAgent } from '../support/fake-agent.ts';
import { failureOf, pause, until } from '../support/outcome.ts';
import { keygen } from '../support/private-keys.ts';

afterEach(() => void vi.unstubAllEnvs());

const none = { privateKey: undefined as never };

describe('an agent', () => {
  it.each([
    ['ed25519', ['-t', 'ed25519']],
    ['ecdsa', ['-t', 'ecdsa', '-b', '256']],
    ['rsa', ['-t', 'rsa', '-b', '2048']],
  ])('logs in with its %s key, after others that do not fit', async (_kind, options) => {
    const { privateKey, publicKey } = await keygen(...options, '-N', '');
    const strange = await keygen('-t', 'ed25519', '-N', '');
    await using agent = await fakeAgent({ keys: [strange.privateKey, privateKey] });
    await using server = await startMockServer({ users: [{ username: 'rpa', publicKeys: [publicKey] }] });
    await using connection = await connectTo(server, { ...none, agent: agent.path });
    expect(connection.serverVersion).toContain('OpenSSH');
    expect(agent.asked.sign).toBe(1);
    await until(() => agent.connections === 0);
  });

  it('is found by SSH_AUTH_SOCK', async () => {
    const { privateKey, publicKey } = await keygen('-t', 'ed25519', '-N', '');
    await using agent = await fakeAgent({ keys: [privateKey] });
    vi.stubEnv('SSH_AUTH_SOCK', agent.path);
    await using server = await startMockServer({ users: [{ username: 'rpa', publicKeys: [publicKey] }] });
    await using connection = await connectTo(server, { ...none, agent: true });
    expect(connection.serverVersion).toContain('OpenSSH');
  });

  it('and a password log in together, where the server wants both', async () => {
    const keys = await Promise.all([1, 2, 3].map(() => keygen('-t', 'ed25519', '-N', '')));
    await using agent = await fakeAgent({ keys: keys.map(({ privateKey }) => privateKey) });
    const user = { username: 'rpa', password: 'rpa', publicKeys: [keys[1]?.publicKey ?? ''] };
    await using server = await startMockServer({ users: [{ ...user, requires: ['publickey', 'password'] }] });
    await using connection = await connectTo(server, { ...none, agent: agent.path, password: 'rpa' });
    expect(connection.serverVersion).toContain('OpenSSH');
    expect(agent.asked).toEqual({ identities: 1, sign: 1 });
  });

  it('with too many keys gives AuthenticationFailed with a hint at MaxAuthTries', async () => {
    const keys = await Promise.all([1, 2, 3, 4].map(() => keygen('-t', 'ed25519', '-N', '')));
    await using agent = await fakeAgent({ keys: keys.map(({ privateKey }) => privateKey) });
    await using server = await startMockServer({ maxAuthTries: 3 });
    const { error } = await failureOf(connectTo(server, { ...none, agent: agent.path }));
    expect(error).toMatchObject({ code: 'SSH_AUTHENTICATION_FAILED', retryable: false });
    expect(error.hint).toMatch(/MaxAuthTries/);
  });

  it.each([
    ['is not there', '/nonexistent/agent.sock', /^agent \(not reachable: /],
    ['holds no keys', undefined, /^agent \(holds no keys\)$/],
  ])('that %s is told, and the password is tried', async (_what, path, tried) => {
    await using agent = await fakeAgent();
    await using server = await startMockServer();
    const { error } = await failureOf(
      connectTo(server, { ...none, agent: path ?? agent.path, password: 'wrong' }),
    );
    expect(error['methodsTried']).toEqual([expect.stringMatching(tried), 'password']);
    await using connection = await connectTo(server, { ...none, agent: path ?? agent.path, password: 'rpa' });
    expect(connection.serverVersion).toContain('OpenSSH');
  });

  it('that refuses to sign is passed over', async () => {
    const { privateKey, publicKey } = await keygen('-t', 'ed25519', '-N', '');
    await using agent = await fakeAgent({ keys: [privateKey], fault: 'fail' });
    await using server = await startMockServer({
      users: [{ username: 'rpa', publicKeys: [publicKey], password: 'rpa' }],
    });
    await using connection = await connectTo(server, { ...none, agent: agent.path, password: 'rpa' });
    expect(connection.serverVersion).toContain('OpenSSH');
  });

  it.each(['identities', 'sign'] as const)(
    'that is silent at %s ends by the limit of the login, and its socket with it',
    async (fault) => {
      const { privateKey, publicKey } = await keygen('-t', 'ed25519', '-N', '');
      await using agent = await fakeAgent({ keys: [privateKey], fault });
      await using server = await startMockServer({ users: [{ username: 'rpa', publicKeys: [publicKey] }] });
      const { error } = await failureOf(
        connectTo(server, { ...none, agent: agent.path, timeouts: { auth: 200 } }),
      );
      expect(error).toMatchObject({ code: 'SSH_AUTH_TIMEOUT', phase: 'auth' });
      expect(error.hint).toMatch(/agent/);
      await until(() => agent.connections === 0 && server.connections === 0);
    },
  );

  it('that is silent does not outlive an abort', async () => {
    await using agent = await fakeAgent({ fault: 'identities' });
    await using server = await startMockServer();
    const controller = new AbortController();
    const connecting = failureOf(
      connectTo(server, { ...none, agent: agent.path, signal: controller.signal }),
    );
    await until(() => agent.connections === 1);
    await pause(20);
    controller.abort('stop');
    expect((await connecting).error).toBe('stop');
    await until(() => agent.connections === 0 && server.connections === 0);
  });
});
