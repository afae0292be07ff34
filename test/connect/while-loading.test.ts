import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AttemptPlan } from '../../src/arrival.ts';
import { openRoute } from '../../src/open-route.ts';
import type { RouteContext, RoutedStream } from '../../src/route/route.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  vi.doUnmock('../../src/log-in.ts');
  vi.doUnmock('../../src/connection.ts');
  vi.resetModules();
});

function plan(open: (context: RouteContext) => Promise<RoutedStream>): AttemptPlan {
  return {
    options: {
      ...{ host: 'gw', port: 22, username: 'kim', via: { kind: 'http-proxy', open }, keepalive: false },
      timeouts: { tcp: 20, channel: 77 },
      log: () => {},
    },
    signal: new AbortController().signal,
  } as unknown as AttemptPlan;
}

const silent = ({ signal }: RouteContext) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

describe('while code is loaded', () => {
  it('the limit of the route has not begun, but the route has', async () => {
    let end = () => {};
    const loaded = new Promise<void>((resolve) => (end = resolve));
    const open = vi.fn(silent);
    const ended = vi.fn();
    const opening = openRoute(plan(open), loaded).catch((error) => {
      ended();
      return error;
    });
    expect(open).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(ended).not.toHaveBeenCalled();
    end();
    await vi.advanceTimersByTimeAsync(19);
    expect(ended).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(await opening).toMatchObject({ code: 'SSH_TCP_TIMEOUT', timeoutMs: 20 });
  });

  it('a route that opens sooner has no limit any more when that is done', async () => {
    let end = () => {};
    const loaded = new Promise<void>((resolve) => (end = resolve));
    const stream = new PassThrough();
    expect(
      await openRoute(
        plan(async () => ({ stream })),
        loaded,
      ),
    ).toEqual({ stream });
    end();
    await loaded;
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('code that cannot be loaded', () => {
  it.each(['log-in', 'connection'])('(%s) fails the attempt, and nothing stays open', async (part) => {
    vi.resetModules();
    vi.doMock('../../src/log-in.ts', () => {
      if (part === 'log-in') throw new Error('log-in is damaged');
      return { logIn: async () => ({}) };
    });
    vi.doMock('../../src/connection.ts', () => {
      throw new Error('connection is damaged');
    });
    const { attempt } = await import('../../src/attempt.ts');
    const stream = new PassThrough();
    const dispose = vi.fn(async () => {});
    const error = await attempt(
      plan(async () => ({ stream, dispose })),
      { total: 0 },
    ).catch((thrown) => thrown);
    expect(String(error.cause ?? error)).toContain(`${part} is damaged`);
    expect(stream.destroyed).toBe(true);
    expect(dispose).toHaveBeenCalledTimes(1);
  });
});
