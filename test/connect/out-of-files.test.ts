import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { RetryState } from '../../src/index.ts';
import type { MockServerOptions } from '../../src/mock-server/index.ts';
import { fakeAgent } from '../support/fake-agent.ts';
import { localFolder, rejection } from '../support/mock-sftp.ts';
import { keygen } from '../support/private-keys.ts';

/** As Node.js 24 has it. */
const unreadPackage = () =>
  Object.assign(new Error('Cannot read package config ssh2/package.json: too many open files.'), {
    code: 'ERR_INVALID_PACKAGE_CONFIG',
  });
const emfile = () => Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });

/** The library with what was put in the place of modules, a server, and options to connect to it. */
async function fresh(settings?: MockServerOptions) {
  const { connectViaGateway } = await import('../../src/index.ts');
  const { startMockServer } = await import('../../src/mock-server/index.ts');
  const server = await startMockServer(settings);
  const { host, port, username, password } = server;
  const hostKey = { fingerprint: server.hostKey.fingerprint };
  const options = { host, port, username, password, hostKey };
  return { connectViaGateway, server, options, [Symbol.asyncDispose]: () => server.close() };
}

afterEach(() => {
  vi.doUnmock('../../src/log-in.ts');
  vi.doUnmock('../../src/load/on-demand.ts');
  vi.doUnmock('node:fs/promises');
  vi.doUnmock('node:net');
  vi.resetModules();
});

/** Whether `open` fails now; as it does where too many files are open. */
function failToOpen(failsNow: (path: string) => boolean): void {
  vi.doMock('node:fs/promises', async (original) => {
    const fs = await original<typeof import('node:fs/promises')>();
    const open = async (...args: Parameters<typeof fs.open>) => {
      if (failsNow(String(args[0]))) throw emfile();
      return fs.open(...args);
    };
    return { ...fs, open };
  });
}

const expected = {
  ...{ code: 'SSH_CONNECT_FAILED', errno: 'EMFILE', retryable: true },
  hint: expect.stringContaining('ulimit'),
};

it.each([
  ['our own code', emfile],
  ['the package.json on the way to it', unreadPackage],
])(
  'where too many files are open to load %s, an attempt fails and the next one loads it',
  async (_what, failure) => {
    let loads = 0;
    vi.doMock('../../src/log-in.ts', async (original) => {
      const { logIn } = await original<typeof import('../../src/log-in.ts')>();
      return {
        logIn: (...args: Parameters<typeof logIn>) => {
          if (++loads <= 2) throw failure();
          return logIn(...args);
        },
      };
    });
    await using there = await fresh();
    const { connectViaGateway, options } = there;
    expect(await rejection(connectViaGateway({ ...options, retry: false }))).toMatchObject({
      ...{ ...expected, phase: 'banner', host: options.host, port: options.port },
      attempts: [{ code: 'SSH_CONNECT_FAILED' }],
    });
    const connection = await connectViaGateway({ ...options, retry: { minDelay: 1 } });
    await connection.close();
    expect(loads).toBe(3);
  },
);

describe('where too many files are open to read a key', () => {
  it.each(['key', 'key-cert.pub'])('the attempt fails, and the next one reads it: %s', async (name) => {
    await using folder = await localFolder();
    const file = join(folder.path, name);
    let opened = 0;
    failToOpen((path) => path === file && ++opened <= 2);
    const { privateKey, publicKey } = await keygen('-t', 'ed25519', '-N', '');
    const privateKeyPath = join(folder.path, 'key');
    await writeFile(privateKeyPath, privateKey, { mode: 0o600 });
    await using there = await fresh({ users: [{ username: 'rpa', publicKeys: [publicKey] }] });
    const { connectViaGateway } = there;
    const options = { ...there.options, privateKeyPath };
    const failed = { code: 'SSH_CONNECT_FAILED', phase: 'tcp' };
    expect(await rejection(connectViaGateway({ ...options, retry: false }))).toMatchObject({
      ...expected,
      attempts: [{ ...failed, attempt: 1 }],
    });
    const events: string[] = [];
    const retries: RetryState[] = [];
    const connection = await connectViaGateway({
      ...options,
      log: ({ event, attempt }) => events.push(`${event} ${attempt}`),
      retry: { minDelay: 1, onRetry: (_error, state) => void retries.push(state) },
    });
    await connection.close();
    expect(retries).toMatchObject([{ attempt: 1, history: [{ ...failed, attempt: 1 }] }]);
    expect(events.slice(0, 4)).toEqual(['attempt 1', 'attempt-failed 1', 'attempt 2', 'connected 2']);
    expect(opened).toBe(3);
  });

  it('each attempt is listed, and none dials', async () => {
    failToOpen(() => true);
    const { connectViaGateway } = await import('../../src/index.ts');
    const options = { host: 'gateway.invalid', username: 'rpa', privateKeyPath: '/key' };
    const retry = { attempts: 3, minDelay: 1, maxDelay: 2 };
    expect(await rejection(connectViaGateway({ ...options, retry }))).toMatchObject({
      ...expected,
      attempts: [1, 2, 3].map((attempt) => ({ attempt, code: 'SSH_CONNECT_FAILED' })),
    });
  });

  it('the attempts end with the total time', async () => {
    failToOpen(() => true);
    const { connectViaGateway } = await import('../../src/index.ts');
    const options = { host: 'gateway.invalid', username: 'rpa', privateKeyPath: '/key' };
    const limits = { retry: { minDelay: 60_000 }, timeouts: { total: 100 } };
    expect(await rejection(connectViaGateway({ ...options, ...limits }))).toMatchObject({
      code: 'SSH_TOTAL_TIMEOUT',
      attempts: [{ attempt: 1, code: 'SSH_CONNECT_FAILED' }],
    });
  });
});

