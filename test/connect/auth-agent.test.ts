import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { wireString } from '../../src/host-key/keys/wire-string.ts';
import { startMockServer } from '../../src/mock-server/index.ts';
import { connectTo } from '../support/connect.ts';
import { type FakeAgentOptions, fakeAgent } from '../support/fake-agent.ts';
import { localFolder } from '../support/mock-sftp.ts';
import { failureOf, pause, until } from '../support/outcome.ts';
import { keygen } from '../support/private-keys.ts';

afterEach(() => void vi.unstubAllEnvs());

const text = wireString;
const fileAt = async (path: string) => {
  await writeFile(path, '');
  return path;
};
const none = { privateKey: undefined as never };

describe('an agent', () => {
  it.each([
    ['ed25519', ['-t', 'ed25519']],
    ['ecdsa', ['-t', 'ecdsa', '-b', '256']],
    ['rsa', ['-t', 'rsa', '-b', '2048']],
  ])('authenticates with its %s key, after others that are not accepted', async (_kind, options) => {
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

  it('and a password authenticate together if the server requires both', async () => {
    const keys = await Promise.all([1, 2, 3].map(() => keygen('-t', 'ed25519', '-N', '')));
    await using agent = await fakeAgent({ keys: keys.map(({ privateKey }) => privateKey) });
    const user = { username: 'rpa', password: 'rpa', publicKeys: [keys[1]?.publicKey ?? ''] };
    await using server = await startMockServer({ users: [{ ...user, requires: ['publickey', 'password'] }] });
    await using connection = await connectTo(server, { ...none, agent: agent.path, password: 'rpa' });
    expect(connection.serverVersion).toContain('OpenSSH');
    expect(agent.asked).toEqual({ identities: 1, sign: 1 });
  });

  it('with too many keys leads to AuthenticationFailed with a hint at MaxAuthTries', async () => {
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
  ])('that %s is reported, and the password is tried', async (_what, path, tried) => {
    await using agent = await fakeAgent();
    await using server = await startMockServer();
    const { error } = await failureOf(
      connectTo(server, { ...none, agent: path ?? agent.path, password: 'wrong' }),
    );
    expect(error['methodsTried']).toEqual([expect.stringMatching(tried), 'password']);
    await using connection = await connectTo(server, { ...none, agent: path ?? agent.path, password: 'rpa' });
    expect(connection.serverVersion).toContain('OpenSSH');
  });

  it('that refuses to sign is skipped', async () => {
    const { privateKey, publicKey } = await keygen('-t', 'ed25519', '-N', '');
    await using agent = await fakeAgent({ keys: [privateKey], fault: 'fail' });
    await using server = await startMockServer({
      users: [{ username: 'rpa', publicKeys: [publicKey], password: 'rpa' }],
    });
    await using connection = await connectTo(server, { ...none, agent: agent.path, password: 'rpa' });
    expect(connection.serverVersion).toContain('OpenSSH');
  });

  it.each<[what: string, Pick<FakeAgentOptions, 'fault' | 'signs'>, why: string]>([
    ['refuses to sign', { fault: 'fail' }, 'it refused'],
    ['dies when it is to sign', { signs: () => 'end' }, 'it ended the connection'],
    ['sends no signature', { signs: () => Buffer.from([14, 0, 0, 0, 9]) }, 'ends too early'],
    [
      'signs in another way',
      {
        signs: (honest) =>
          Buffer.from(honest.toString('latin1').replace('ssh-ed25519', 'ssh-ed25518'), 'latin1'),
      },
      'it signs with ssh-ed25518 instead of ssh-ed25519',
    ],
    [
      'sends what fits into no packet',
      {
        signs: () =>
          Buffer.concat([
            Buffer.from([14]),
            text(Buffer.concat([text('ssh-ed25519'), text(Buffer.alloc(200_000))])),
          ]),
      },
      'its signature has 200019 bytes',
    ],
  ])('that %s is named as the cause, not the server or the account', async (_what, faults, why) => {
    const { privateKey, publicKey } = await keygen('-t', 'ed25519', '-N', '');
    await using agent = await fakeAgent({ keys: [privateKey], ...faults });
    const user = { username: 'rpa', publicKeys: [publicKey], password: 'rpa' };
    await using server = await startMockServer({ users: [user] });
    const { error } = await failureOf(connectTo(server, { ...none, agent: agent.path }));
    expect(error).toMatchObject({ code: 'SSH_AUTHENTICATION_FAILED', retryable: false });
    const tried = new RegExp(`^agent \\(did not sign with ssh-ed25519 SHA256:\\S+: ${why}\\)$`);
    expect(error['methodsTried']).toEqual([
      expect.stringMatching(/^publickey/),
      expect.stringMatching(tried),
    ]);
    expect(error.hint).toMatch(/^The server takes the key .* but the agent did not sign with it/);
    await using connection = await connectTo(server, { ...none, agent: agent.path, password: 'rpa' });
    expect(connection.serverVersion).toContain('OpenSSH');
  });

  it.each([
    ['ed25519', ['-t', 'ed25519']],
    ['ecdsa', ['-t', 'ecdsa', '-b', '384']],
    ['rsa', ['-t', 'rsa', '-b', '2048']],
  ])('whose %s signature is by another key is named as the cause', async (_kind, options) => {
    const { privateKey, publicKey } = await keygen(...options, '-N', '');
    await using agent = await fakeAgent({
      keys: [privateKey],
      signs: (honest) => {
        const changed = Buffer.from(honest);
        changed.writeUInt8(changed.readUInt8(changed.length - 1) ^ 1, changed.length - 1);
        return changed;
      },
    });
    await using server = await startMockServer({ users: [{ username: 'rpa', publicKeys: [publicKey] }] });
    const { error } = await failureOf(connectTo(server, { ...none, agent: agent.path }));
    expect(error.hint).toMatch(/^What the agent signed does not fit the key .*: the fault is the agent's\.$/);
  });

  it.each<[what: string, FakeAgentOptions['lists'], why: string]>([
    ['sends garbage', () => Buffer.alloc(9, 12), 'names 202116108 keys'],
    ['dies at once', () => 'end', 'it ended the connection'],
    ['is locked', () => Buffer.from([5]), 'it refused'],
  ])('that %s is distinguished from one that does not exist', async (_what, lists, why) => {
    await using agent = await fakeAgent({ lists });
    await using server = await startMockServer();
    const { error } = await failureOf(connectTo(server, { ...none, agent: agent.path }));
    expect(error['methodsTried']).toEqual([`agent (gave no keys: ${why})`, 'none']);
    expect(error.hint).toMatch(/^There was only the agent to log in with, and it gave no key/);
  });

  it.each([
    ['is missing', async (folder: string) => join(folder, 'none'), 'its socket does not exist'],
    ['is a file', async (folder: string) => fileAt(join(folder, 'file')), 'its path is no socket'],
  ])('whose path %s is reported', async (_what, make, why) => {
    await using folder = await localFolder();
    await using server = await startMockServer();
    const agent = await make(folder.path);
    const { error } = await failureOf(connectTo(server, { ...none, agent }));
    expect(error['methodsTried']).toEqual([`agent (not reachable: ${why})`, 'none']);
  });

  it('is asked to sign with keys of unknown types last', async () => {
    const { privateKey, publicKey } = await keygen('-t', 'ed25519', '-N', '');
    const unknown = Array.from({ length: 20 }, (_, index) => text(`ssh-new-${index}`));
    await using agent = await fakeAgent({
      keys: [privateKey],
      lists: (honest) =>
        Buffer.concat([
          Buffer.from([12, 0, 0, 0, 21]),
          ...unknown.flatMap((blob) => [text(blob), text('new')]),
          honest.subarray(5),
        ]),
    });
    await using server = await startMockServer({
      users: [{ username: 'rpa', publicKeys: [publicKey] }],
      maxAuthTries: 3,
    });
    await using connection = await connectTo(server, { ...none, agent: agent.path });
    expect(connection.serverVersion).toContain('OpenSSH');
  });

  it.each(['identities', 'sign'] as const)(
    'that is silent at %s ends with the auth timeout, and its socket is closed',
    async (fault) => {
      const { privateKey, publicKey } = await keygen('-t', 'ed25519', '-N', '');
      await using agent = await fakeAgent({ keys: [privateKey], fault });
      await using server = await startMockServer({ users: [{ username: 'rpa', publicKeys: [publicKey] }] });
      const { error } = await failureOf(
        connectTo(server, { ...none, agent: agent.path, timeouts: { auth: 200 } }),
      );
      expect(error).toMatchObject({ code: 'SSH_AUTH_TIMEOUT', phase: 'auth' });
      expect(error.message).toContain(': the agent has not answered');
      expect(error.hint).toMatch(/ssh-add -l/);
      await until(() => agent.connections === 0 && server.connections === 0);
    },
  );

  it('that is silent is closed by an abort', async () => {
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
