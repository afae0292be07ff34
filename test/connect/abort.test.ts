import { execFileSync } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { constants } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Faults, startMockServer } from '../../src/mock-server/index.ts';
import type { ConnectOptions } from '../../src/options/types.ts';
import { watchHandles } from '../mock-server/support.ts';
import { connectTo } from '../support/connect.ts';
import { loadConnecting } from '../support/load-connecting.ts';
import { failureOf, pause, until } from '../support/outcome.ts';

const never = () => new Promise<never>(() => {});

beforeAll(loadConnecting);

interface Row {
  where: string;
  faults?: Faults;
  options?: Partial<ConnectOptions>;
  /** No connection reaches the server. */
  without?: true;
}

const rows: Row[] = [
  { where: 'the route', options: { via: never }, without: true },
  { where: 'the wait for the identification line', faults: { banner: 'mute' } },
  { where: 'the middle of the identification line', faults: { banner: { splitBytes: 1, intervalMs: 50 } } },
  { where: 'the key exchange', faults: { handshake: { hang: true } } },
  { where: 'the check of the host key', options: { hostKey: { verify: never } } },
  { where: 'the login', faults: { auth: { hang: true } } },
  { where: 'a slow login', faults: { auth: { delayMs: 5_000 } } },
  { where: 'a frozen connection', faults: { freeze: { phase: 'ident' } } },
  {
    where: 'a wait between attempts',
    faults: { banner: { close: 'fin' } },
    options: { retry: { attempts: 9, minDelay: 60_000, maxDelay: 60_000 } },
  },
  {
    where: 'a quiet wait after a zombie',
    faults: { banner: 'mute' },
    options: { timeouts: { banner: 20 }, retry: { attempts: 9 } },
  },
];

describe.each(rows)('an abort in $where', ({ faults, options, without }) => {
  it('rejects with the reason within 100 ms, and leaves nothing behind', { retry: 2 }, async () => {
    await using server = await startMockServer(faults ? { faults } : {});
    const leftBehind = await watchHandles();
    const controller = new AbortController();
    const reason = new Error('the task was cancelled');
    const connecting = failureOf(connectTo(server, { ...options, signal: controller.signal }));
    if (!without) await server.waitFor('connect');
    await pause(120);
    const start = performance.now();
    controller.abort(reason);
    const { error } = await connecting;
    expect(error).toBe(reason);
    expect(performance.now() - start).toBeLessThan(100);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    await until(() => server.connections === 0);
    await server.close();
    expect(await leftBehind()).toEqual([]);
  });
});

describe('an abort', () => {
  it.each([
    ['a string', 'stop'],
    ['nothing', undefined],
    ['a number', 5],
    ['null', null],
    ['an object', { why: 'x' }],
  ])('with %s as reason rejects with exactly that', async (_what, reason) => {
    await using server = await startMockServer({ faults: { banner: 'mute' } });
    const controller = new AbortController();
    const connecting = connectTo(server, { signal: controller.signal }).catch((error) => ({ thrown: error }));
    await server.waitFor('connect');
    controller.abort(reason);
    expect(await connecting).toEqual({ thrown: controller.signal.reason });
  });

  it('before the call opens no socket', async () => {
    await using server = await startMockServer();
    const { error } = await failureOf(connectTo(server, { signal: AbortSignal.abort('stop') }));
    expect(error).toBe('stop');
    expect(server.journal).toEqual([]);
  });

  it('by AbortSignal.timeout rejects with its reason, not with a timeout of ours', async () => {
    await using server = await startMockServer({ faults: { banner: 'mute' } });
    const { error } = await failureOf(connectTo(server, { signal: AbortSignal.timeout(50) }));
    expect(error).toMatchObject({ name: 'TimeoutError' });
    expect(error).toBeInstanceOf(DOMException);
  });

  it('after the connection is established has no effect, and leaves no listener on the signal', async () => {
    await using server = await startMockServer();
    const controller = new AbortController();
    await using connection = await connectTo(server, { signal: controller.signal });
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    controller.abort('late');
    expect((await connection.exec('echo on')).stdout).toContain('on');
  });

  it('at the moment of success leaves no connection behind', async () => {
    await using server = await startMockServer();
    for (const event of ['attempt', 'connected']) {
      const controller = new AbortController();
      const log = (record: { event: string }) => {
        if (record.event === event) controller.abort('in the log');
      };
      const { error } = await failureOf(connectTo(server, { signal: controller.signal, log }));
      expect(error).toBe('in the log');
      await until(() => server.connections === 0);
    }
  });

  it('does not wait for a key file or known_hosts file that cannot be read to its end', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'svg-pipe-'));
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    await using server = await startMockServer();
    const { error } = await failureOf(
      connectTo(server, {
        privateKey: undefined as never,
        privateKeyPath: pipe,
        signal: AbortSignal.timeout(60),
      }),
    );
    expect(error).toMatchObject({ name: 'TimeoutError' });
    const total = { timeouts: { total: 60 } };
    const second = await failureOf(
      connectTo(server, { privateKey: undefined as never, privateKeyPath: pipe, ...total }),
    );
    expect(second.error.code).toBe('SSH_TOTAL_TIMEOUT');
    expect(server.journal).toEqual([]);
    // Nobody reads the pipe any more: it cannot be opened for writing.
    const writer = () => open(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
    await expect.poll(() => writer().catch(({ code }) => code)).toBe('ENXIO');
    await rm(folder, { recursive: true });
  });
});

