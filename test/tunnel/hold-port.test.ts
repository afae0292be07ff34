import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ReclaimResult } from '../../src/tunnel/holder/answers.ts';
import { askTarget } from '../../src/tunnel/keep/check-tunnel.ts';
import { dialHost, holdPort, type PortRequest } from '../../src/tunnel/keep/hold-port.ts';
import type { TunnelPlan } from '../../src/tunnel/keep/options.ts';
import { type ReclaimRequest, reclaimPort } from '../../src/tunnel/reclaim/reclaim.ts';
import { ReclaimPace } from '../../src/tunnel/reclaim/reclaim-pace.ts';
import type { TunnelHappening } from '../../src/tunnel/types.ts';
import { FakeConnection, forbidden, portTaken } from '../support/fake-gateway.ts';

vi.mock('../../src/tunnel/reclaim/reclaim.ts', () => ({ reclaimPort: vi.fn() }));
vi.mock('../../src/tunnel/keep/check-tunnel.ts', () => ({ askTarget: vi.fn() }));

const reclaim = vi.mocked(reclaimPort);
const banner = vi.mocked(askTarget);

const session = { pid: 7, start: '1', boot: 'b' };
const target = { host: '127.0.0.1', port: 22 };
const refusal = (reason: string, more: object = {}) =>
  ({ kind: 'refused', reason, message: `because ${reason}`, ...more }) as ReclaimResult;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000, toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
  // So that a moment is not 0, and the time since it not the same as the time.
  vi.advanceTimersByTime(777);
  reclaim.mockResolvedValue(refusal('answers'));
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  vi.resetAllMocks();
});

function ask(
  refusals: number,
  changes: Partial<Omit<PortRequest, 'plan'>> & { plan?: Partial<TunnelPlan> } = {},
) {
  const connection = new FakeConnection();
  connection.refusals = Array.from({ length: refusals }, () => portTaken());
  const forward = vi.spyOn(connection, 'forwardRemote');
  const events: TunnelHappening[] = [];
  const taken: number[] = [];
  const stop = new AbortController();
  const plan = {
    gateway: { host: 'gateway', username: 'tunnel' },
    listen: { host: '0.0.0.0', port: 9012 },
    target,
    reclaim: { backOff: 60_000 },
    checkInterval: 60_000,
    ...changes.plan,
  } as TunnelPlan;
  const request: PortRequest = {
    connection,
    signal: stop.signal,
    own: undefined,
    id: 'me',
    hadIt: false,
    pace: new ReclaimPace(),
    emit: (event) => events.push(event),
    onTaken: (_error, wait) => taken.push(wait),
    ...changes,
    plan,
  };
  const port = holdPort(request);
  port.catch(() => {});
  const types = () => events.map(({ type }) => type);
  return { connection, forward, events, types, taken, stop, request, port };
}

it('requests a free port once', async () => {
  const { port, forward, types, taken, stop } = ask(0);
  expect(await port).toMatchObject({ port: 9012 });
  expect(forward.mock.calls).toEqual([
    [{ listenHost: '0.0.0.0', listenPort: 9012, ...target, signal: stop.signal }],
  ]);
  expect([types(), taken]).toEqual([[], []]);
  expect(reclaim).not.toHaveBeenCalled();
});

it('requests a port in use again after growing waits, and reports each', async () => {
  const { port, events, taken } = ask(6, { plan: { reclaim: undefined } });
  await vi.advanceTimersByTimeAsync(60_000);
  await port;
  expect(taken).toEqual([1_000, 1_500, 2_250, 3_375, 5_000, 5_000]);
  expect(events).toMatchObject(taken.map((wait, index) => ({ type: 'port-taken', asked: index + 1, wait })));
  expect(reclaim).not.toHaveBeenCalled();
});

it.each([
  ['what the gateway forbids', forbidden()],
  ['any other failure', new Error('odd')],
])('does not request again after %s', async (_name, error) => {
  const tunnel = ask(0);
  await tunnel.port;
  tunnel.connection.refusals = [error];
  const port = holdPort(tunnel.request);
  await expect(port).rejects.toBe(error);
});

it('ends with the connection', async () => {
  const { port, stop } = ask(9);
  await vi.advanceTimersByTimeAsync(100);
  stop.abort(new Error('over'));
  await expect(port).rejects.toThrow('over');
});

it('requests frequently, without events, for two seconds after the holder was ended', async () => {
  const ended = { kind: 'reclaimed', pid: 9, evidence: 'note', silentMs: 3, holder: 'pc' } as const;
  reclaim.mockImplementation(async () => {
    await new Promise((resolve) => setTimeout(resolve, 25));
    return ended;
  });
  const { port, events, taken } = ask(42);
  await vi.advanceTimersByTimeAsync(20_000);
  await port;
  expect(taken.slice(0, 40)).toEqual(Array(40).fill(50));
  expect(taken.slice(40)).toEqual([5_000, 5_000]);
  expect(events[0]).toEqual({
    type: 'reclaimed',
    pid: 9,
    evidence: 'note',
    silentMs: 3,
    holder: 'pc',
    durationMs: 25,
  });
  expect(events.map(({ type }) => type)).toEqual(['reclaimed', 'port-taken', 'port-taken']);
});

