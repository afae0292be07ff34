import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Forwarding } from '../../src/forward/types.ts';
import type { ConnectOptions } from '../../src/options/types.ts';
import type { NoteAnswer } from '../../src/tunnel/holder/answers.ts';
import { writeNote } from '../../src/tunnel/holder/note.ts';
import type { CheckReport } from '../../src/tunnel/keep/check-tunnel.ts';
import { checkTunnel } from '../../src/tunnel/keep/check-tunnel.ts';
import { holdPort, type PortRequest } from '../../src/tunnel/keep/hold-port.ts';
import { Keeper } from '../../src/tunnel/keep/keeper.ts';
import type { TunnelPlan } from '../../src/tunnel/keep/options.ts';
import type { GatewayConnection, TunnelHappening, TunnelStatus } from '../../src/tunnel/types.ts';
import { FakeConnection, portTaken, unreachable } from '../support/fake-gateway.ts';

// What the keeper leads is played: how the port is got, what a check finds, what a note's answer is.
vi.mock('../../src/tunnel/keep/hold-port.ts', async (original) => ({
  ...(await original<object>()),
  holdPort: vi.fn(),
}));
vi.mock('../../src/tunnel/keep/check-tunnel.ts', () => ({ checkTunnel: vi.fn(), askTarget: vi.fn() }));
vi.mock('../../src/tunnel/holder/note.ts', () => ({ writeNote: vi.fn() }));

const hold = vi.mocked(holdPort);
const check = vi.mocked(checkTunnel);
const note = vi.mocked(writeNote);

const session = { pid: 7, start: '1', boot: 'b' };
const gateway = { host: 'gateway', username: 'tunnel' } as TunnelPlan['gateway'];

function planOf(changes: Partial<TunnelPlan> = {}): TunnelPlan {
  return {
    gateway,
    listen: { host: 'localhost', port: 9012 },
    target: { host: '127.0.0.1', port: 22 },
    reclaim: {} as TunnelPlan['reclaim'],
    backoff: { attempts: Infinity, minDelay: 500, factor: 2, maxDelay: 30_000, jitter: 0 },
    shouldRetry: undefined,
    checkInterval: 60_000,
    ...changes,
  };
}

/** A connection that notes when it was closed; `slowClose` takes its time. */
class Connection extends FakeConnection {
  closedAt: number | undefined;
  closeMs = 0;
  override async close() {
    if (this.closeMs > 0) await new Promise((resolve) => setTimeout(resolve, this.closeMs));
    this.closedAt = Date.now();
    return super.close();
  }
}

type Found = CheckReport['result'] | (CheckReport & { ms?: number });

function start(
  connections: Array<Connection | Error>,
  changes: Partial<TunnelPlan> = {},
  found: Found[] = [],
) {
  const stop = new AbortController();
  const events: Array<TunnelHappening & { ms: number }> = [];
  const statuses: TunnelStatus[] = [];
  const given: Array<ConnectOptions> = [];
  const requests: PortRequest[] = [];
  const closes: number[] = [];
  const forwarding = { host: 'localhost', port: 9012, close: async () => void closes.push(Date.now()) };
  hold.mockImplementation(async (request) => {
    requests.push(request);
    return forwarding as unknown as Forwarding;
  });
  const checks: number[] = [];
  check.mockImplementation(async () => {
    checks.push(Date.now());
    const next = found.length > 1 ? found.shift()! : (found[0] ?? 'ok');
    const { ms = 0, ...report } = typeof next === 'string' ? { result: next, message: `is ${next}` } : next;
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
    return report;
  });
  const connect = async (options: ConnectOptions) => {
    given.push(options);
    const next = connections.length > 1 ? connections.shift()! : connections[0]!;
    if (next instanceof Error) throw next;
    return next as GatewayConnection;
  };
  const keeper = new Keeper(connect, planOf(changes), stop.signal, {
    emit: (event) => events.push({ ...event, ms: Date.now() }),
    setStatus: (status) => statuses.push(status),
  });
  let ended: unknown = 'not yet';
  const run = keeper.run().then((error) => {
    ended = error;
    return error;
  });
  const types = () => events.map(({ type }) => type);
  const of = (type: TunnelHappening['type']) => events.filter((event) => event.type === type);
  return {
    stop,
    events,
    statuses,
    given,
    requests,
    closes,
    checks,
    run,
    types,
    of,
    end: async () => {
      stop.abort(new Error('stopped'));
      await vi.advanceTimersByTimeAsync(5_000);
      return ended;
    },
    get ended() {
      return ended;
    },
  };
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000, toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
  // So that a moment is not 0, and the time since it not the same as the time.
  vi.advanceTimersByTime(777);
  note.mockResolvedValue({ session });
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  vi.resetAllMocks();
});

