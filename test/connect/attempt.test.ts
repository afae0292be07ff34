import { getEventListeners } from 'node:events';
import { type Duplex, PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AttemptPlan } from '../../src/arrival.ts';
import { attempt } from '../../src/attempt.ts';
import { ConnectFailed, type PhaseTimings } from '../../src/errors/index.ts';
import type { Route, RouteContext, RoutedStream } from '../../src/route/route.ts';
import { handshake } from '../../src/ssh2/handshake/handshake.ts';
import { ownLink } from '../../src/ssh2/handshake/owned-link.ts';

// So that it is there when it is asked for: no time is to pass.
import '../../src/connection.ts';
import '../../src/log-in.ts';

// What follows the route is played.
vi.mock('../../src/ssh2/handshake/handshake.ts', () => ({ handshake: vi.fn() }));
vi.mock('../../src/ssh2/handshake/owned-link.ts', () => ({ ownLink: vi.fn(() => 'owned') }));

const login = vi.mocked(handshake);
const own = vi.mocked(ownLink);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  login.mockResolvedValue({
    client: {},
    serverVersion: 'OpenSSH_9.9',
    hostKeyFingerprint: () => 'f',
  } as never);
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  vi.clearAllMocks();
});

type Via = Route | (() => Duplex | Promise<Duplex>) | undefined;

function plan(via: Via, changes: { signal?: AbortSignal; hop?: string } = {}): AttemptPlan {
  return {
    options: {
      ...{ host: 'gw', port: 22, username: 'kim', via, keepalive: false, maxSessions: 3 },
      timeouts: { tcp: 1_000, channel: 77 },
      log: () => {},
    },
    signal: new AbortController().signal,
    connectHop: async () => ({}),
    ...changes,
  } as unknown as AttemptPlan;
}

const routeOf = (open: (context: RouteContext) => Promise<RoutedStream>, kind = 'http-proxy') =>
  ({ kind, open }) as Route;
const fail = async (given: AttemptPlan, timings: PhaseTimings = { total: 0 }) => {
  const running = attempt(given, timings).catch((error) => error);
  await vi.advanceTimersByTimeAsync(0);
  return running;
};

describe('an attempt', () => {
  it('opens no route after an abort', async () => {
    const open = vi.fn();
    expect(await fail(plan(routeOf(open), { signal: AbortSignal.abort('enough') }))).toBe('enough');
    expect(open).not.toHaveBeenCalled();
  });

  it('goes from the route to the login, and reports the duration of each phase', async () => {
    const stream = new PassThrough();
    const lost = new ConnectFailed('the jump host is gone', { phase: 'route' });
    const contexts: RouteContext[] = [];
    const route = routeOf(async (context) => {
      contexts.push(context);
      await new Promise((resolve) => setTimeout(resolve, 30));
      return { stream, program: 'nc', failure: () => lost };
    });
    login.mockImplementationOnce(async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return { client: {}, serverVersion: 'v', hostKeyFingerprint: () => 'f' } as never;
    });
    const timings: PhaseTimings = { total: 0 };
    const { signal } = new AbortController();
    const running = attempt(plan(route, { signal, hop: 'jump 1 of 1' }), timings);
    await vi.advanceTimersByTimeAsync(50);
    expect(await running).toMatchObject({ serverVersion: 'v', timings });
    expect(timings).toEqual({ tcp: 30, total: 50 });
    expect(contexts[0]).toMatchObject({
      host: 'gw',
      port: 22,
      username: 'kim',
      timeout: 1_000,
      hop: 'jump 1 of 1',
    });
    expect(login.mock.calls[0]![0]).toBe(stream);
    expect(login.mock.calls[0]![1]).toMatchObject({
      ...{ where: { host: 'gw', port: 22, hop: 'jump 1 of 1' }, program: 'nc', timings, signal },
    });
    const [, link, keepalive] = own.mock.calls[0]!;
    expect(link.ahead).toBeDefined();
    expect(link).toMatchObject({ channelTimeout: 77, slots: { limit: 3 } });
    const { routeFailure } = login.mock.calls[0]![1];
    expect(routeFailure?.()).toBe(lost);
    expect(keepalive).toBe(false);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('lets the connection close its route', async () => {
    const stream = new PassThrough();
    let isDisposed = false;
    const dispose = vi.fn(async () => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      isDisposed = true;
      throw new Error('its own trouble');
    });
    await attempt(plan(routeOf(async () => ({ stream, dispose }))), { total: 0 });
    const end = own.mock.calls[0]![3];
    expect(stream.destroyed).toBe(false);
    const ended = end();
    expect(stream.destroyed).toBe(true);
    await vi.advanceTimersByTimeAsync(10);
    await ended;
    expect(isDisposed).toBe(true);
    expect(dispose).toHaveBeenCalledTimes(1);
  });

  it('closes its route if the login fails', async () => {
    const stream = new PassThrough();
    const dispose = vi.fn(async () => {});
    const error = new Error('no login');
    login.mockRejectedValueOnce(error);
    const timings: PhaseTimings = { total: -1 };
    expect(await fail(plan(routeOf(async () => ({ stream, dispose }))), timings)).toBe(error);
    expect(stream.destroyed).toBe(true);
    expect(dispose).toHaveBeenCalledTimes(1);
    expect(timings.total).toBe(0);
  });
});

