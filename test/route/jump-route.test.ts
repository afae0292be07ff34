import { PassThrough } from 'node:stream';
import { expect, it, vi } from 'vitest';
import { ChannelOpenFailed, ChannelTimeout, ConnectionLost, type SshError } from '../../src/errors/index.ts';
import type { ConnectOptions } from '../../src/options/types.ts';
import { jumpHost } from '../../src/route/jump-host.ts';
import type { HopConnection } from '../../src/route/route.ts';
import { latch } from '../../src/time/latch.ts';
import { routeContext } from '../support/route-context.ts';

const outer = { host: 'outer', username: 'kim', password: 'x', hostKey: 'insecure-accept-any' } as const;
const inner = { ...outer, host: 'inner', port: 2222 };

/** A jump host that is connected at once, and opens what the test says. */
function played(open: () => Promise<PassThrough> = async () => new PassThrough()) {
  const closed = latch<SshError | undefined>();
  const connection = {
    isClosed: false,
    openStream: vi.fn(open),
    close: vi.fn(async () => {
      await new Promise(setImmediate);
      connection.isClosed = true;
    }),
    closed: closed.promise,
  };
  const asked: Array<[ConnectOptions, string]> = [];
  const onLoginBanner = vi.fn();
  const context = routeContext({
    ...{ host: 'pc', port: 9012, onLoginBanner },
    connect: async (options, hop) => {
      asked.push([options, hop]);
      return connection as unknown as HopConnection;
    },
  });
  return { connection, asked, context, closed, onLoginBanner };
}

it('connects to the jump host once, by its own options, and from there to the target', async () => {
  const { connection, asked, context } = played();
  const { stream } = await jumpHost(inner).open(context);
  expect(stream.destroyed).toBe(false);
  expect(asked[0]![1]).toBe('jump 1 of 1 (inner:2222)');
  expect(asked[0]![0]).toMatchObject({ ...inner, retry: false, signal: context.signal, log: context.log });
  expect(connection.openStream.mock.calls).toEqual([
    [{ host: 'pc', port: 9012 }, { signal: context.signal }],
  ]);
});

it('connects to a Unix socket of the jump host instead', async () => {
  const { connection, asked, context } = played();
  await jumpHost({ ...outer, socketPath: '/run/pc' }).open(context);
  expect(connection.openStream.mock.calls[0]).toEqual([
    { socketPath: '/run/pc' },
    { signal: context.signal },
  ]);
  expect(asked[0]![0]).not.toHaveProperty('socketPath');
});

it('counts the hops from the outermost', async () => {
  const { asked, context } = played();
  await jumpHost({ ...inner, via: jumpHost(outer) }).open(context);
  expect(asked[0]![1]).toBe('jump 2 of 2 (inner:2222)');
  const via = asked[0]![0].via as ReturnType<typeof jumpHost>;
  await via.open(context);
  expect(asked[1]![1]).toBe('jump 1 of 2 (outer:22)');
});

it('reports which host a login banner is from', async () => {
  const { asked, context, onLoginBanner } = played();
  await jumpHost(outer).open(context);
  const tell = asked[0]![0].onLoginBanner as (notice: string, hop?: string) => void;
  tell('mine');
  tell('of one before', 'jump 1 of 3');
  expect(onLoginBanner.mock.calls).toEqual([
    ['mine', 'jump 1 of 1 (outer:22)'],
    ['of one before', 'jump 1 of 3'],
  ]);
});

it.each([
  ['forbidden', 1, 'no', { code: 'SSH_CONNECT_FAILED', retryable: false, hint: /forbids it/ }],
  [
    'an unknown kind of channel',
    3,
    'no',
    { code: 'SSH_CONNECT_FAILED', retryable: false, hint: /forbids it/ },
  ],
  [
    'refused',
    2,
    'Connection refused',
    { code: 'SSH_CONNECTION_REFUSED', errno: 'ECONNREFUSED', hint: /Nothing listens/ },
  ],
  [
    'not found',
    2,
    'unknown host',
    { code: 'SSH_CONNECT_FAILED', retryable: true, hint: /as the jump host sees it/i },
  ],
  ['too much', 4, 'no', { code: 'SSH_CONNECT_FAILED', retryable: true, hint: /as the jump host sees it/i }],
])(
  'reports how the jump host failed to reach the target: %s',
  async (_what, reasonCode, reason, { hint, ...expected }) => {
    const error = new ChannelOpenFailed('no', { phase: 'channel', reasonCode, reason });
    const { connection, context } = played(() => Promise.reject(error));
    await expect(jumpHost(outer).open(context)).rejects.toMatchObject({
      ...{ phase: 'route', host: 'pc', port: 9012, hop: 'jump 1 of 1 (outer:22)', cause: error },
      ...{
        hint: expect.stringMatching(hint),
        message: `jump 1 of 1 (outer:22) could not reach pc:9012: ${reason}`,
      },
      ...expected,
    });
    expect(connection.close).toHaveBeenCalledTimes(1);
  },
);

it('does not blame the jump host where the target does not answer it', async () => {
  const timeout = new ChannelTimeout('late', { phase: 'channel', host: 'outer', port: 22, timeoutMs: 1_500 });
  const { connection, context } = played(() => Promise.reject(timeout));
  await expect(jumpHost(outer).open(context)).rejects.toMatchObject({
    ...{ code: 'SSH_CONNECT_FAILED', errno: 'ETIMEDOUT', retryable: true, cause: timeout },
    ...{ phase: 'route', host: 'pc', port: 9012, hop: 'jump 1 of 1 (outer:22)' },
    message:
      'jump 1 of 1 (outer:22) could not reach pc:9012 within 1500 ms (option timeouts.channel of the jump host)',
    hint: expect.stringMatching(/^The target may not answer/),
  });
  expect(connection.isClosed).toBe(true);
});

it.each([
  ['an abort', new Error('enough')],
  [
    'the end of the jump connection',
    new ConnectionLost('gone', { phase: 'session', host: 'outer', port: 22, why: 'socket' }),
  ],
])('passes on %s unchanged, and closes the jump connection', async (_what, error) => {
  const { connection, context } = played(() => Promise.reject(error));
  await expect(jumpHost(outer).open(context)).rejects.toBe(error);
  expect(connection.isClosed).toBe(true);
});

it('reports that the jump connection or its stream was lost; the first error wins', async () => {
  const lost = (text: string) =>
    new ConnectionLost(text, { phase: 'session', host: 'outer', port: 22, why: 'socket' });
  const byConnection = played();
  const first = await jumpHost(outer).open(byConnection.context);
  expect(first.failure?.()).toBeUndefined();
  const gone = lost('gone');
  byConnection.closed.resolve(gone);
  await Promise.resolve();
  expect(first.failure?.()).toBe(gone);
  const byStream = played();
  const second = await jumpHost(outer).open(byStream.context);
  second.stream.on('error', () => {});
  const [sooner, later] = [lost('sooner'), lost('later')];
  second.stream.emit('error', sooner);
  byStream.closed.resolve(later);
  await Promise.resolve();
  expect(second.failure?.()).toBe(sooner);
});

it('ends the stream and the jump connection together', async () => {
  const { connection, context } = played();
  const routed = await jumpHost(outer).open(context);
  await routed.dispose?.();
  expect(routed.stream.destroyed).toBe(true);
  expect(connection.isClosed).toBe(true);
});
