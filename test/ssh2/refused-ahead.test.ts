import type { Client } from 'ssh2';
import { expect, it, vi } from 'vitest';
import type { ServerManners } from '../../src/ssh2/channels/server-manners.ts';
import { SessionAhead } from '../../src/ssh2/channels/session-ahead.ts';
import { SessionSlots } from '../../src/ssh2/channels/session-slots.ts';

type Insides = typeof import('../../src/ssh2/insides/session-shape.ts');

const server = vi.hoisted(() => ({ asked: 0, refuse: () => {} }));
vi.mock('../../src/ssh2/insides/session-shape.ts', async (original) => ({
  ...(await original<Insides>()),
  openBareSession: (_client: Client, _session: unknown, opened: (error: Error) => void) => {
    server.asked++;
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
  const manners = { takesAhead: true, refusedAhead } as unknown as ServerManners;
  const ahead = new SessionAhead({} as Client, slots, manners, () => {});
  const refuse = () => {
    ahead.prepare();
    server.refuse();
    slots.take();
    slots.accepted(false);
    slots.release();
  };
  return { slots, ahead, refusedAhead, refuse };
}

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