it('where too many files are open to look for ssh2, it is not ssh2 that is missing', async () => {
  let looks = 0;
  vi.doMock('../../src/load/on-demand.ts', async (original) => ({
    ...(await original<typeof import('../../src/load/on-demand.ts')>()),
    findAny: () => {
      looks++;
      throw unreadPackage();
    },
  }));
  await using there = await fresh();
  const { connectViaGateway, options } = there;
  // By the time that it is loaded, files may have been closed.
  await (await connectViaGateway(options)).close();
  expect(looks).toBe(1);
});

describe('where too many files are open for known_hosts', () => {
  it.each([
    ['read it for the order of the types of keys', 1, 'Cannot read'],
    ['read it for the verdict', 2, 'Cannot read'],
    ['read it again before a key is recorded', 3, 'Cannot read'],
    ['record a key', 4, 'Cannot write'],
  ])('to %s, the server is not to blame, and the next attempt may do it', async (_what, which, message) => {
    await using folder = await localFolder();
    const file = join(folder.path, 'known_hosts');
    let opened = 0;
    failToOpen((path) => path === file && ++opened === which);
    await using there = await fresh();
    const { connectViaGateway } = there;
    const hostKey = { knownHosts: file, onUnknown: 'accept-new' as const };
    const options = { ...there.options, hostKey };
    expect(await rejection(connectViaGateway({ ...options, retry: false }))).toMatchObject({
      ...{ ...expected, phase: 'handshake', host: options.host, port: options.port },
      cause: { message: expect.stringContaining(message) },
      attempts: [{ code: 'SSH_CONNECT_FAILED', phase: 'handshake' }],
    });
    expect(opened).toBe(which);
    await (await connectViaGateway({ ...options, retry: false })).close();
  });
});

describe('where too many files are open to ask the agent', () => {
  it.each([
    ['for its keys', 1],
    ['for a signature', 2],
  ])('%s, the attempt ends, and nothing else is tried in its place', async (_what, which) => {
    let asked = 0;
    let failures = 0;
    vi.doMock('node:net', async (original) => {
      const net = await original<typeof import('node:net')>();
      const connect = (path: string) =>
        failures++ === 0 ? new net.Socket().destroy(emfile()) : net.connect(path);
      return { ...net, connect };
    });
    const { privateKey, publicKey } = await keygen('-t', 'ed25519', '-N', '');
    await using agent = await fakeAgent({ keys: [privateKey] });
    await using there = await fresh({ users: [{ username: 'rpa', publicKeys: [publicKey] }] });
    const { connectViaGateway, server } = there;
    const { ssh2 } = await import('../../src/ssh2/insides/client-parts.ts');
    const { loadKeyReader } = await import('../../src/ssh2/insides/load.ts');
    loadKeyReader();
    const createAgent = ssh2.createAgent;
    // All that ssh2 says.
    const getStream = (callback: (error: Error | null, stream?: Duplex) => void): void =>
      ++asked === which
        ? callback(new Error('Failed to connect to agent'))
        : (createAgent(agent.path) as unknown as { getStream: typeof getStream }).getStream(callback);
    const spy = vi.spyOn(ssh2, 'createAgent').mockReturnValue({ getStream } as never);
    onTestFinished(() => spy.mockRestore());
    const options = { ...there.options, password: 'wrong', agent: agent.path };
    expect(await rejection(connectViaGateway({ ...options, retry: false }))).toMatchObject({
      ...{ ...expected, phase: 'auth', host: options.host, port: options.port },
      attempts: [{ code: 'SSH_CONNECT_FAILED', phase: 'auth' }],
    });
    expect(failures).toBe(1);
    expect(server.journal).not.toContainEqual(expect.objectContaining({ type: 'auth', method: 'password' }));
    expect(server.journal).not.toContainEqual(expect.objectContaining({ type: 'auth', method: 'none' }));
    asked = which - 1;
    // By the second try of a socket, files may have been closed.
    await (await connectViaGateway({ ...options, retry: false })).close();
  });
});
