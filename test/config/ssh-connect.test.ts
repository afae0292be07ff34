import { connect, createServer } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { isSshError } from '../../src/errors/index.ts';
import { type SshInstance, sshConnect } from '../../src/interop/ssh-connect.ts';
import { startMockServer } from '../../src/mock-server/index.ts';

const brief = { retryDelay: 20 };

function logger() {
  return { info: vi.fn<(message: string) => void>(), warn: vi.fn<(message: string) => void>() };
}

function instanceOf(server: Awaited<ReturnType<typeof startMockServer>>): SshInstance {
  const { host: ip, port, clientKey, hostKey } = server;
  return {
    ...{ ip, port, username: 'rpa', stringPrivateKey: clientKey.privateKey },
    hostKey: { fingerprint: hostKey.fingerprint },
  };
}

/** A port that nobody listens on. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

it('connects with the option names of util.py', async () => {
  await using server = await startMockServer();
  await using connection = await sshConnect(instanceOf(server));
  expect(connection.serverVersion).toContain('mock');
});

it('logs the line that monitoring looks for, counting from 1', async () => {
  const log = logger();
  const instance = { ip: '127.0.0.1', port: await closedPort(), username: 'rpa', password: 'x' };
  await expect(sshConnect(instance, { ...brief, retryNum: 3, logger: log })).rejects.toThrow('refused');
  expect(log.info.mock.calls.flat()).toEqual([
    'try ssh connect to vm - 1/3',
    'try ssh connect to vm - 2/3',
    'try ssh connect to vm - 3/3',
  ]);
});

it('counts attempts, not retries, three by default', async () => {
  const log = logger();
  const instance = { ip: '127.0.0.1', port: await closedPort(), username: 'rpa', password: 'x' };
  await sshConnect(instance, { ...brief, logger: log }).catch(() => {});
  await sshConnect(instance, { ...brief, logger: log, retryNum: 1 }).catch(() => {});
  expect(log.info.mock.calls.flat()).toEqual([
    'try ssh connect to vm - 1/3',
    'try ssh connect to vm - 2/3',
    'try ssh connect to vm - 3/3',
    'try ssh connect to vm - 1/1',
  ]);
});

it('waits 30 seconds between attempts by default, whatever the gateway answered', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const log = logger();
    const instance = { ip: '127.0.0.1', port: await closedPort(), username: 'rpa', password: 'x' };
    const outcome = sshConnect(instance, { retryNum: 2, logger: log }).catch((error: unknown) => error);
    // vi.waitFor would move the clock.
    while (!log.warn.mock.calls.flat().some((line) => line.includes('failed'))) await setImmediate();
    await setImmediate();
    await vi.advanceTimersByTimeAsync(29_900);
    expect(log.info).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(log.info).toHaveBeenCalledTimes(2);
    expect(isSshError(await outcome)).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});

it('comes back once the tunnel is up again', async () => {
  await using server = await startMockServer();
  const log = logger();
  const port = await closedPort();
  const ghost = { ...instanceOf(server), port };
  log.info.mockImplementation((message) => {
    if (message.endsWith('2/5')) ghostServer.listen(port, '127.0.0.1');
  });
  const ghostServer = createServer((socket) => {
    const target = connect(server.port, server.host);
    socket.on('error', () => target.destroy()).pipe(target);
    target.on('error', () => socket.destroy()).pipe(socket);
  });
  try {
    await using connection = await sshConnect(ghost, { retryNum: 5, retryDelay: 100, logger: log });
    expect(connection.serverVersion).toContain('mock');
  } finally {
    ghostServer.close();
  }
});

it('lists every attempt in the error', async () => {
  const instance = { ip: '127.0.0.1', port: await closedPort(), username: 'rpa', password: 'x' };
  const error = await sshConnect(instance, { retryNum: 3, ...brief }).catch((reason: unknown) => reason);
  if (!isSshError(error)) throw error;
  expect(error.attempts?.map(({ attempt, code, wait }) => ({ attempt, code, wait }))).toEqual([
    { attempt: 1, code: 'SSH_CONNECTION_REFUSED', wait: 20 },
    { attempt: 2, code: 'SSH_CONNECTION_REFUSED', wait: 20 },
    { attempt: 3, code: 'SSH_CONNECTION_REFUSED', wait: 0 },
  ]);
});

it('does not retry failed authentication', async () => {
  await using server = await startMockServer();
  const log = logger();
  const { stringPrivateKey, ...instance } = instanceOf(server);
  expect(stringPrivateKey).toBeDefined();
  const outcome = sshConnect({ ...instance, password: 'wrong' }, { ...brief, retryNum: 5, logger: log });
  await expect(outcome).rejects.toMatchObject({ code: 'SSH_AUTHENTICATION_FAILED' });
  expect(log.info).toHaveBeenCalledTimes(1);
});

it('does not retry a wrong host key', async () => {
  await using server = await startMockServer();
  const log = logger();
  const hostKey = { fingerprint: `SHA256:${'A'.repeat(43)}` };
  const outcome = sshConnect({ ...instanceOf(server), hostKey }, { ...brief, retryNum: 5, logger: log });
  await expect(outcome).rejects.toMatchObject({ code: 'SSH_HOST_KEY_MISMATCH' });
  expect(log.info).toHaveBeenCalledTimes(1);
});

it('accepts any host key as AutoAddPolicy does, with a warning', async () => {
  await using server = await startMockServer();
  const { hostKey, ...instance } = instanceOf(server);
  expect(hostKey).toBeDefined();
  const log = logger();
  await using connection = await sshConnect(instance, { logger: log });
  expect(connection.serverVersion).toBeDefined();
  expect(log.warn).toHaveBeenCalledWith(expect.stringMatching(/host key of 127\.0\.0\.1 is not checked/));
});

it('allows TCP 30 seconds and the banner 60, each with its own error', async () => {
  const mute = createServer(() => {}).listen(0, '127.0.0.1');
  await new Promise((resolve) => mute.once('listening', resolve));
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const { port } = mute.address() as { port: number };
    const accepted = new Promise((resolve) => mute.once('connection', resolve));
    const outcome = sshConnect(
      { ip: '127.0.0.1', port, username: 'rpa', password: 'x' },
      { retryNum: 1, logger: logger() },
    ).catch((error: unknown) => error);
    let settled = false;
    void outcome.then(() => {
      settled = true;
    });
    await accepted;
    await vi.advanceTimersByTimeAsync(58_000);
    expect(settled).toBe(false);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(await outcome).toMatchObject({ code: 'SSH_BANNER_TIMEOUT', timeoutMs: 60_000 });

    const never = () => new Promise<never>(() => {});
    const unreachable = sshConnect(
      { ip: '127.0.0.1', port, username: 'rpa', password: 'x', via: never },
      { retryNum: 1 },
    ).catch((error: unknown) => error);
    while (vi.getTimerCount() === 0) await setImmediate();
    await vi.advanceTimersByTimeAsync(31_000);
    expect(await unreachable).toMatchObject({ code: 'SSH_TCP_TIMEOUT', timeoutMs: 30_000 });
  } finally {
    vi.useRealTimers();
    mute.close();
  }
});

it('stops during a wait on an abort', async () => {
  const stop = new AbortController();
  const instance = { ip: '127.0.0.1', port: await closedPort(), username: 'rpa', password: 'x' };
  const log = logger();
  log.warn.mockImplementation((message) => {
    if (message.includes('failed')) setTimeout(() => stop.abort(new Error('task was cancelled')), 10);
  });
  await expect(sshConnect(instance, { signal: stop.signal, logger: log })).rejects.toThrow(
    'task was cancelled',
  );
});

it('works with a logger that has only info', async () => {
  const lines: string[] = [];
  const instance = { ip: '127.0.0.1', port: await closedPort(), username: 'rpa', password: 'x' };
  await sshConnect(instance, { retryNum: 1, logger: { info: (line) => lines.push(line) } }).catch(() => {});
  expect(lines).toHaveLength(3);
});

it.each([
  [{ username: 'rpa' }, {}, 'instance.ip'],
  [{ ip: 'a', username: 'rpa' }, { retryNum: 0 }, 'retryNum'],
  [{ ip: 'a', username: 'rpa' }, { retry_num: 3 }, 'retry_num'],
  [{ ip: 'a', username: 'rpa' }, { retryDelay: -1 }, 'retryDelay'],
  [{ ip: 'a', username: 'rpa' }, { logger: {} }, 'logger.info'],
  [{ ip: 'a', username: 'rpa', user: 'x' }, {}, 'user'],
  [{ ip: 'a', username: 'rpa', privateKey: 'a', privateKeyPath: 'b' }, {}, 'privateKeyPath'],
])('rejects %j with %j', async (instance, options, named) => {
  await expect(sshConnect(instance as never, options as never)).rejects.toThrow(named);
});
