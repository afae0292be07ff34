import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ConnectionLost, type SshError } from '../../src/errors/index.ts';
import type { Link } from '../../src/ssh2/channels/link.ts';
import { ownLink } from '../../src/ssh2/handshake/owned-link.ts';
import type { Established } from '../../src/ssh2/handshake/plan.ts';
import { LostSignal } from '../../src/ssh2/transport/lost.ts';
import { Chores } from '../../src/time/chores.ts';
import { latch } from '../../src/time/latch.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const lostBy = (why: ConnectionLost['why']) =>
  new ConnectionLost('gone', { phase: 'session', host: 'pc', port: 22, why });

/** A connection whose peer answers no goodbye, unless the test says so. */
function open({
  keepalive = false as false | { interval: number; countMax: number },
  hop = 'jump' as string | null,
} = {}) {
  const link = {
    ...{ lost: new LostSignal(), leaving: new LostSignal(), chores: new Chores() },
    ...{ where: { host: 'pc', port: 22, hop: hop ?? undefined }, endedByServer: vi.fn() },
  };
  const transport = Object.assign(new EventEmitter(), { kill: vi.fn(), lastLifeAt: performance.now() });
  const client = { end: vi.fn() };
  let tellEnd = (_error: SshError) => {};
  const established = { client, transport, onEnd: (listener: typeof tellEnd) => (tellEnd = listener) };
  const disposed = latch<void>();
  const owned = ownLink(
    established as unknown as Established,
    link as unknown as Link,
    keepalive,
    () => disposed.promise,
  );
  const gone = () => {
    transport.emit('close');
    disposed.resolve();
  };
  return { owned, link, transport, client, disposed, gone, end: (error: SshError) => tellEnd(error) };
}

it('disconnects, and is closed once its route is closed', async () => {
  const { owned, link, transport, client, disposed } = open();
  const closed = owned.close();
  expect(owned.close()).toBe(closed);
  let isClosed = false;
  void closed.then(() => (isClosed = true));
  await pass(0);
  expect(client.end).toHaveBeenCalledTimes(1);
  expect(owned.closedByUs).toBe(true);
  expect(link.lost.error).toMatchObject({
    ...{ code: 'SSH_CONNECTION_LOST', reason: 'closed by close()', hop: 'jump', retryable: false },
  });
  transport.emit('close');
  await pass(0);
  expect(isClosed).toBe(false);
  disposed.resolve();
  await closed;
  expect(transport.kill).not.toHaveBeenCalled();
  await owned.ended;
});

it('ends a stream whose peer does not answer the disconnect within two seconds', async () => {
  const { owned, transport, gone } = open();
  transport.kill.mockImplementation(gone);
  const closed = owned.close();
  await pass(1_999);
  expect(transport.kill).not.toHaveBeenCalled();
  await pass(1);
  expect(transport.kill).toHaveBeenCalledTimes(1);
  await closed;
});

it.each([
  ['a jump host that was silent', 'jump', 1_000, 200],
  ['a jump host that spoke', 'jump', 999, 2_000],
  ['a server that was silent', null, 60_000, 2_000],
])('gives %s its time to answer', async (_what, hop, silent, most) => {
  const { owned, transport, gone } = open({ hop });
  transport.kill.mockImplementation(gone);
  await pass(silent);
  const closed = owned.close();
  await pass(most - 1);
  expect(transport.kill).not.toHaveBeenCalled();
  await pass(1);
  expect(transport.kill).toHaveBeenCalledTimes(1);
  await closed;
});

it('has ended with its loss, whatever its route takes to close', async () => {
  const { owned, link, transport, end, disposed } = open();
  let isEnded = false;
  void owned.ended.then(() => (isEnded = true));
  end(lostBy('keepalive'));
  await Promise.resolve();
  expect([isEnded, link.lost.error]).toMatchObject([true, { why: 'keepalive' }]);
  // Closing it still waits until everything is gone.
  let isClosed = false;
  const closed = owned.close().then(() => (isClosed = true));
  transport.emit('close');
  await pass(0);
  expect(isClosed).toBe(false);
  disposed.resolve();
  await closed;
});