describe('a route', () => {
  const hanging = (context: RouteContext) =>
    new Promise<never>((_, reject) => {
      context.signal.addEventListener('abort', () => reject(new Error('of the route itself')));
    });

  it('has a time limit', async () => {
    const running = attempt(plan(routeOf(hanging)), { total: 0 }).catch((error) => error);
    await vi.advanceTimersByTimeAsync(999);
    await vi.advanceTimersByTimeAsync(1);
    expect(await running).toMatchObject({ phase: 'route', host: 'gw', timeoutMs: 1_000, retryable: true });
  });

  it('of jump hosts has none of its own: each jump host has one', async () => {
    const stop = new AbortController();
    const seen: RouteContext[] = [];
    const route = routeOf((context) => {
      seen.push(context);
      return hanging(context);
    }, 'jump-host');
    const running = attempt(plan(route, { signal: stop.signal }), { total: 0 }).catch((error) => error);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(seen[0]).toMatchObject({ timeout: Infinity, signal: { aborted: false } });
    stop.abort(new Error('enough'));
    expect(await running).toBe(stop.signal.reason);
  });

  it('that fails reports why, and keeps an SshError unchanged', async () => {
    const odd = Object.assign(new Error('odd\u001b'), { code: 'EODD' });
    expect(await fail(plan(routeOf(() => Promise.reject(odd))))).toMatchObject({
      ...{ code: 'SSH_CONNECT_FAILED', phase: 'route', cause: odd, retryable: true, errno: 'EODD' },
      message: 'The route to gw:22 could not be opened: odd\\x1b',
    });
    expect(await fail(plan(routeOf(() => Promise.reject('words'))))).toMatchObject({
      message: 'The route to gw:22 could not be opened: no reason given',
    });
    for (const ours of [
      new ConnectFailed('no', { phase: 'route' }),
      new TypeError('wrong'),
      new RangeError('far'),
    ])
      expect(await fail(plan(routeOf(() => Promise.reject(ours))))).toBe(ours);
  });
});

describe('a function as a route', () => {
  it('returns a stream whose errors are handled', async () => {
    const stream = new PassThrough();
    await attempt(
      plan(() => stream),
      { total: 0 },
    );
    expect(login.mock.calls[0]![0]).toBe(stream);
    expect(() => stream.emit('error', new Error('late'))).not.toThrow();
  });

  it.each([
    ['nothing', undefined],
    ['an object', {}],
    ['what only reads', { pipe: () => {} }],
  ])('that returns %s leads to a TypeError', async (_what, given) => {
    const error = await fail(plan((() => given) as never));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(/^option via: the function gave no Duplex/);
  });

  it('that throws fails the attempt', async () => {
    const via = () => {
      throw new Error('no');
    };
    expect(await fail(plan(via))).toMatchObject({ message: 'The route to gw:22 could not be opened: no' });
  });

  it('that is late has its stream destroyed', async () => {
    const late = new PassThrough();
    let give = (_stream: Duplex) => {};
    const via = () => new Promise<Duplex>((resolve) => (give = resolve));
    const stop = new AbortController();
    const running = attempt(plan(via, { signal: stop.signal }), { total: 0 }).catch((error) => error);
    await vi.advanceTimersByTimeAsync(0);
    stop.abort(new Error('enough'));
    expect(await running).toBe(stop.signal.reason);
    give(late);
    await vi.advanceTimersByTimeAsync(0);
    expect(late.destroyed).toBe(true);
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  });
});