describe('a kept tunnel', () => {
  it('reports each step, in order, with its time', async () => {
    const first = new Connection();
    const tunnel = start([first, new Connection()]);
    await pass(30_000);
    first.break();
    await pass(5_000);
    expect(await tunnel.end()).toBeUndefined();
    expect(tunnel.types()).toEqual([
      ...['connecting', 'connected', 'up', 'checked', 'noted', 'down', 'waiting'],
      ...['connecting', 'connected', 'up', 'checked', 'noted'],
    ]);
    expect(tunnel.of('connecting').map((event) => 'attempt' in event && event.attempt)).toEqual([1, 2]);
    expect(tunnel.of('connected')[0]).toMatchObject({ attempt: 1, durationMs: 0 });
    expect(tunnel.of('up')).toMatchObject([
      { listen: { host: 'localhost', port: 9012 }, downMs: 0 },
      { downMs: 500 },
    ]);
    expect(tunnel.of('noted')[0]).toMatchObject({ pid: 7 });
    expect(tunnel.of('down')).toMatchObject([{ upMs: 30_000, error: { message: 'the gateway is gone' } }]);
    expect(tunnel.of('waiting')).toMatchObject([{ wait: 500, attempt: 1 }]);
    expect(tunnel.statuses.map(({ state }) => state)).toEqual([
      'connecting',
      'up',
      'waiting',
      'connecting',
      'up',
    ]);
    expect(tunnel.statuses[2]).toMatchObject({ for: 'retry', wait: 500 });
    expect(first.closes).toBe(1);
    expect(tunnel.closes).toHaveLength(2);
  });

  it('does not end before its connection', async () => {
    const slow = new Connection();
    slow.closeMs = 700;
    const tunnel = start([slow]);
    await pass(10);
    tunnel.stop.abort(new Error('stopped'));
    await pass(699);
    expect(tunnel.ended).toBe('not yet');
    await pass(1);
    expect(tunnel.ended).toBeUndefined();
    expect(tunnel.types()).not.toContain('down');
  });

  it('does not connect if it is stopped before it has begun', async () => {
    const tunnel = start([new Connection()]);
    const stopped = new AbortController();
    stopped.abort();
    const connect = vi.fn();
    const keeper = new Keeper(connect, planOf(), stopped.signal, { emit: () => {}, setStatus: () => {} });
    expect(await keeper.run()).toBeUndefined();
    expect(connect).not.toHaveBeenCalled();
    await tunnel.end();
  });

  it('closes a late connection at once if it is stopped while connecting', async () => {
    const late = new Connection();
    const stop = new AbortController();
    hold.mockImplementation(({ signal }) => Promise.reject(signal.reason));
    const connect = async () => {
      stop.abort(new Error('stopped'));
      return late as GatewayConnection;
    };
    const keeper = new Keeper(connect, planOf(), stop.signal, { emit: () => {}, setStatus: () => {} });
    expect(await keeper.run()).toBeUndefined();
    expect(late.closes).toBe(1);
    expect(hold.mock.calls[0]?.[0].signal.aborted).toBe(true);
  });

  it('connects with a 2 s attempt, every fifth 10 s, and a keepalive by default', async () => {
    const tunnel = start([unreachable()]);
    await pass(4_600);
    await tunnel.end();
    expect(tunnel.given.slice(0, 6).map(({ timeouts }) => timeouts?.tcp)).toEqual([
      2_000, 2_000, 2_000, 2_000, 10_000, 2_000,
    ]);
    expect(tunnel.given[0]).toMatchObject({
      host: 'gateway',
      retry: false,
      keepalive: { interval: 10_000, countMax: 3 },
      signal: tunnel.stop.signal,
    });
    const own = { keepalive: false, timeouts: { tcp: 77, auth: 5 } } as object;
    const told = start([unreachable()], { gateway: { ...gateway, ...own } });
    await told.end();
    expect(told.given[0]).toMatchObject(own);
  });

  it('reports the duration of the connect, and closes a connection that is no longer usable', async () => {
    const silent = new Connection();
    Object.defineProperty(silent, 'closed', { value: new Promise(() => {}) });
    const stop = new AbortController();
    const events: TunnelHappening[] = [];
    hold.mockImplementation(async (request) => {
      seen.push(request.signal);
      stop.abort();
      throw new Error('no');
    });
    const seen: AbortSignal[] = [];
    const connect = async () => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      return silent as GatewayConnection;
    };
    const unheard = new AbortController();
    const keeper = new Keeper(connect, planOf(), unheard.signal, {
      emit: (e) => events.push(e),
      setStatus: () => {},
    });
    const run = keeper.run();
    await pass(30);
    expect(events[1]).toMatchObject({ type: 'connected', durationMs: 30 });
    expect(silent.closes).toBe(1);
    expect(seen[0]!.reason).toMatchObject({ message: 'This connection is over' });
    // While it waits for the next attempt, nothing but that wait listens to the stop.
    unheard.abort();
    await pass(0);
    expect(await run).toBeUndefined();
    expect(seen).toHaveLength(1);
  });

  it('leaves no listener on the stop signal when it gives up', async () => {
    const stop = new AbortController();
    const error = new TypeError('wrong');
    hold.mockRejectedValue(error);
    const connect = async () => new Connection() as GatewayConnection;
    const keeper = new Keeper(connect, planOf(), stop.signal, { emit: () => {}, setStatus: () => {} });
    expect(await keeper.run()).toBe(error);
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0);
  });

  it('reports which port it waits for, and that it held the port before', async () => {
    const first = new Connection();
    const tunnel = start([first, new Connection()]);
    await pass(1_000);
    tunnel.requests[0]!.onTaken(portTaken(), 40);
    expect(tunnel.statuses.at(-1)).toMatchObject({ state: 'waiting', for: 'port', wait: 40 });
    first.break();
    await pass(1_000);
    await tunnel.end();
    expect(tunnel.requests.map(({ hadIt }) => hadIt)).toEqual([false, true]);
    expect(tunnel.requests.map(({ own }) => own)).toEqual([undefined, session]);
    expect(tunnel.requests[0]!.id).toBe(tunnel.requests[1]!.id);
    expect(tunnel.requests[0]!.signal.aborted).toBe(true);
  });

  it('gives a gateway one second to release the port', async () => {
    const mute = new Connection();
    const tunnel = start([mute]);
    hold.mockResolvedValue({
      host: 'h',
      port: 1,
      close: () => new Promise(() => {}),
    } as unknown as Forwarding);
    await pass(10);
    tunnel.stop.abort(new Error('stopped'));
    await pass(999);
    expect(mute.closes).toBe(0);
    await pass(1);
    expect(mute.closes).toBe(1);
  });
});