it('requests frequently if the port has become free', async () => {
  reclaim.mockResolvedValue({ kind: 'free' });
  const { port, types, taken } = ask(2);
  await vi.advanceTimersByTimeAsync(1_000);
  await port;
  expect(taken).toEqual([50, 50]);
  expect(types()).toEqual([]);
});

it('reports why it was refused, once per reason', async () => {
  for (const reason of ['answers', 'answers', 'no-note', 'answers']) {
    reclaim.mockResolvedValueOnce(refusal(reason));
  }
  const pace = new ReclaimPace();
  vi.spyOn(pace, 'due', 'get').mockReturnValue(true);
  const { port, events } = ask(4, { pace });
  await vi.advanceTimersByTimeAsync(20_000);
  await port;
  const refused = events.filter(({ type }) => type === 'reclaim-refused');
  expect(refused).toMatchObject(
    ['answers', 'no-note', 'answers'].map((reason) => ({ reason, message: `because ${reason}` })),
  );
});

it('tries to reclaim at its pace, and at once if its own lost session holds the port', async () => {
  const pace = new ReclaimPace();
  pace.postponed(2_000);
  const waits = ask(3, { pace });
  await vi.advanceTimersByTimeAsync(2_400);
  expect(reclaim).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(10_000);
  await waits.port;
  expect(reclaim).toHaveBeenCalledTimes(1);
  reclaim.mockClear();
  pace.postponed(100_000);
  const own = ask(3, { pace, own: session, hadIt: true });
  await vi.advanceTimersByTimeAsync(10_000);
  await own.port;
  // The session is known once; then the pace counts again.
  expect(reclaim).toHaveBeenCalledTimes(1);
  expect(reclaim.mock.calls[0]![1]).toMatchObject({
    ...{ port: 9012, address: { host: '127.0.0.1', port: 9012 }, id: 'me', hadIt: true, own: session },
    signal: own.stop.signal,
  });
});

it.each([
  ['a refusal', refusal('answers'), 15_000, undefined],
  ['one that says when to come again', refusal('answers', { retryIn: 40_000 }), 40_000, undefined],
  ['a holder that was up just now', refusal('recently-up', { retryIn: 3_000 }), 3_000, undefined],
  ['a holder that was up, it is not known when', refusal('recently-up'), 0, undefined],
  ['the loss to another tunnel', refusal('answers', { lostTo: 'other' }), 60_000, ['other', 60_000]],
])('keeps its pace after %s', async (_name, result, due, loss) => {
  reclaim.mockResolvedValueOnce(result);
  const pace = new ReclaimPace();
  const lostTo = vi.spyOn(pace, 'lostTo');
  const { port } = ask(1, { pace });
  await vi.advanceTimersByTimeAsync(0);
  if (due > 0) {
    vi.setSystemTime(1_000_777 + due - 1);
    await vi.advanceTimersByTimeAsync(0);
  }
  expect(lostTo.mock.calls).toEqual(loss ? [loss] : []);
  await vi.advanceTimersByTimeAsync(1_000);
  await port;
  const elapsed = performance.now();
  expect(pace.due).toBe(due <= 1_000);
  if (due > 1_000) {
    await vi.advanceTimersByTimeAsync(due - 1_001);
    expect([elapsed > 0, pace.due]).toEqual([true, false]);
    await vi.advanceTimersByTimeAsync(1);
    expect(pace.due).toBe(true);
  }
});

it('ends no sessions for a Unix socket', async () => {
  const { port, events, forward } = ask(1, { plan: { listen: { path: '/run/t' } } });
  await vi.advanceTimersByTimeAsync(2_000);
  await port;
  expect(reclaim).not.toHaveBeenCalled();
  expect(forward.mock.calls[0]![0]).toMatchObject({ listenPath: '/run/t' });
  expect(events[0]).toMatchObject({
    type: 'reclaim-refused',
    reason: 'unix-socket',
    message: expect.stringContaining('StreamLocalBindUnlink'),
  });
});

it('measures how long its own target takes to answer, if it may connect to it', async () => {
  const askedBy = async (checkInterval: number, kind: string) => {
    banner.mockImplementation(async () => {
      await new Promise((resolve) => setTimeout(resolve, 40));
      return { kind } as never;
    });
    let answer: Promise<number | undefined> | undefined;
    reclaim.mockImplementationOnce(async (_connection, { askTarget: look }: ReclaimRequest) => {
      answer = look!();
      await answer;
      return refusal('answers');
    });
    const { port } = ask(1, { plan: { checkInterval } });
    await vi.advanceTimersByTimeAsync(3_000);
    await port;
    return answer;
  };
  expect(await askedBy(60_000, 'banner')).toBe(40);
  expect(banner.mock.calls[0]).toEqual([target, expect.any(AbortSignal), 5_000]);
  expect(await askedBy(60_000, 'silent')).toBeUndefined();
  banner.mockClear();
  expect(await askedBy(Infinity, 'banner')).toBeUndefined();
  expect(banner).not.toHaveBeenCalled();
});

it.each([
  ['', '127.0.0.1'],
  ['*', '127.0.0.1'],
  ['0.0.0.0', '127.0.0.1'],
  ['::', '127.0.0.1'],
  ['localhost', '127.0.0.1'],
  ['10.0.0.1', '10.0.0.1'],
])('connects to a listener on %j at %s', (listens, reached) => {
  expect(dialHost(listens)).toBe(reached);
});
