import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startMockServer } from '../../src/mock-server/index.ts';
import { connectTo } from '../support/connect.ts';
import { fakeAgent } from '../support/fake-agent.ts';
import { failureOf } from '../support/outcome.ts';
import { keygen } from '../support/private-keys.ts';
import { securityKey } from '../support/security-key.ts';

const none = { privateKey: undefined as never };
const strangers = () => Promise.all([1, 2, 3, 4].map(() => keygen('-t', 'ed25519', '-N', '')));

async function world() {
  const many = await strangers();
  const right = await keygen('-t', 'ed25519', '-N', '');
  const keys = [...many, right].map(({ privateKey }) => privateKey);
  const users = [{ username: 'rpa', publicKeys: [right.publicKey] }];
  return {
    many,
    right,
    agent: await fakeAgent({ keys }),
    server: await startMockServer({ users, maxAuthTries: 3 }),
  };
}

describe('agentKeys', () => {
  it('offers only the named key if the agent has more keys than the server accepts attempts', async () => {
    const { many, right, agent, server } = await world();
    await using _ends = agent;
    await using _closes = server;
    const { error } = await failureOf(connectTo(server, { ...none, agent: agent.path }));
    expect(error.hint).toMatch(/MaxAuthTries.*the agent has more/);
    for (const agentKeys of [right.publicKey, [right.publicKey], [many[0]!.publicKey, right.publicKey]]) {
      await using connection = await connectTo(server, { ...none, agent: agent.path, agentKeys });
      expect(connection.serverVersion).toContain('OpenSSH');
    }
    await using connection = await connectTo(server, {
      ...none,
      agent: agent.path,
      agentKeys: [right.publicKey, '*'],
    });
    expect(connection.serverVersion).toContain('OpenSSH');
  });

  it("offers the named keys first, then, for '*', the others", async () => {
    const { many, agent, server } = await world();
    await using _ends = agent;
    await using _closes = server;
    const lines = many.map(({ publicKey }) => publicKey);
    const shown = async (agentKeys: readonly string[]) => {
      const { error } = await failureOf(connectTo(server, { ...none, agent: agent.path, agentKeys }));
      return error['methodsTried'] as string[];
    };
    const named = await shown([lines[2]!, lines[1]!]);
    expect(named).toHaveLength(2);
    const [first, second, third] = await shown([lines[2]!, '*']);
    expect(first).toBe(named[0]);
    expect([second, third]).not.toContain(named[0]);
    expect(await shown(['*', lines[0]!])).not.toContain((await shown([lines[0]!]))[0]);
  });

  it('reports that the agent has none of them', async () => {
    const { agent, server } = await world();
    await using _ends = agent;
    await using _closes = server;
    const agentKeys = securityKey('ed25519').line;
    const { error } = await failureOf(connectTo(server, { ...none, agent: agent.path, agentKeys }));
    expect(error['methodsTried']).toEqual(['agent (holds none of agentKeys)', 'none']);
    expect(agent.asked.sign).toBe(0);
  });

  it.each([
    ['', "option agentKeys: '' given"],
    [[], 'option agentKeys: an empty array given'],
    ['ssh-ed25519', 'option agentKeys: '],
    ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==', 'option agentKeys: a damaged public key given; '],
    [5, 'option agentKeys: 5 given'],
  ])('rejects %j before anything opens', async (agentKeys, message) => {
    await using server = await startMockServer();
    const { error } = await failureOf(connectTo(server, { ...none, agentKeys: agentKeys as never }));
    expect(error.message.startsWith(message), error.message).toBe(true);
    expect(server.journal).toEqual([]);
  });

  it('never shows what may be a private key', async () => {
    const { privateKey } = await keygen('-t', 'ed25519', '-N', '');
    await using server = await startMockServer();
    const { error } = await failureOf(connectTo(server, { ...none, agentKeys: privateKey }));
    expect(error.message).toMatch(/^option agentKeys: /);
    expect(error.message).not.toContain(privateKey.split('\n')[1]!.slice(0, 12));
  });
});

describe('agentFirst', () => {
  const privateKeyPath = async (text: string) => {
    const folder = await mkdtemp(join(tmpdir(), 'agent-first-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = join(folder, 'key');
    await writeFile(path, text);
    return path;
  };

  it("tries the agent's keys before those of files, since attempts are few", async () => {
    const { many, agent, server, right } = await world();
    await using _ends = agent;
    await using _closes = server;
    const [file, other] = await Promise.all([
      privateKeyPath(many[0]!.privateKey),
      keygen('-t', 'ed25519', '-N', ''),
    ]);
    const stranger = await privateKeyPath(other.privateKey);
    const agentKeys = [many[1]!.publicKey, many[2]!.publicKey, right.publicKey];
    const options = { ...none, agent: agent.path, agentKeys, privateKeyPath: stranger };
    const { error } = await failureOf(connectTo(server, options));
    expect(error.code).toBe('SSH_AUTHENTICATION_FAILED');
    await using connection = await connectTo(server, { ...options, agentFirst: true });
    expect(connection.serverVersion).toContain('OpenSSH');
    // Whatever the agent has of the files comes first of all, and is not shown again from its file.
    const all = { ...options, agentFirst: true, privateKeyPath: [stranger, file], agentKeys: agentKeys[0]! };
    const tried = (await failureOf(connectTo(server, all))).error['methodsTried'] as string[];
    expect(tried).toHaveLength(3);
    expect(tried.map((label) => label.startsWith('publickey (agent: '))).toEqual([false, true, false]);
  });

  it('still tries a key if no agent answers', async () => {
    const key = await keygen('-t', 'ed25519', '-N', '');
    await using own = await startMockServer({ users: [{ username: 'rpa', publicKeys: [key.publicKey] }] });
    const path = await privateKeyPath(key.privateKey);
    const options = { ...none, agent: '/nowhere/agent', agentFirst: true, privateKeyPath: path };
    await using connection = await connectTo(own, options);
    expect(connection.serverVersion).toContain('OpenSSH');
  });
});
