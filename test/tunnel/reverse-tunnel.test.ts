import { getEventListeners, setMaxListeners } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { AuthenticationFailed, ChannelOpenFailed } from '../../src/errors/index.ts';
import { latch } from '../../src/time/latch.ts';
import { startReverseTunnel } from '../../src/tunnel/keep/reverse-tunnel.ts';
import type { ReverseTunnelOptions, TunnelEvent, TunnelStatus } from '../../src/tunnel/types.ts';
import { tcpServer } from '../support/echo.ts';
import {
  FakeConnection,
  forbidden,
  lost,
  portTaken,
  shellSays,
  unreachable,
} from '../support/fake-gateway.ts';

const base: ReverseTunnelOptions = {
  gateway: { host: 'gateway', username: 'tunnel' },
  listenPort: 9012,
  target: { host: '127.0.0.1', port: 9 },
  retry: { minDelay: 1, maxDelay: 1 },
};

/** Who asks it for its banner may leave before reading it, which resets the connection. */
const answeringTarget = () => tcpServer((socket) => socket.end('SSH-2.0-target\r\n'));

/** Starts a tunnel whose connects get these results in turn; the last one for ever. */
function start(results: Array<FakeConnection | Error>, options: Partial<ReverseTunnelOptions> = {}) {
  const events: TunnelEvent[] = [];
  const connects: unknown[] = [];
  const tunnel = startReverseTunnel(
    async (given) => {
      connects.push(given);
      const result = results.length > 1 ? results.shift() : results[0];
      if (!(result instanceof FakeConnection)) throw result;
      return result;
    },
    { ...base, onEvent: (event) => events.push(event), ...options },
  );
  const until = (type: TunnelEvent['type'], count = 1) =>
    vi.waitFor(() => expect(types().filter((t) => t === type).length).toBeGreaterThanOrEqual(count), {
      timeout: 5_000,
      interval: 5,
    });
  const types = () => events.map((event) => event.type);
  return { tunnel, events, types, connects, until };
}

