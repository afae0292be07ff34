import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type HostKeyPolicy, hostKeyPolicy } from '../../src/host-key/policy/policy.ts';
import { type MockServer, startMockServer } from '../../src/mock-server/index.ts';
import { defaultTimeouts } from '../../src/options/defaults.ts';
import { resolveAlgorithms } from '../../src/ssh2/handshake/algorithms.ts';
import { handshake } from '../../src/ssh2/handshake/handshake.ts';
import type { HandshakePlan } from '../../src/ssh2/handshake/plan.ts';
import { failureOf, pause, until } from '../support/outcome.ts';

function start(server: MockServer, more: Partial<HandshakePlan> = {}) {
  const stream = connect({ port: server.port, host: server.host });
  const credentials = {
    username: 'rpa',
    password: 'rpa',
    keys: [],
    certificates: [],
    agent: undefined,
    agentKeys: undefined,
    agentFirst: false,
    notes: [],
    keyboardInteractive: undefined,
  };
  const timings: HandshakePlan['timings'] = {};
  const established = handshake(stream, {
    where: { host: server.host, port: server.port },
    credentials,
    hostKey: hostKeyPolicy('insecure-accept-any'),
    algorithms: resolveAlgorithms(),
    timeouts: defaultTimeouts,
    keepalive: false,
    log: () => {},
    signal: new AbortController().signal,
    timings,
    ...more,
  });
  return { stream, established, timings };
}

const slowFile: HostKeyPolicy = {
  order: () => new Promise(() => {}),
  judge: async () => ({ accepted: true }),
};

describe('a handshake', () => {
  it('tells client, version, key and phases', async () => {
    await using server = await startMockServer();
    const { stream, established, timings } = start(server);
    const { serverVersion, hostKeyFingerprint } = await established;
    expect(serverVersion).toBe('OpenSSH_9.9 mock');
    expect(hostKeyFingerprint()).toBe(server.hostKey.fingerprint);
    expect(timings).toEqual({
      banner: expect.any(Number),
      handshake: expect.any(Number),
      auth: expect.any(Number),
    });
    stream.destroy();
  });

  it('does not wait longer than its limit, or an abort, for a known_hosts file that never answers', async () => {
    await using server = await startMockServer();
    const timed = start(server, {
      hostKey: slowFile,
      timeouts: { ...defaultTimeouts, banner: 80, handshake: 80 },
    });
    expect((await failureOf(timed.established)).error.code).toMatch(/SSH_(BANNER|HANDSHAKE)_TIMEOUT/);
    const controller = new AbortController();
    const aborted = start(server, { hostKey: slowFile, signal: controller.signal });
    await pause(30);
    controller.abort('stop');
    expect((await failureOf(aborted.established)).error).toBe('stop');
    await until(() => timed.stream.destroyed && aborted.stream.destroyed);
  });

  it('fails with what the policy throws', async () => {
    await using server = await startMockServer();
    const broken = { ...slowFile, order: () => Promise.reject(new Error('disk broken')) };
    const { stream, established } = start(server, { hostKey: broken });
    expect((await failureOf(established)).error.message).toBe('disk broken');
    await until(() => stream.destroyed);
  });

  it('does not wait for the record of a new key longer than the limit of the login', async () => {
    await using server = await startMockServer();
    const record = () => new Promise<void>(() => {});
    const hostKey: HostKeyPolicy = {
      order: async (names) => [...names],
      judge: async () => ({ accepted: true, record }),
    };
    const { established } = start(server, { hostKey, timeouts: { ...defaultTimeouts, auth: 100 } });
    expect((await failureOf(established)).error).toMatchObject({ code: 'SSH_AUTH_TIMEOUT' });
  });

  it("prefers the route's own word about why the stream ended", async () => {
    await using server = await startMockServer({ faults: { banner: { close: 'fin' } } });
    const why = new Error('the proxy ended with 1');
    const { established } = start(server, { routeFailure: () => why });
    expect((await failureOf(established)).error).toBe(why);
  });

  it('tells the end of the session once, also to one who asks late', async () => {
    await using server = await startMockServer();
    const { onEnd } = await start(server).established;
    server.dropAll('rst');
    const ends: unknown[] = [];
    onEnd((error) => ends.push(error));
    await until(() => ends.length > 0);
    await pause(20);
    expect(ends).toHaveLength(1);
    const late: unknown[] = [];
    onEnd((error) => late.push(error));
    expect(late).toEqual(ends);
  });
});