describe('a failure', () => {
  it.each([
    ['that may pass', unreachable(), true],
    ['of wrong use', new TypeError('wrong'), false],
    ['of nobody knows whom', new Error('odd'), true],
    ['that is no error', 'just words', true],
  ])('%s is retried or not', async (_name, error, again) => {
    const tunnel = start([new Connection()]);
    await tunnel.end();
    const stop = new AbortController();
    let tries = 0;
    const connect = () => {
      if (++tries > 1) stop.abort();
      return Promise.reject(error);
    };
    const keeper = new Keeper(connect as never, planOf(), stop.signal, {
      emit: () => {},
      setStatus: () => {},
    });
    const run = keeper.run();
    await pass(2_000);
    const result = await run;
    expect(tries).toBe(again ? 2 : 1);
    if (!again) expect(result).toBe(error);
  });

  it.each([
    [true, 2],
    [false, 1],
    [undefined, 1],
  ])('is retried as shouldRetry decides: %s', async (says, times) => {
    const asked: unknown[] = [];
    const shouldRetry = (_error: unknown, failures: number) => {
      asked.push(failures);
      return asked.length > 1 ? false : says;
    };
    const tunnel = start([new TypeError('wrong')], { shouldRetry: shouldRetry as never });
    await pass(1_500);
    expect(await tunnel.end()).toBeInstanceOf(TypeError);
    expect(asked).toEqual([1, 2].slice(0, times));
    expect(tunnel.given).toHaveLength(times);
  });

  it('is handled by the default rule if an async shouldRetry resolves with undefined', async () => {
    const tunnel = start([unreachable()], { shouldRetry: (async () => undefined) as never });
    await pass(600);
    await tunnel.end();
    expect(tunnel.given.length).toBeGreaterThan(1);
  });

  it('ends the tunnel after `attempts`, without a wait', async () => {
    const tunnel = start([unreachable()], { backoff: { ...planOf().backoff, attempts: 2 } });
    await pass(10_000);
    expect(tunnel.ended).toMatchObject({ code: 'SSH_CONNECTION_REFUSED' });
    expect(tunnel.types()).toEqual(['connecting', 'waiting', 'connecting']);
  });

  it('does not delay a stop while it waits', async () => {
    const tunnel = start([unreachable()], {
      backoff: { ...planOf().backoff, minDelay: 20_000, maxDelay: 20_000 },
    });
    await pass(10);
    tunnel.stop.abort();
    await pass(0);
    expect(tunnel.ended).toBeUndefined();
  });

  it('increases the waits only after short-lived connections', async () => {
    const connections = Array.from({ length: 6 }, () => new Connection());
    const tunnel = start([...connections]);
    for (const [index, ms] of [100, 100, 100, 10_000, 100].entries()) {
      await pass(ms);
      connections[index]!.break();
      await pass(4_000);
    }
    await tunnel.end();
    const waits = tunnel.of('waiting').map((event) => 'wait' in event && event.wait);
    expect(waits).toEqual([500, 1_000, 2_000, 500, 500]);
  });

  it('resets the pace of reclaiming after some time up, and forgets conflicts after a longer time', async () => {
    const connections = Array.from({ length: 4 }, () => new Connection());
    const tunnel = start([...connections], { checkInterval: Infinity });
    await pass(1);
    const { pace } = tunnel.requests[0]!;
    const steady = vi.spyOn(pace, 'steady');
    const forget = vi.spyOn(pace, 'forget');
    for (const [index, [ms, calls]] of [
      [9_000, [0, 0]],
      [10_000, [1, 0]],
      [600_000, [2, 1]],
    ].entries() as unknown as Array<[number, [number, number[]]]>) {
      await pass(ms);
      connections[index]!.break();
      await pass(0);
      expect([steady.mock.calls.length, forget.mock.calls.length]).toEqual(calls);
      await pass(4_000);
      await pass(0);
    }
    await tunnel.end();
  });
});

