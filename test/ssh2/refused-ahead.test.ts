import type { Client } from 'ssh2';
import { afterEach, expect, it, vi } from 'vitest';
import type { ServerManners } from '../../src/ssh2/channels/server-manners.ts';
import { SessionAhead } from '../../src/ssh2/channels/session-ahead.ts';
import { SessionSlots } from '../../src/ssh2/slots/session-slots.ts';

type Insides = typeof import('../../src/ssh2/insides/session-shape.ts');

type Opened = (error?: Error, session?: unknown) => void;

const server = vi.hoisted(() => ({ asked: 0, refuse: () => {}, open: (_session: object) => {} }));
vi.mock('../../src/ssh2/insides/session-shape.ts', async (original) => ({
  ...(await original<Insides>()),
  openBareSession: (_client: Client, _session: unknown, opened: Opened) => {
    server.asked++;
    server.open = (session) => opened(undefined, session);
    server.refuse = () => opened(new Error('open failed'));
    return true;
  },
}));

/** A server that has had so many sessions open at once, of which one is left. */
function seen(most: number) {
  const slots = new SessionSlots({ takesSeveral: true });
  for (let n = 0; n < most; n++) {
    slots.take();
    slots.accepted(false);
  }
  for (let n = 1; n < most; n++) slots.release();
  const refusedAhead = vi.fn();
  const manners = { takesAhead: true, refusedAhead };
  const ahead = new SessionAhead({} as Client, slots, manners as unknown as ServerManners, () => {}, 60_000);
  const refuse = () => {
    ahead.prepare();
    server.refuse();
    slots.take();
    slots.accepted(false);
    slots.release();
  };
  return { slots, ahead, refusedAhead, refuse };
}

afterEach(() => vi.useRealTimers());

it('a server that refuses as many as it has had is considered slow to notice an end, three times', () => {
  const { refusedAhead, refuse } = seen(2);
  for (let n = 0; n < 3; n++) refuse();
  expect(refusedAhead).not.toHaveBeenCalled();
  refuse();
  expect(refusedAhead).toHaveBeenCalledOnce();
});

it('a server that refuses one more than it has had is no longer asked ahead', () => {
  const { refusedAhead, refuse } = seen(1);
  refuse();
  expect(refusedAhead).toHaveBeenCalledOnce();
});

it('no more are requested than commands are running, including unanswered ones', () => {
  const { slots, ahead } = seen(2);
  slots.take();
  slots.accepted(false);
  server.asked = 0;
  for (let n = 0; n < 5; n++) ahead.prepare();
  expect(server.asked).toBe(2);
});

it('one that is being closed unused proves nothing: the server may free it before it opens another', () => {
  vi.useFakeTimers();
  const slots = new SessionSlots({ takesSeveral: true, limit: 4 });
  const manners = { takesAhead: true } as unknown as ServerManners;
  const release = vi.fn(() => slots.release());
  const ahead = new SessionAhead({} as Client, slots, manners, release, 60_000);
  const open = () => {
    slots.take();
    vi.advanceTimersByTime(50);
    slots.accepted(false);
  };
  const unused = Array.from({ length: 2 }, () => ({
    isUntouched: true,
    close: vi.fn(),
    onUnusedClosed: (_session: object) => {},
  }));
  open();
  open();
  for (const session of unused) {
    ahead.prepare();
    vi.advanceTimersByTime(50);
    server.open(session);
  }
  expect(slots.open).toBe(4);
  slots.release();
  // One command less runs, so one session less is needed.
  vi.advanceTimersByTime(2_500);
  const closing = unused.find(({ close }) => close.mock.calls.length > 0);
  open();
  expect(slots.takeBeyond()).toBe(true);
  closing?.onUnusedClosed(closing);
  expect(release).toHaveBeenCalledOnce();
  vi.advanceTimersByTime(50);
  slots.accepted(true);
  expect(slots).toMatchObject({ open: 4, seen: 4, limit: 4 });
  // What ends by itself is counted until our CLOSE has arrived.
  expect(slots.takeBeyond()).toBe(true);
  slots.release();
  vi.advanceTimersByTime(50);
  slots.accepted(true);
  expect(slots).toMatchObject({ open: 4, seen: 5, limit: 5 });
});
