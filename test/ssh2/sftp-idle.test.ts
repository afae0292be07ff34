import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Link } from '../../src/ssh2/channels/link.ts';
import { sftpOpener } from '../../src/ssh2/sftp/opener.ts';
import type { OpenSftpOptions } from '../../src/ssh2/sftp/requests.ts';

interface Session {
  ended: Error | undefined;
  busy: boolean;
  requestTimeout: number;
  onRelease: () => void;
  close: () => Promise<void>;
  closed: number;
}

const opened = vi.hoisted(() => [] as { session: unknown; options: object }[]);
vi.mock('../../src/ssh2/sftp/channel.ts', () => ({
  defaultRequestTimeout: 60_000,
  openSftp: async (_link: unknown, options: object) => {
    const session = {
      ...{ ended: undefined, busy: false, requestTimeout: 0, closed: 0 },
      onRelease: () => {},
      close: async () => void session.closed++,
    };
    opened.push({ session, options });
    return session;
  },
}));

beforeEach(() => {
  vi.useFakeTimers();
  opened.length = 0;
});
afterEach(() => void vi.useRealTimers());

function world({ waiting = 0, takesSeveral = true } = {}) {
  let crowd = () => {};
  const slots = {
    waiting,
    takesSeveral,
    onCrowded: (listener: () => void) => {
      crowd = listener;
    },
  };
  const opener = sftpOpener({ slots, serverVersion: 'its own' } as unknown as Link);
  const open = async (options?: OpenSftpOptions) => (await opener.openSftp(options)) as unknown as Session;
  return { opener, open, slots, crowd: () => crowd() };
}

it('a released session is reused for five seconds', async () => {
  const { open } = world();
  const first = await open({ requestTimeout: 5 });
  expect(first.requestTimeout).toBe(5);
  first.onRelease();
  first.onRelease();
  vi.advanceTimersByTime(4_999);
  expect(await open()).toBe(first);
  expect(first.requestTimeout).toBe(60_000);
  expect(vi.getTimerCount()).toBe(0);
  vi.advanceTimersByTime(5_000);
  expect(first.closed).toBe(0);
  expect(await open()).not.toBe(first);
  first.onRelease();
  vi.advanceTimersByTime(4_999);
  expect(first.closed).toBe(0);
  vi.advanceTimersByTime(1);
  expect(first.closed).toBe(1);
  expect(await open()).not.toBe(first);
  expect(opened).toHaveLength(3);
});

it('a session that has ended meanwhile is not reused', async () => {
  const { open } = world();
  const [first, second, third] = [await open(), await open(), await open()];
  first.onRelease();
  second.onRelease();
  first.ended = new Error('gone');
  expect(await open()).toBe(second);
  third.ended = new Error('gone');
  third.onRelease();
  expect(vi.getTimerCount()).toBe(0);
  expect([first.closed, third.closed]).toEqual([0, 0]);
});

it.each([
  ['others wait for one', { waiting: 1 }, {}],
  ['the server may take one only', { takesSeveral: false }, {}],
  ['something is still asked on it', {}, { busy: true }],
])('a session is closed if %s', async (_why, slots, members) => {
  const { open } = world(slots);
  const session = Object.assign(await open(), members);
  session.onRelease();
  expect(session.closed).toBe(1);
  expect(vi.getTimerCount()).toBe(0);
});

it('eight sessions are kept, not a ninth, and none if sessions are needed', async () => {
  const { open, crowd } = world();
  const sessions: Session[] = [];
  for (let count = 0; count < 9; count++) sessions.push(await open());
  for (const session of sessions) session.onRelease();
  expect(sessions.map(({ closed }) => closed)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1]);
  crowd();
  expect(sessions.map(({ closed }) => closed)).toEqual(Array(9).fill(1));
  expect(vi.getTimerCount()).toBe(0);
  expect(sessions).not.toContain(await open());
});

it('a session is opened with what earlier ones have found out, and none with an aborted signal', async () => {
  const { open } = world();
  await open({ spare: true });
  await open();
  const [first, second] = opened.map(({ options }) => options as { findings: object; spare?: boolean });
  expect(first).toMatchObject({ serverVersion: 'its own', spare: true, findings: { writesOneByOne: false } });
  expect(second?.findings).toBe(first?.findings);
  await expect(open({ signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no');
  expect(opened).toHaveLength(2);
});