describe('the checks of a tunnel', () => {
  it('run at their interval, sooner after a failed one, and report only changes', async () => {
    const tunnel = start([new Connection()], {}, ['ok', 'ok', 'target-down', 'target-down', 'ok']);
    await pass(185_000);
    await tunnel.end();
    const [first = 0] = tunnel.checks;
    expect(tunnel.checks.map((at) => at - first)).toEqual([0, 60_000, 120_000, 122_000, 124_000, 184_000]);
    expect(tunnel.of('checked')).toMatchObject([
      { result: 'ok', message: 'is ok', durationMs: 0 },
      { result: 'target-down' },
      { result: 'ok' },
    ]);
  });

  it('at a short interval are not delayed by a failure', async () => {
    const tunnel = start([new Connection()], { checkInterval: 1_000 }, ['target-down']);
    await pass(3_500);
    await tunnel.end();
    expect(tunnel.checks).toHaveLength(4);
  });

  it('rebuild the tunnel if two in a row fail, not one now and then', async () => {
    const tunnel = start([new Connection(), new Connection()], {}, [
      'ok',
      'broken',
      'ok',
      'broken',
      'target-down',
      'broken',
      'broken',
      'ok',
    ]);
    await pass(240_000);
    await tunnel.end();
    expect(tunnel.of('down')).toMatchObject([
      { error: { message: 'The end-to-end check failed: is broken' } },
    ]);
    expect(tunnel.checks.length).toBeGreaterThanOrEqual(7);
    expect(tunnel.given).toHaveLength(2);
  });

  it('do not rebuild it if only the very first fails', async () => {
    const tunnel = start([new Connection()], {}, ['broken', 'ok']);
    await pass(30_000);
    expect(tunnel.types()).not.toContain('down');
    await tunnel.end();
  });

  it.each([
    ['by the option', { checkInterval: Infinity }, 'ok', 0],
    ['where the gateway allows none', {}, 'unavailable', 1],
  ] as const)('are skipped: %s', async (_name, changes, found, times) => {
    const connection = new Connection();
    const tunnel = start([connection], changes, [found]);
    await pass(600_000);
    expect(tunnel.checks).toHaveLength(times);
    expect(tunnel.types()).not.toContain('down');
    connection.break();
    await pass(0);
    expect(tunnel.of('down')).toMatchObject([{ error: { message: 'the gateway is gone' } }]);
    await tunnel.end();
  });

  it('connect to where the gateway itself reaches the port, or to its socket', async () => {
    const any = start([new Connection()], { listen: { host: '0.0.0.0', port: 9012 } });
    await pass(1);
    await any.end();
    expect(check.mock.calls[0]![1]).toEqual({ host: '127.0.0.1', port: 9012 });
    const socket = start([new Connection()], { listen: { path: '/run/t' } });
    hold.mockResolvedValue({ path: '/run/t', close: async () => {} } as unknown as Forwarding);
    await pass(1);
    await socket.end();
    expect(socket.of('up')).toMatchObject([{ listen: { path: '/run/t' } }]);
    expect(check.mock.calls.at(-1)![1]).toEqual({ socketPath: '/run/t' });
  });

  it("that throw end this connection, with the connection's error or their own", async () => {
    const connection = new Connection();
    const tunnel = start([connection, new Connection()]);
    check.mockRejectedValueOnce(new Error('odd'));
    await pass(10);
    expect(tunnel.of('down')).toMatchObject([{ error: { message: 'odd' } }]);
    await tunnel.end();
  });
});

