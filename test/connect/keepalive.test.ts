import { describe, expect, it } from 'vitest';
import { type ExecContext, type Faults, startMockServer } from '../../src/mock-server/index.ts';
import { connectTo } from '../support/connect.ts';
import { failureOf, pause, until } from '../support/outcome.ts';

const keepalive = { interval: 100, countMax: 2 };
const limit = keepalive.interval * (keepalive.countMax + 1);
const slack = 250;

describe('a peer that freezes', () => {
  it('is detected within interval x (countMax + 1), and everything pending rejects', {
    retry: 2,
  }, async () => {
    await using server = await startMockServer();
    const connection = await connectTo(server, { keepalive });
    const command = failureOf(Promise.resolve(connection.exec('sleep 60')));
    const channel = failureOf(connection.openStream('192.0.2.1', 9));
    await server.waitFor('exec');
    const start = performance.now();
    server.dropAll('freeze');
    const error = await connection.closed;
    const ms = performance.now() - start;
    expect(error).toMatchObject({
      code: 'SSH_CONNECTION_LOST',
      why: 'keepalive',
      phase: 'session',
      retryable: true,
    });
    expect(error?.hint).toMatch(/zombie/);
    // Counted from its last byte, which came shortly before.
    expect(ms).toBeGreaterThan(limit - keepalive.interval);
    expect(ms).toBeLessThan(limit + slack);
    expect((await command).error).toMatchObject({ code: 'SSH_CONNECTION_LOST', why: 'keepalive' });
    await channel;
    await until(() => server.connections === 0);
  });

  it('is never detected without a keepalive', async () => {
    await using server = await startMockServer();
    const connection = await connectTo(server, { keepalive: false });
    server.dropAll('freeze');
    expect(await Promise.race([connection.closed, pause(500).then(() => 'open')])).toBe('open');
    await connection.close();
  });
});

describe('a live peer', () => {
  const survives = async (faults: Faults, command: string, ms = 1_000) => {
    await using server = await startMockServer({ faults });
    await using connection = await connectTo(server, { keepalive });
    void Promise.resolve(connection.exec(command, { maxBuffer: 0 })).catch(() => {});
    await server.waitFor('exec');
    return await Promise.race([connection.closed, pause(ms).then(() => 'alive')]);
  };

  it('is sent keepalives, answers, and stays connected', async () => {
    await using server = await startMockServer();
    await using connection = await connectTo(server, { keepalive });
    expect(await Promise.race([connection.closed, pause(1_000).then(() => 'alive')])).toBe('alive');
    expect(server.journal.filter(({ type }) => type === 'keepalive').length).toBeGreaterThan(4);
  });

  it('that streams but never answers a keepalive is not considered dead', async () => {
    expect(
      await survives(
        { keepalive: 'ignore', exec: { unlimitedOutput: true }, throttle: { bytesPerSecond: 200_000 } },
        'yes',
      ),
    ).toBe('alive');
  });

  it('that sends nothing and answers no keepalive is considered dead', async () => {
    expect(await survives({ keepalive: 'ignore' }, 'sleep 60', 3_000)).toMatchObject({
      code: 'SSH_CONNECTION_LOST',
    });
  });

  it('behind a slow line that is busy with an upload is not considered dead', {
    timeout: 30_000,
  }, async () => {
    const faults = { throttle: { bytesPerSecond: 1_500_000 } };
    const sink = (context: ExecContext) => void context.stdin.resume().on('end', () => context.exit(0));
    await using server = await startMockServer({ faults, exec: { sink } });
    // Each question waits behind more data than this server takes in that time.
    await using connection = await connectTo(server, { keepalive: { interval: 300, countMax: 3 } });
    const result = await connection.exec('sink', { stdin: Buffer.alloc(6_000_000) });
    expect(result.exitCode).toBe(0);
    expect(result.durationMs).toBeGreaterThan(3_000);
  });

  it('is not considered dead because this process was busy', async () => {
    await using server = await startMockServer();
    await using connection = await connectTo(server, { keepalive });
    const end = performance.now() + 3 * limit;
    while (performance.now() < end);
    expect(await Promise.race([connection.closed, pause(50).then(() => 'alive')])).toBe('alive');
    expect((await connection.exec('echo on')).stdout).toContain('on');
  });
});
