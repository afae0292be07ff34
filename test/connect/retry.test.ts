import { describe, expect, it, vi } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import type { SshError } from '../../src/errors/index.ts';
import { type Faults, startMockServer } from '../../src/mock-server/index.ts';
import type { LogRecord, RetryOptions, RetryState } from '../../src/options/types.ts';
import type { Route } from '../../src/route/route.ts';
import { connectTo, optionsFor } from '../support/connect.ts';
import { failureOf, pause } from '../support/outcome.ts';

const hangUp: Faults = { banner: { close: 'fin' } };
const quick = { minDelay: 5, factor: 1, maxDelay: 5, jitter: 0, quiet: 5 } satisfies RetryOptions;

describe('attempts', () => {
  it.each([1, 2, 5])('are as many as requested: %d', async (attempts) => {
    await using server = await startMockServer({ faults: hangUp });
    const { error } = await failureOf(connectTo(server, { retry: { ...quick, attempts } }));
    expect(error.code).toBe('SSH_BANNER_MISSING');
    expect(error.attempts).toHaveLength(attempts);
    expect(server.journal.filter(({ type }) => type === 'connect')).toHaveLength(attempts);
  });

  it('are ten by default, and end with the first success', async () => {
    await using server = await startMockServer({ faults: { ...hangUp, connections: 9 } });
    await using connection = await connectTo(server, { retry: quick });
    expect(connection.serverVersion).toContain('OpenSSH');
    expect(server.journal.filter(({ type }) => type === 'connect')).toHaveLength(10);
  });

  it('are listed, each with its phases, error and wait', async () => {
    await using server = await startMockServer({ faults: { handshake: { closeInKex: 'fin' } } });
    const retry = { ...quick, attempts: 3, minDelay: 10, factor: 2, maxDelay: 100 };
    const { error } = await failureOf(connectTo(server, { retry }));
    expect(error.attempts).toMatchObject([
      { attempt: 1, code: 'SSH_HANDSHAKE_FAILED', phase: 'handshake', wait: 10, message: error.message },
      { attempt: 2, wait: 20 },
      { attempt: 3, wait: 0 },
    ]);
    for (const { timings } of error.attempts ?? []) {
      expect(timings).toEqual({
        tcp: expect.any(Number),
        banner: expect.any(Number),
        total: expect.any(Number),
      });
      expect(timings.total).toBeGreaterThanOrEqual((timings.tcp ?? 0) + (timings.banner ?? 0) - 1);
    }
    expect(JSON.parse(JSON.stringify(error)).attempts).toHaveLength(3);
  });

  it('end with the last error, not an earlier one', async () => {
    await using server = await startMockServer({ faults: { ...hangUp, connections: 1 } });
    const options = { privateKey: undefined as never, password: 'wrong', retry: { ...quick, attempts: 5 } };
    const { error } = await failureOf(connectTo(server, options));
    expect(error.code).toBe('SSH_AUTHENTICATION_FAILED');
    expect(error.attempts?.map(({ code }) => code)).toEqual([
      'SSH_BANNER_MISSING',
      'SSH_AUTHENTICATION_FAILED',
    ]);
  });
});

it('an attempt that has ended does not listen to a later abort', async () => {
  const signals: AbortSignal[] = [];
  const via: Route = {
    kind: 'stream',
    open: async ({ signal }) => {
      signals.push(signal);
      throw new Error('not today');
    },
  };
  const stop = new AbortController();
  const reason = new Error('enough');
  const onRetry = () => void (signals.length === 3 && stop.abort(reason));
  const open = connectViaGateway({
    ...{ host: 'pc', username: 'rpa', password: 'x', via, signal: stop.signal },
    retry: { ...quick, onRetry },
  });
  await expect(open).rejects.toBe(reason);
  expect(signals.map(({ aborted }) => aborted)).toEqual([false, false, false]);
});