describe('the note of a tunnel', () => {
  const words = () => note.mock.calls.map(([, port, said]) => ({ port, every: said.every, took: said.took }));

  it('contains once how often it is renewed and how fast the target is', async () => {
    const tunnel = start([new Connection()], {}, [{ result: 'ok', message: '', ms: 30 }]);
    await pass(130_000);
    await tunnel.end();
    expect(words()).toEqual([
      { port: 9012, every: 60, took: undefined },
      { port: 9012, every: 60, took: 30 },
      { port: 9012, every: 60, took: 30 },
      { port: 9012, every: 60, took: 30 },
    ]);
  });

  it.each([
    [1_000, 5],
    [5_500, 6],
    [3_600_000, 600],
  ])('with checks every %d ms is renewed every %d s', async (checkInterval, every) => {
    const tunnel = start([new Connection()], { checkInterval });
    await pass(10);
    await tunnel.end();
    expect(words()[0]).toMatchObject({ every });
  });

  it('is renewed no more often than every five seconds', async () => {
    const tunnel = start([new Connection()], { checkInterval: 1_000 });
    await pass(10_500);
    await tunnel.end();
    // The first, the one with the time that the target took, and those after 5 and 10 s.
    expect(words()).toHaveLength(4);
  });

  it('without checks contains that nothing renews it', async () => {
    const tunnel = start([new Connection()], { checkInterval: Infinity });
    await pass(60_000);
    await tunnel.end();
    expect(words()).toEqual([{ port: 9012, every: 0, took: 'mute' }]);
  });

  it("is not renewed while the connection is down, nor if the gateway's helper wrote it", async () => {
    const broken = start([new Connection()], {}, ['ok', 'broken', 'target-down']);
    await pass(61_000);
    expect(note).toHaveBeenCalledTimes(2);
    await broken.end();
    note.mockReset();
    note.mockResolvedValue({ session, byHelper: true });
    const helped = start([new Connection()]);
    await pass(200_000);
    await helped.end();
    expect(note).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['without reclaim', { reclaim: undefined }],
    ['of a socket', { listen: { path: '/run/t' } as const }],
  ])('is not written %s', async (_name, changes) => {
    const tunnel = start([new Connection()], changes);
    await pass(70_000);
    await tunnel.end();
    expect(note).not.toHaveBeenCalled();
    expect(tunnel.types()).not.toContain('noted');
  });

  it('that could not be written is reported, and the next request has no session', async () => {
    const first = new Connection();
    note.mockResolvedValue({ failed: 'no-shell' as never, message: 'no shell' });
    const tunnel = start([first, new Connection()]);
    await pass(1_000);
    first.break();
    await pass(1_000);
    await tunnel.end();
    expect(tunnel.of('note-failed')).toMatchObject([{ reason: 'no-shell', message: 'no shell' }, {}]);
    expect(tunnel.requests.map(({ own }) => own)).toEqual([undefined, undefined]);
    expect(note).toHaveBeenCalledTimes(2);
  });

  it('that fails does not affect the tunnel', async () => {
    note.mockRejectedValue(new Error('no'));
    const tunnel = start([new Connection()]);
    await pass(70_000);
    expect(tunnel.types()).toEqual(['connecting', 'connected', 'up', 'checked']);
    await tunnel.end();
  });

  it('reports once each other tunnel that requested the port within ten minutes', async () => {
    const asks = (tunnel: string, ago: number): NoteAnswer => ({
      session,
      wanted: { tunnel, ago, machine: 'pc-2' } as never,
    });
    const tunnel = start([new Connection()], { checkInterval: 10_000 });
    await pass(1);
    // It asked before this one had the port, and may have been its predecessor.
    note.mockResolvedValueOnce(asks('before', 10));
    await pass(10_000);
    expect(tunnel.of('contested')).toHaveLength(0);
    await pass(690_000);
    note.mockResolvedValueOnce(asks('old', 601));
    await pass(10_000);
    expect(tunnel.of('contested')).toHaveLength(0);
    note.mockResolvedValueOnce(asks(tunnel.requests[0]!.id, 1));
    await pass(10_000);
    expect(tunnel.of('contested')).toHaveLength(0);
    note.mockResolvedValueOnce(asks('other', 600)).mockResolvedValueOnce(asks('other', 3));
    await pass(20_000);
    expect(tunnel.of('contested')).toMatchObject([
      { machine: 'pc-2', message: expect.stringContaining('600 s ago') },
    ]);
    note.mockResolvedValueOnce(asks('third', 3));
    await pass(10_000);
    expect(tunnel.of('contested')).toHaveLength(2);
    await tunnel.end();
  });

  it('is awaited before the port is released', async () => {
    let written: (answer: NoteAnswer) => void = () => {};
    note.mockReturnValue(new Promise((resolve) => (written = resolve)));
    const connection = new Connection();
    const tunnel = start([connection]);
    await pass(10);
    tunnel.stop.abort(new Error('stopped'));
    await pass(500);
    expect(connection.closes).toBe(0);
    written({ session });
    await pass(0);
    expect(connection.closes).toBe(1);
  });
});
