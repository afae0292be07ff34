import { describe, expect, it } from 'vitest';
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
  it('shows the named key alone, where the agent has more than the server looks at', async () => {
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

  it("shows the named ones first, then, for '*', the others", async () => {
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

  it('says when the agent has none of them', async () => {
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
  ])('%j is refused before anything opens', async (agentKeys, message) => {
    await using server = await startMockServer();
    const { error } = await failureOf(connectTo(server, { ...none, agentKeys: agentKeys as never }));
    expect(error.message.startsWith(message), error.message).toBe(true);
    expect(server.journal).toEqual([]);
  });

  it('never repeats what may be a private key', async () => {
    const { privateKey } = await keygen('-t', 'ed25519', '-N', '');
    await using server = await startMockServer();
    const { error } = await failureOf(connectTo(server, { ...none, agentKeys: privateKey }));
    expect(error.message).toMatch(/^option agentKeys: /);
    expect(error.message).not.toContain(privateKey.split('\n')[1]!.slice(0, 12));
  });
});
