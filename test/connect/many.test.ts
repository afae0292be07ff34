import { describe, expect, it } from 'vitest';
import { startMockServer } from '../../src/mock-server/index.ts';
import { watchHandles } from '../mock-server/support.ts';
import { connectTo } from '../support/connect.ts';
import { until } from '../support/outcome.ts';

describe('two hundred connections at once', () => {
  it('all succeed, each with a command, and leave nothing behind', { timeout: 60_000 }, async () => {
    await using server = await startMockServer();
    const leftBehind = await watchHandles();
    const numbers = Array.from({ length: 200 }, (_, at) => at);
    const outputs = await Promise.all(
      numbers.map(async (at) => {
        await using connection = await connectTo(server, { retry: { attempts: 3, minDelay: 100 } });
        return (await connection.exec(`echo ${at}`)).stdout.trim();
      }),
    );
    expect(outputs).toEqual(numbers.map(String));
    await until(() => server.connections === 0);
    await server.close();
    expect(await leftBehind()).toEqual([]);
  });

  it('do not share anything: half of them are cut, the others continue', { timeout: 60_000 }, async () => {
    await using stable = await startMockServer();
    await using broken = await startMockServer({ faults: { freeze: { phase: 'ready', afterMs: 20 } } });
    const keepalive = { interval: 100, countMax: 2 };
    const good = Array.from({ length: 30 }, () => connectTo(stable));
    const bad = Array.from({ length: 30 }, () => connectTo(broken, { keepalive }));
    const lost = await Promise.all(bad.map(async (connecting) => (await connecting).closed));
    expect(new Set(lost.map((error) => error?.code))).toEqual(new Set(['SSH_CONNECTION_LOST']));
    for (const connecting of good) {
      await using connection = await connecting;
      expect((await connection.exec('echo fine')).stdout.trim()).toBe('fine');
    }
  });
});