describe('a function as a route', () => {
  it('carries the connection over any stream', async () => {
    await using server = await startMockServer();
    const { connect } = await import('node:net');
    await using connection = await connectTo(server, {
      host: 'not-even-a-name',
      via: () => connect(server.port, server.host),
    });
    expect((await connection.exec('echo over')).stdout).toContain('over');
  });

  it('whose stream is late has it destroyed', async () => {
    await using server = await startMockServer();
    let give: ((stream: PassThrough) => void) | undefined;
    const via = () =>
      new Promise<PassThrough>((resolve) => {
        give = resolve;
      });
    const { error } = await failureOf(connectTo(server, { via, timeouts: { tcp: 40 } }));
    expect(error).toMatchObject({ code: 'SSH_TCP_TIMEOUT', phase: 'route' });
    const late = new PassThrough();
    give?.(late);
    await until(() => late.destroyed);
    const broken = new PassThrough();
    const again = failureOf(connectTo(server, { via, timeouts: { tcp: 40 } }));
    await again;
    give?.(broken);
    await until(() => broken.destroyed);
    expect(() => broken.emit('error', new Error('late'))).not.toThrow();
  });

  it.each([
    [
      'an Error',
      new Error('no proxy \u001b[31m'),
      { code: 'SSH_CONNECT_FAILED', phase: 'route', retryable: true },
    ],
    [
      'an error of the system',
      Object.assign(new Error('x'), { code: 'EHOSTUNREACH' }),
      { code: 'SSH_CONNECT_FAILED', errno: 'EHOSTUNREACH' },
    ],
    ['a string', 'no', { code: 'SSH_CONNECT_FAILED' }],
    ['nothing', undefined, { code: 'SSH_CONNECT_FAILED' }],
  ])('that throws %s leads to ConnectFailed, and is tried again', async (_what, thrown, wanted) => {
    await using server = await startMockServer();
    let times = 0;
    const via = () => {
      times++;
      throw thrown;
    };
    const { error } = await failureOf(connectTo(server, { via, retry: { attempts: 2, minDelay: 0 } }));
    expect(error).toMatchObject(wanted);
    expect(error.message).not.toContain('\u001b');
    expect(times).toBe(2);
  });

  it.each([undefined, null, {}, 'stream'])('that returns %o leads to a TypeError', async (given) => {
    await using server = await startMockServer();
    const { error } = await failureOf(
      connectTo(server, { via: (() => given) as never, retry: { attempts: 3, minDelay: 0 } }),
    );
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(/^option via: /);
  });

  it('that returns an ended stream is treated as a server that sends nothing', async () => {
    await using server = await startMockServer();
    const via = () => {
      const stream = new PassThrough();
      stream.destroy();
      return stream;
    };
    const { error } = await failureOf(connectTo(server, { via }));
    expect(error).toMatchObject({ code: 'SSH_BANNER_MISSING', phase: 'banner' });
  });
});