it('that we close has not ended before its route is closed', async () => {
  const { owned, transport, disposed } = open();
  let isEnded = false;
  void owned.ended.then(() => (isEnded = true));
  void owned.close();
  await pass(0);
  transport.emit('close');
  await pass(0);
  expect(isEnded).toBe(false);
  disposed.resolve();
  await owned.ended;
});

it('lets work clean up first, and leaves the rest of the time for the disconnect, at least 200 ms', async () => {
  for (const [cleaning, most] of [
    [500, 1_500],
    [1_950, 200],
    [60_000, 200],
  ] as const) {
    const { owned, link, transport, client, gone } = open();
    transport.kill.mockImplementation(gone);
    link.chores.add(new Promise((resolve) => setTimeout(resolve, cleaning)));
    const closed = owned.close();
    expect(link.leaving.error).toBeDefined();
    const cleaned = Math.min(cleaning, 2_100);
    await pass(cleaned - 1);
    expect([client.end.mock.calls.length, link.lost.error]).toEqual([0, undefined]);
    await pass(1);
    expect(client.end).toHaveBeenCalledTimes(1);
    await pass(most - 1);
    expect(transport.kill).not.toHaveBeenCalled();
    await pass(1);
    expect(transport.kill).toHaveBeenCalledTimes(1);
    await closed;
    await pass(60_000);
  }
});

it('does not wait for work once the connection is lost', async () => {
  const { owned, link, client, end, gone } = open();
  link.chores.add(new Promise(() => {}));
  const closed = owned.close();
  await pass(10);
  end(lostBy('socket'));
  expect(link.lost.listenerCount).toBe(0);
  await pass(0);
  expect(client.end).not.toHaveBeenCalled();
  gone();
  await closed;
  expect(owned.closedByUs).toBe(false);
});

it.each([
  ['socket', 1],
  ['server-disconnect', 1],
  ['keepalive', 0],
] as const)('that is lost by %s ends its stream, and reports which side caused it', async (why, times) => {
  const { owned, link, transport, client, end, gone } = open();
  const error = lostBy(why);
  end(error);
  expect(link.lost.error).toBe(error);
  expect(link.endedByServer).toHaveBeenCalledTimes(times);
  expect(transport.kill).toHaveBeenCalledTimes(1);
  expect(owned.closedByUs).toBe(false);
  gone();
  await owned.close();
  expect(client.end).not.toHaveBeenCalled();
  await pass(0);
});

it('is not attributed to the server if we have closed it', async () => {
  const { owned, link, transport, end, gone } = open();
  const closed = owned.close();
  await pass(0);
  end(lostBy('socket'));
  expect(link.endedByServer).not.toHaveBeenCalled();
  expect(transport.kill).not.toHaveBeenCalled();
  gone();
  await closed;
});

it('is closed even if ssh2 can no longer disconnect', async () => {
  const { owned, client, gone } = open();
  client.end.mockImplementation(() => {
    throw new Error('ciphers are gone');
  });
  const closed = owned.close();
  await pass(0);
  gone();
  await closed;
  expect(owned.closedByUs).toBe(true);
});

it('is lost after a silence, and no longer watched', async () => {
  vi.useRealTimers();
  vi.useFakeTimers();
  const { link, transport } = open({ keepalive: { interval: 1_000, countMax: 2 } });
  await pass(2_999);
  expect(link.lost.error).toBeUndefined();
  await pass(10);
  expect(link.lost.error).toMatchObject({
    why: 'keepalive',
    host: 'pc',
    port: 22,
    hop: 'jump',
    retryable: true,
  });
  expect(link.lost.error?.message).toMatch(/^Nothing came from pc:22 for 3\d{3} ms/);
  expect(transport.kill).toHaveBeenCalledTimes(1);
});

it('is no longer watched once closed', async () => {
  const { owned, gone } = open({ keepalive: { interval: 1_000, countMax: 2 } });
  const closed = owned.close();
  gone();
  await closed;
});