describe('the waits', () => {
  it('are observed, and grow', async () => {
    await using server = await startMockServer({ faults: hangUp });
    const retry = { attempts: 3, minDelay: 100, factor: 2, jitter: 0 };
    const { ms } = await failureOf(connectTo(server, { retry }));
    // A timer counts from the turn of the loop, which a busy machine may have begun a while before.
    expect(ms).toBeGreaterThanOrEqual(200);
    const times = server.journal.filter(({ type }) => type === 'connect').map(({ time }) => time);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(95);
    expect((times[2] ?? 0) - (times[1] ?? 0)).toBeGreaterThanOrEqual(195);
  });

  it('are `quiet` after a zombie, and twice that after the next, whatever the ordinary delay', async () => {
    await using server = await startMockServer({ faults: { banner: 'mute', connections: 2 } });
    const waits: number[] = [];
    const retry = {
      attempts: 3,
      minDelay: 1,
      quiet: 120,
      jitter: 0,
      onRetry: (_e: SshError, s: RetryState) => void waits.push(s.wait),
    };
    const start = performance.now();
    await using _connection = await connectTo(server, { retry, timeouts: { banner: 50 } });
    expect(waits).toEqual([120, 240]);
    expect(performance.now() - start).toBeGreaterThanOrEqual(50 + 120 + 50 + 240 - 10);
  });

  it('are skipped after a zombie that has just died', async () => {
    await using server = await startMockServer({
      faults: { banner: { close: 'rst', afterMs: 1_100 }, connections: 1 },
    });
    const waits: number[] = [];
    const retry = {
      attempts: 2,
      minDelay: 60_000,
      onRetry: (_e: SshError, s: RetryState) => void waits.push(s.wait),
    };
    await using _connection = await connectTo(server, { retry });
    expect(waits).toEqual([0]);
  });

  it('end early at the total timeout', async () => {
    await using server = await startMockServer({ faults: hangUp });
    const retry = { attempts: 100, minDelay: 40, factor: 1, jitter: 0 };
    const { error, ms } = await failureOf(connectTo(server, { retry, timeouts: { total: 300 } }));
    expect(error.code).toBe('SSH_TOTAL_TIMEOUT');
    expect(ms).toBeGreaterThanOrEqual(295);
    expect(ms).toBeLessThan(700);
    expect(error.attempts?.length).toBeGreaterThanOrEqual(2);
    expect(error.attempts?.at(-1)).toMatchObject({ code: 'SSH_BANNER_MISSING' });
  });
});

