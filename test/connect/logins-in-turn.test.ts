import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import { type MockServer, startMockServer } from '../../src/mock-server/index.ts';
import type { LogRecord } from '../../src/options/types.ts';
import { jumpHost } from '../../src/route/jump-host.ts';
import { connectTo, optionsFor } from '../support/connect.ts';
import { failureOf, until } from '../support/outcome.ts';
import { silentServer } from '../support/silent-server.ts';

/** How many connections there were at most that had not logged in yet. */
function mostUnfinished({ journal }: MockServer): number {
  const unfinished = new Set<number>();
  let most = 0;
  for (const { type, connection } of journal) {
    if (type === 'connect') unfinished.add(connection);
    if (type === 'ready' || type === 'disconnect') unfinished.delete(connection);
    most = Math.max(most, unfinished.size);
  }
  return most;
}

/** A server that never answers, and so many logins there. */
async function unanswered(count: number) {
  const silent = await silentServer();
  const stop = new AbortController();
  const { host, port, sockets } = silent;
  const login = { username: 'rpa', password: 'rpa', hostKey: 'insecure-accept-any', retry: false } as const;
  const options = { host, port, ...login, signal: stop.signal };
  const failed = times(count, () => failureOf(connectViaGateway(options)));
  return {
    ...{ port, sockets, options },
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('enough'));
      await Promise.all(failed);
      await silent[Symbol.asyncDispose]();
    },
  };
}

const times = <T>(count: number, make: () => T) => Array.from({ length: count }, make);

describe('connections that begin together, to one near server', () => {
  it('log in eight at a time: sshd drops some from the tenth on', async () => {
    await using server = await startMockServer();
    // To load our own code is not to take their time.
    await (await connectTo(server)).close();
    const before = performance.now();
    const connections = await Promise.all(times(40, () => connectTo(server)));
    // Each eight that kept their turns would take a second.
    expect(performance.now() - before).toBeLessThan(3_500);
    expect(mostUnfinished(server)).toBeLessThanOrEqual(8);
    expect(server.connections).toBe(40);
    await Promise.all(connections.map((connection) => connection.close()));
  });

  it('that fail let the next ones go, and wait for their next attempt without a turn', async () => {
    await using server = await startMockServer({ faults: { banner: { close: 'fin' }, connections: 16 } });
    const retry = { attempts: 2, minDelay: 30_000, jitter: 0 };
    const stop = new AbortController();
    const failed = times(16, () => failureOf(connectTo(server, { retry, signal: stop.signal })));
    const before = performance.now();
    await using connection = await connectTo(server);
    // Each eight would otherwise keep their turns for a second.
    expect(performance.now() - before).toBeLessThan(900);
    expect(connection.serverVersion).toContain('OpenSSH');
    stop.abort(new Error('enough'));
    for (const { error } of await Promise.all(failed)) expect(error.message).toBe('enough');
  });

  it('that are not answered keep the others waiting for a second, not for the whole of their time', async () => {
    await using silent = await unanswered(9);
    await until(() => silent.sockets.length === 8);
    const before = performance.now();
    await until(() => silent.sockets.length === 9);
    expect(performance.now() - before).toBeGreaterThan(500);
  });

  it('say so when their time ends before their turn comes, and end at once when they are aborted', async () => {
    await using silent = await unanswered(8);
    const { options } = silent;
    const late = failureOf(connectViaGateway({ ...options, timeouts: { total: 200 } }));
    const aborted = failureOf(connectViaGateway({ ...options, signal: AbortSignal.timeout(100) }));
    expect((await aborted).error.name).toBe('TimeoutError');
    expect((await late).error).toMatchObject({
      code: 'SSH_TOTAL_TIMEOUT',
      phase: 'tcp',
      message: `127.0.0.1:${silent.port} was not reached within 200 ms (option timeouts.total), after 0 failed attempts, waiting for other logins there to end`,
    });
    expect(silent.sockets).toHaveLength(8);
  });

  it('do not begin when the end of another one aborts them, as they get its turn', async () => {
    await using server = await startMockServer({ faults: { banner: { close: 'fin' } } });
    const stop = new AbortController();
    let begun = 0;
    const log = ({ event }: LogRecord) => {
      if (event === 'attempt') begun++;
      if (event === 'attempt-failed') stop.abort(new Error('enough'));
    };
    const failed = times(12, () => failureOf(connectTo(server, { log, signal: stop.signal })));
    for (const { error } of await Promise.all(failed))
      expect(error.message).toMatch(/^enough$|closed the connection|banner/);
    expect(begun).toBe(8);
  });

  it('may have to wait for others to the same server before they can go on', async () => {
    await using server = await startMockServer();
    // Each asks, in its own turn, for what needs a turn.
    const verify = async () => {
      await (await connectTo(server)).close();
      return true;
    };
    const connections = await Promise.all(times(10, () => connectTo(server, { hostKey: { verify } })));
    expect(connections).toHaveLength(10);
    await Promise.all(connections.map((connection) => connection.close()));
  });

  it('take turns at a jump host, too', async () => {
    await using target = await startMockServer();
    await using server = await startMockServer();
    const { host, port, username, privateKey, hostKey } = optionsFor(server);
    const via = jumpHost({ host, port, username, privateKey, hostKey });
    await Promise.all(times(20, async () => (await connectTo(target, { via })).close()));
    expect(mostUnfinished(server)).toBeLessThanOrEqual(8);
  });

  it('go at once where a route leads there: nobody knows how far it is', async () => {
    await using silent = await silentServer();
    await using server = await startMockServer();
    const stop = new AbortController();
    const via = () => connect(silent.port, '127.0.0.1');
    const failed = times(20, () => failureOf(connectTo(server, { via, signal: stop.signal })));
    await until(() => silent.sockets.length === 20, 900);
    stop.abort(new Error('enough'));
    await Promise.all(failed);
  });
});