describe('keepReverseTunnel', () => {
  it('comes up, reports it, and checks that the published port answers', async () => {
    const { tunnel, events, types, until } = start([new FakeConnection()]);
    expect(tunnel.state).toBe('connecting');
    await until('checked');
    expect(types()).toEqual(['connecting', 'connected', 'up', 'checked']);
    expect(events[3]).toMatchObject({ result: 'ok', message: 'answered SSH-2.0-pc' });
    expect(tunnel.status).toMatchObject({ state: 'up', listen: { host: 'localhost', port: 9012 } });
    await tunnel.close();
    expect(tunnel.state).toBe('closed');
    expect(await tunnel.closed).toBeUndefined();
    expect(types().at(-1)).toBe('closed');
  });

  it('comes back after a lost connection, and after an unreachable gateway', async () => {
    const first = new FakeConnection();
    const second = new FakeConnection();
    const { tunnel, types, until } = start([unreachable(), first, unreachable(), second]);
    await until('checked');
    first.break();
    await until('checked', 2);
    expect(types().filter((type) => type !== 'checked')).toEqual([
      ...['connecting', 'waiting'],
      ...['connecting', 'connected', 'up', 'down', 'waiting'],
      ...['connecting', 'waiting'],
      ...['connecting', 'connected', 'up'],
    ]);
    expect(first.closes).toBe(1);
    await tunnel.close();
    expect(second.closes).toBe(1);
  });

  it('requests a port in use again on the same connection', async () => {
    const connection = new FakeConnection();
    connection.refusals = [portTaken(), portTaken()];
    const { tunnel, connects, events, until } = start([connection]);
    await until('port-taken');
    expect(tunnel.status).toMatchObject({ state: 'waiting', for: 'port', error: { reason: 'port-taken' } });
    await until('up');
    expect(connects).toHaveLength(1);
    expect(connection.forwards).toBe(3);
    expect(events.filter(({ type }) => type === 'port-taken')).toMatchObject([{ asked: 1 }, { asked: 2 }]);
    await tunnel.close();
  });

  it('reconnects if the connection is lost while it waits for the port', async () => {
    const first = new FakeConnection();
    first.refusals = [portTaken()];
    const { tunnel, until, connects } = start([first, new FakeConnection()]);
    await until('port-taken');
    first.break();
    await until('up');
    expect(connects).toHaveLength(2);
    await tunnel.close();
  });

  it('records its session, and ends exactly that one if it finds the port in use', async () => {
    const first = new FakeConnection();
    first.onExec = () => shellSays('self 300 600 sshd', 'uid 1001', 'noted 300 600 b1');
    const second = new FakeConnection();
    second.refusals = [portTaken()];
    second.onExec = (script) =>
      script.includes('kill -TERM') ? shellSays('result ended') : shellSays('noted 301 700 b1');
    const { tunnel, events, until } = start([first, second], { reclaim: true });
    await until('noted');
    first.break();
    await until('noted', 2);
    expect(events.find(({ type }) => type === 'reclaimed')).toMatchObject({ pid: 300, evidence: 'own' });
    expect(second.scripts[0]).toContain('victim="300"');
    await tunnel.close();
  });

  it("renews its note with its target's response time, and reports who else requests the port", async () => {
    const connection = new FakeConnection();
    connection.onExec = () =>
      shellSays('boot b1', 'noted 300 600 b1', 'wanted b1 100 other-pc tunnel-b', 'now 100');
    const { tunnel, events, until } = start([connection], { reclaim: true });
    await until('contested');
    expect(events.find(({ type }) => type === 'contested')).toMatchObject({
      machine: 'other-pc',
      message: expect.stringMatching(/on other-pc asked for this port 0 s ago.*give one of them another/),
    });
    const [first, second] = connection.scripts.map((script) => /every="(\d+)"; took="([^"]*)"/.exec(script));
    expect([first?.[1], first?.[2], second?.[1]]).toEqual(['60', '-', '60']);
    expect(second?.[2]).toMatch(/^\d+$/);
    await tunnel.close();
  });

  it.each([
    ['its own', (own: string) => `wanted b1 90 other-pc ${own}`],
    ['one of an hour ago', () => 'wanted b1 1 other-pc tunnel-b'],
    ['one of before the gateway was restarted', () => 'wanted b0 90 other-pc tunnel-b'],
    ['what is no request', () => 'wanted b1 nonsense'],
  ])('does not treat %s as a rival', async (_what, wanted) => {
    const connection = new FakeConnection();
    connection.onExec = (script) => {
      const own = /tunnel="([^"]*)"/.exec(script)?.[1] ?? '';
      return shellSays('boot b1', 'noted 300 600 b1', wanted(own), 'now 1000');
    };
    const { tunnel, types, until } = start([connection], { reclaim: true });
    await vi.waitFor(() => expect(connection.scripts).toHaveLength(2));
    await until('checked');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(types()).not.toContain('contested');
    await tunnel.close();
  });

  it('records that its target is not probed if it is not an SSH server', async () => {
    const connection = new FakeConnection();
    connection.onExec = () => shellSays('noted 300 600 b1');
    const { tunnel, until } = start([connection], { reclaim: true, checkInterval: Infinity });
    await until('noted');
    expect(connection.scripts).toHaveLength(1);
    expect(connection.scripts[0]).toContain('every="0"; took="mute"');
    await tunnel.close();
  });

  it('reports once why it cannot reclaim, and waits', async () => {
    const connection = new FakeConnection();
    connection.refusals = [portTaken(), portTaken()];
    connection.onExec = () => 'This account is currently not available.';
    const { tunnel, events, until } = start([connection], { reclaim: true });
    await until('up');
    const refused = events.filter(({ type }) => type === 'reclaim-refused');
    expect(refused).toMatchObject([{ reason: 'no-shell' }]);
    await until('note-failed');
    await tunnel.close();
  });

  it.each([
    ['a login that is refused', new AuthenticationFailed('no', { phase: 'auth', methodsTried: [] })],
    ['wrong options', new TypeError('host must be a string')],
  ])('gives up on %s', async (_what, error) => {
    const { tunnel, connects, types } = start([error]);
    expect(await tunnel.closed).toBe(error);
    expect(connects).toHaveLength(1);
    expect(tunnel.status).toMatchObject({ state: 'closed', error });
    expect(types()).toEqual(['connecting', 'closed']);
  });

  it('gives up on a port that the account may not listen on, and closes its connection', async () => {
    const connection = new FakeConnection();
    connection.refusals = [forbidden()];
    const { tunnel } = start([connection]);
    expect(await tunnel.closed).toMatchObject({ reason: 'not-permitted' });
    expect(connection.closes).toBe(1);
  });

  it('lets shouldRetry decide', async () => {
    const refusal = new AuthenticationFailed('no', { phase: 'auth', methodsTried: [] });
    const seen: number[] = [];
    const shouldRetry = (_error: Error, attempt: number) => {
      seen.push(attempt);
      return attempt < 3;
    };
    const { tunnel } = start([refusal], { retry: { ...base.retry, shouldRetry } });
    expect(await tunnel.closed).toBe(refusal);
    expect(seen).toEqual([1, 2, 3]);
  });

  it('ends after the allowed attempts', async () => {
    const { tunnel, connects } = start([unreachable()], { retry: { ...base.retry, attempts: 3 } });
    expect(await tunnel.closed).toMatchObject({ code: 'SSH_CONNECTION_REFUSED' });
    expect(connects).toHaveLength(3);
  });

  it('makes one attempt per connect, with short timeouts', async () => {
    const { tunnel, connects, until } = start([unreachable()]);
    await until('connecting', 6);
    const tcp = connects
      .slice(0, 5)
      .map((options) => (options as { timeouts: { tcp: number } }).timeouts.tcp);
    expect(tcp).toEqual([2_000, 2_000, 2_000, 2_000, 10_000]);
    expect(connects[0]).toMatchObject({ retry: false, keepalive: { interval: 10_000, countMax: 3 } });
    await tunnel.close();
  });

  it('rebuilds the tunnel if the target answers but the published port does not', async () => {
    await using target = await answeringTarget();
    const first = new FakeConnection();
    first.onOpenStream = () => new PassThrough().end();
    const { tunnel, events, until } = start([first, new FakeConnection()], {
      target: { host: '127.0.0.1', port: target.port },
      checkInterval: 5,
    });
    await until('up', 2);
    expect(events.find(({ type }) => type === 'checked')).toMatchObject({ result: 'broken' });
    expect(events.find(({ type }) => type === 'down')).toMatchObject({
      error: { message: expect.stringMatching(/end-to-end check failed/) },
    });
    await tunnel.close();
  });

  it('stays up if a check fails now and then', async () => {
    await using target = await answeringTarget();
    const connection = new FakeConnection();
    let checks = 0;
    const { onOpenStream } = connection;
    connection.onOpenStream = () => (checks++ % 2 ? onOpenStream() : new PassThrough().end());
    const { tunnel, events, until, types } = start([connection], {
      target: { host: '127.0.0.1', port: target.port },
      checkInterval: 1,
    });
    await until('checked', 6);
    const results = events.flatMap((event) => (event.type === 'checked' ? [event.result] : []));
    expect(results.slice(0, 4)).toEqual(['broken', 'ok', 'broken', 'ok']);
    expect(types()).not.toContain('down');
    await tunnel.close();
  });

  it('is closed once its connection is, and not before', async () => {
    const connection = new FakeConnection();
    const closing = latch<void>();
    connection.close = () => {
      connection.break();
      return closing.promise;
    };
    const { tunnel, until } = start([connection]);
    await until('checked');
    let isClosed = false;
    const closed = tunnel.close().then(() => {
      isClosed = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(isClosed).toBe(false);
    closing.resolve();
    await closed;
  });

  it('stays up while only the target is down, and reports its return', async () => {
    const connection = new FakeConnection();
    connection.onOpenStream = () => new PassThrough().end();
    const { tunnel, events, until, types } = start([connection], { checkInterval: 5 });
    await until('checked');
    connection.onOpenStream = new FakeConnection().onOpenStream;
    await until('checked', 2);
    expect(events.filter(({ type }) => type === 'checked')).toMatchObject([
      { result: 'target-down' },
      { result: 'ok' },
    ]);
    expect(types()).not.toContain('down');
    await tunnel.close();
  });

  it('does without the check if the gateway forbids it', async () => {
    const connection = new FakeConnection();
    let opened = 0;
    connection.onOpenStream = () => {
      opened++;
      return new ChannelOpenFailed('no', { phase: 'channel', reasonCode: 1 });
    };
    const { tunnel, events, until } = start([connection], { checkInterval: 5 });
    await until('checked');
    expect(events.at(-1)).toMatchObject({ result: 'unavailable' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(opened).toBe(1);
    await tunnel.close();
  });

  it('lets the gateway’s helper connect to the port if the account itself may not', async () => {
    await using target = await answeringTarget();
    const seen = ['banner SSH-2.0-OpenSSH', 'closed ', 'silent ', 'silent ', 'silent '];
    const asked: string[] = [];
    const make = () => {
      const connection = new FakeConnection();
      connection.onOpenStream = () => new ChannelOpenFailed('no', { phase: 'channel', reasonCode: 1 });
      connection.onExec = (command) => {
        asked.push(command);
        return `ssh-via-gateway-helper-1\n${seen.shift() ?? 'banner SSH-2.0-x'}\n`;
      };
      return connection;
    };
    const { tunnel, events, until } = start([make(), make()], {
      checkInterval: 5,
      listenPort: 9012,
      target: { host: '127.0.0.1', port: target.port },
    });
    await until('down');
    const results = events.filter(({ type }) => type === 'checked');
    expect(results.slice(0, 2)).toMatchObject([{ result: 'ok' }, { result: 'broken' }]);
    expect(events.find(({ type }) => type === 'down')).toMatchObject({
      error: { message: expect.stringContaining('the published port stayed silent') },
    });
    expect(asked[0]).toBe('check 9012');
    await tunnel.close();
  });

  it('reports its status to any number of iterators, until it is closed', async () => {
    const connection = new FakeConnection();
    const { tunnel, until } = start([connection]);
    const read = async () => {
      const states: TunnelStatus['state'][] = [];
      for await (const { state } of tunnel) states.push(state);
      return states;
    };
    const early = [read(), read()];
    await until('up');
    const late = read();
    for await (const { state } of tunnel) {
      expect(state).toBe('up');
      break;
    }
    await tunnel.close();
    for (const states of await Promise.all(early)) {
      expect(states.filter((state, at) => state !== states[at - 1])).toEqual(['connecting', 'up', 'closed']);
    }
    expect(await late).toEqual(['up', 'closed']);
    expect(await read()).toEqual(['closed']);
  });

  it('is closed by its signal, in any state, and leaves no listener on it', async () => {
    const waiting = new FakeConnection();
    waiting.refusals = Array.from({ length: 50 }, () => portTaken());
    for (const [result, state] of [
      [new FakeConnection(), 'up'],
      [waiting, 'waiting'],
      [unreachable(), 'waiting'],
    ] as const) {
      const stop = new AbortController();
      const { tunnel } = start([result], {
        signal: stop.signal,
        retry: { minDelay: 60_000, maxDelay: 60_000 },
      });
      await vi.waitFor(() => expect(tunnel.state).toBe(state));
      stop.abort();
      expect(await tunnel.closed).toBeUndefined();
      expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0);
    }
    const { tunnel, connects } = start([new FakeConnection()], { signal: AbortSignal.abort() });
    expect(await tunnel.closed).toBeUndefined();
    expect(connects).toHaveLength(0);
  });

  it('survives a listener that throws', async () => {
    const { tunnel } = start([new FakeConnection()], {
      onEvent: () => {
        throw new Error('a bug of the user');
      },
    });
    await vi.waitFor(() => expect(tunnel.state).toBe('up'));
    await tunnel.close();
  });

  it('does not grow over 2,000 reconnects', { timeout: 60_000 }, async () => {
    const stop = new AbortController();
    setMaxListeners(1, stop.signal);
    let current: FakeConnection | undefined;
    let ups = 0;
    const tunnel = startReverseTunnel(
      async ({ signal }) => {
        expect(getEventListeners(signal as AbortSignal, 'abort').length).toBeLessThanOrEqual(2);
        current = new FakeConnection();
        return current;
      },
      {
        ...base,
        retry: { minDelay: 0, maxDelay: 0 },
        signal: stop.signal,
        onEvent: ({ type }) => {
          if (type !== 'up') return;
          ups++;
          current?.break(lost());
        },
      },
    );
    await vi.waitFor(() => expect(ups).toBeGreaterThanOrEqual(2_000), { timeout: 50_000 });
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(1);
    await tunnel.close();
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0);
  });

  it.each([
    [{ gateway: undefined }, TypeError, /^option gateway: undefined given; an object \(where to connect/],
    [
      { gateway: { ...base.gateway, retry: {} } },
      TypeError,
      /^option gateway.retry: an object given; retry beside gateway would be right/,
    ],
    [{ listenPort: 0 }, RangeError, /^option listenPort: 0 given; .*publish another/],
    [{ listenPort: 70_000 }, RangeError, /^option listenPort: 70000/],
    [{ listenPort: undefined }, TypeError, /^option listenPort: undefined given/],
    [{ target: undefined }, TypeError, /^option target: undefined given/],
    [{ target: {} }, TypeError, /^option target.host: undefined given/],
    [{ gateway: { ...base.gateway, prot: 22 } }, TypeError, /^option gateway.prot: .*did you mean port/],
    [{ gateway: { ...base.gateway, host: 'gw:22' } }, RangeError, /^option gateway.host: .*22 in port/],
    [{ retry: { shouldRetry: 5 } }, TypeError, /^option retry.shouldRetry: 5 given; a function/],
    [{ retry: { attempts: 1.5 } }, RangeError, /^option retry.attempts: 1.5 given; a whole number/],
    [{ retry: { minDelay: Infinity } }, RangeError, /^option retry.minDelay: Infinity given/],
    [{ retry: 3 }, TypeError, /^option retry: 3 given/],
    [{ onEvent: 5 }, TypeError, /^option onEvent: 5 given; a function/],
    [{ signal: {} }, TypeError, /^option signal: an object given; an AbortSignal/],
    [{ reclaim: 'yes' }, TypeError, /^option reclaim: 'yes' given; true, false or an object/],
    [{ chekInterval: 5 }, TypeError, /option chekInterval: .*did you mean checkInterval/],
    [{ target: { host: 'h', prot: 22 } }, TypeError, /option target.prot: .*did you mean port/],
    [{ reclaim: { unotted: 'keep' } }, TypeError, /option reclaim.unotted: .*did you mean unnoted/],
    [{ retry: { retries: 3 } }, TypeError, /option retry.retries: there is no such option/],
    [{ checkInterval: 0 }, RangeError, /^option checkInterval: 0 given; milliseconds/],
    [
      { reclaim: { unnoted: 'all' } },
      TypeError,
      /^option reclaim.unnoted: 'all' given; .*'keep' or 'only-session'/,
    ],
    [{ reclaim: { answerTimeout: 5 } }, RangeError, /^option reclaim.answerTimeout: 5 given; .*at least 100/],
  ])('rejects %j before anything opens', (wrong, kind, message) => {
    const connect = vi.fn();
    const call = () => startReverseTunnel(connect, { ...base, ...wrong } as ReverseTunnelOptions);
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
    expect(connect).not.toHaveBeenCalled();
  });
});