describe('shouldRetry', () => {
  const run = async (shouldRetry: RetryOptions['shouldRetry'], faults: Faults = hangUp, more = {}) => {
    await using server = await startMockServer({ faults });
    const retry = { ...quick, attempts: 3, ...(shouldRetry ? { shouldRetry } : {}) };
    const { error } = await failureOf(connectTo(server, { retry, ...more }));
    return error.attempts?.length;
  };

  it('decides: true retries, false gives up, undefined applies the default', async () => {
    expect(await run(() => true)).toBe(3);
    expect(await run(() => false)).toBe(1);
    expect(await run(() => undefined)).toBe(3);
    expect(await run(async () => false)).toBe(1);
    expect(await run(async () => undefined)).toBe(3);
  });

  it('may retry where the default gives up', async () => {
    const more = { hostKey: { fingerprint: `SHA256:${'A'.repeat(43)}` } };
    expect(await run(() => undefined, {}, more)).toBe(1);
    expect(await run(() => true, {}, more)).toBe(3);
  });

  it('gets the error and a frozen state that does not change later', async () => {
    await using server = await startMockServer({ faults: hangUp });
    const states: RetryState[] = [];
    const shouldRetry = (error: SshError, state: RetryState) => {
      expect(error.attempts).toHaveLength(state.attempt);
      states.push(state);
      return undefined;
    };
    await failureOf(connectTo(server, { retry: { ...quick, attempts: 3, shouldRetry } }));
    expect(states).toMatchObject([
      { attempt: 1, attempts: 3, wait: 5, history: [{ attempt: 1 }] },
      { attempt: 2, attempts: 3, wait: 5, history: [{ attempt: 1 }, { attempt: 2 }] },
    ]);
    expect(states.map(({ history }) => history.length)).toEqual([1, 2]);
    expect(Object.isFrozen(states[0])).toBe(true);
    expect(states[1]?.elapsedMs).toBeGreaterThanOrEqual(states[0]?.elapsedMs ?? 0);
  });

  it('that throws ends the attempts with its error', async () => {
    await using server = await startMockServer({ faults: hangUp });
    const mistake = new Error('of the program');
    const shouldRetry = () => {
      throw mistake;
    };
    expect((await failureOf(connectTo(server, { retry: { ...quick, shouldRetry } }))).error).toBe(mistake);
  });

  it('that never answers is ended by an abort or the total timeout', async () => {
    await using server = await startMockServer({ faults: hangUp });
    const retry = { ...quick, shouldRetry: () => new Promise<never>(() => {}) };
    const controller = new AbortController();
    const connecting = failureOf(connectTo(server, { retry, signal: controller.signal }));
    await pause(50);
    controller.abort('stop');
    expect((await connecting).error).toBe('stop');
    const { error } = await failureOf(connectTo(server, { retry, timeouts: { total: 100 } }));
    expect(error).toMatchObject({ code: 'SSH_TOTAL_TIMEOUT', phase: 'banner' });
  });
});

describe('onRetry', () => {
  it('is called before each wait, and not after the last attempt', async () => {
    await using server = await startMockServer({ faults: hangUp });
    const onRetry = vi.fn();
    const { error } = await failureOf(connectTo(server, { retry: { ...quick, attempts: 3, onRetry } }));
    expect(onRetry.mock.calls.map(([, { attempt }]) => attempt)).toEqual([1, 2]);
    expect(onRetry.mock.calls.every(([given]) => given.code === error.code)).toBe(true);
  });

  it('that throws, now or later, ends the attempts with its error', async () => {
    await using server = await startMockServer({ faults: hangUp });
    const mistake = new Error('of the program');
    const throwing = () => {
      throw mistake;
    };
    const rejecting = (async () => throwing()) as () => void;
    for (const onRetry of [throwing, rejecting]) {
      expect((await failureOf(connectTo(server, { retry: { ...quick, onRetry } }))).error).toBe(mistake);
    }
  });
});

describe('retry: false', () => {
  it('makes one attempt, whose error still lists it', async () => {
    await using server = await startMockServer({ faults: hangUp });
    const { error } = await failureOf(connectViaGateway(optionsFor(server, { retry: false })));
    expect(error.attempts).toHaveLength(1);
  });
});

describe('the log', () => {
  it('reports every attempt, each failure and the success', async () => {
    await using server = await startMockServer({ faults: { ...hangUp, connections: 1 } });
    const records: LogRecord[] = [];
    await using _connection = await connectTo(server, {
      retry: quick,
      log: (record) => records.push(record),
    });
    expect(records).toMatchObject([
      { level: 'debug', event: 'attempt', attempt: 1, host: server.host, port: server.port },
      {
        level: 'warn',
        event: 'attempt-failed',
        attempt: 1,
        code: 'SSH_BANNER_MISSING',
        phase: 'banner',
        durationMs: expect.any(Number),
      },
      { level: 'debug', event: 'attempt', attempt: 2 },
      { level: 'info', event: 'connected', attempt: 2, durationMs: expect.any(Number) },
    ]);
  });

  it('may throw without harm', async () => {
    await using server = await startMockServer();
    const log = () => {
      throw new Error('disk full');
    };
    await using connection = await connectTo(server, { log });
    expect(connection.serverVersion).toContain('OpenSSH');
  });
});
