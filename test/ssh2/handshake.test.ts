import { connect } from 'node:net';
import type { Client } from 'ssh2';
import { describe, expect, it } from 'vitest';
import { type HostKeyPolicy, hostKeyPolicy } from '../../src/host-key/policy/policy.ts';
import { type MockServer, startMockServer } from '../../src/mock-server/index.ts';
import { defaultTimeouts } from '../../src/options/defaults.ts';
import { resolveAlgorithms } from '../../src/ssh2/handshake/algorithms.ts';
import { handshake } from '../../src/ssh2/handshake/handshake.ts';
import type { HandshakePlan } from '../../src/ssh2/handshake/plan.ts';
import { chooseAmong, offerAgain, offerMade } from '../../src/ssh2/insides/key-exchange/key-exchange.ts';
import { loginSucceeded } from '../../src/ssh2/insides/until-login.ts';
import { opaqueKey, sendWholeSignatures } from '../../src/ssh2/insides/whole-signatures.ts';
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
  it('reports client, version, key and phases', async () => {
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

  it('does not wait beyond its timeout or an abort for a known_hosts file that cannot be read', async () => {
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

  it('takes a server that identified itself before a slow known_hosts file was read', async () => {
    await using server = await startMockServer();
    const order: HostKeyPolicy['order'] = async (names) => {
      await pause(100);
      return [...names];
    };
    const { stream, established, timings } = start(server, {
      hostKey: { order, judge: async () => ({ accepted: true }) },
    });
    expect((await established).serverVersion).toBe('OpenSSH_9.9 mock');
    expect(timings.banner).toBeLessThan(timings.handshake as number);
    stream.destroy();
  });

  it('fails with the error of the policy', async () => {
    await using server = await startMockServer();
    const broken = { ...slowFile, order: () => Promise.reject(new Error('disk broken')) };
    const { stream, established } = start(server, { hostKey: broken });
    expect((await failureOf(established)).error.message).toBe('disk broken');
    await until(() => stream.destroyed);
  });

  it('does not wait for recording a new key beyond the auth timeout', async () => {
    await using server = await startMockServer();
    const record = () => new Promise<void>(() => {});
    const hostKey: HostKeyPolicy = {
      order: async (names) => [...names],
      judge: async () => ({ accepted: true, record }),
    };
    const { established } = start(server, { hostKey, timeouts: { ...defaultTimeouts, auth: 100 } });
    expect((await failureOf(established)).error).toMatchObject({ code: 'SSH_AUTH_TIMEOUT' });
  });

  it("prefers the route's reason for the end of the stream", async () => {
    await using server = await startMockServer({ faults: { banner: { close: 'fin' } } });
    const why = new Error('the proxy ended with 1');
    const { established } = start(server, { routeFailure: () => why });
    expect((await failureOf(established)).error).toBe(why);
  });

  it('reports the end of the session once, even to a late listener', async () => {
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

  it('keeps no secret of a key exchange, the first or a later one', async () => {
    await using server = await startMockServer();
    const [one, other] = [start(server), start(server)];
    const kexOf = async ({ established }: typeof one) => insidesOf((await established).client)._kex;
    const [first, second] = [await kexOf(one), await kexOf(other)];
    expect(first).toMatchObject({ _keys: null, sessionID: expect.anything() });
    // Nobody's own: it would hold the secret.
    expect(first.finish).toBe(second.finish);
    expect(first.finish()).toBe(false);
    await server.rekey();
    const { client } = await one.established;
    const latest = () => insidesOf(client)._kex;
    await until(() => latest() !== first && latest()._keys === null);
    expect(latest().sessionID).toEqual(first.sessionID);
    one.stream.destroy();
    other.stream.destroy();
  });

  it('shares its offer with handshakes of the same algorithms only', async () => {
    await using server = await startMockServer();
    const kex = ['ecdh-sha2-nistp256'];
    const all = [start(server), start(server), start(server, { algorithms: resolveAlgorithms({ kex }) })];
    const clients = await Promise.all(all.map(async ({ established }) => (await established).client));
    const [one, other, third] = clients.map((client) => insidesOf(client)._offer);
    expect(one).toBe(other);
    expect(third?.lists.kex.array[0]).toBe('ecdh-sha2-nistp256');
    chooseAmong(clients[0] as Client, ['curve25519-sha256']);
    expect(insidesOf(clients[0] as Client)._offer.lists.kex.array).toEqual(['curve25519-sha256']);
    expect(other?.lists.kex.array.length).toBeGreaterThan(1);
    for (const { stream } of all) stream.destroy();
  });

  it('makes an offer once for the same algorithms and the same order of host keys', async () => {
    await using server = await startMockServer();
    const algorithms = resolveAlgorithms({ serverHostKey: ['ssh-ed25519', 'rsa-sha2-512'] });
    const { serverHostKey } = algorithms;
    expect(offerMade(algorithms, serverHostKey)).toBeUndefined();
    const first = start(server, { algorithms });
    const offer = insidesOf((await first.established).client)._offer;
    expect(offerMade(algorithms, serverHostKey)).toBe(offer);
    expect(offerMade(algorithms, [...serverHostKey].reverse())).toBeUndefined();
    expect(offerMade({ ...algorithms }, serverHostKey)).toBeUndefined();
    const second = start(server, { algorithms });
    expect(insidesOf((await second.established).client)._offer).toBe(offer);
    expect(offer.lists.kex.array).toContain('kex-strict-c-v00@openssh.com');
    for (const { stream } of [first, second]) stream.destroy();
  });

  it('ends where an offer cannot be made again: ssh2 would make one of its own', () => {
    const client = { _protocol: { _offer: {} } } as unknown as Client;
    expect(() => offerAgain(client, new (class Offer {})())).toThrow('does not allow an offer');
    expect(() => offerAgain({} as Client, {})).toThrow('does not allow an offer');
  });

  it('holds no private key after its end', async () => {
    await using server = await startMockServer();
    const { established, stream } = start(server);
    const { client } = await established;
    const key = opaqueKey({ algorithm: 'ssh-ed25519', blob: Buffer.alloc(4) }, () => Buffer.alloc(4));
    insidesOf(client).authPK('rpa', key, 'ssh-ed25519', () => {});
    sendWholeSignatures(client);
    insidesOf(client).authPK('rpa', key, 'ssh-ed25519', () => {});
    expect(key.sign).toBeTypeOf('function');
    loginSucceeded(client);
    expect(key.sign).toBeUndefined();
    expect(key.isPrivateKey()).toBe(true);
    stream.destroy();
  });
});

interface Insides {
  _offer: { lists: { kex: { array: string[] } } };
  _kex: { _keys: unknown; sessionID: Buffer; finish(): unknown };
  authPK(username: string, key: unknown, algorithm: string, sign: () => void): void;
}

function insidesOf(client: Client): Insides {
  return (client as unknown as { _protocol: Insides })._protocol;
}
