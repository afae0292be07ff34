import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Link } from '../../src/ssh2/channels/link.ts';
import { openSftp } from '../../src/ssh2/sftp/channel.ts';
import type { OpenSftpOptions } from '../../src/ssh2/sftp/requests.ts';
import { encodePacket, type Field } from '../../src/ssh2/sftp/wire.ts';
import { LostSignal } from '../../src/ssh2/transport/lost.ts';

const insides = vi.hoisted(() => ({ answered: (_channel: unknown) => {} }));
vi.mock('../../src/ssh2/insides/internals.ts', async (original) => ({
  ...(await original<object>()),
  nextChannelId: () => 7,
  behindFirstRequest: (_client: unknown, id: number, listener: (channel: unknown) => void) => {
    expect(id).toBe(7);
    insides.answered = listener;
  },
}));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const where = { host: 'pc', port: 22, hop: 'pc' };
const openSsh = 'SSH-2.0-OpenSSH_9.9';
const other = 'SSH-2.0-Other_1';

/** A connection whose answers the test gives. */
function world({ serverVersion = openSsh, spare = 10, waiting = 0, roundTrip = 0 } = {}) {
  const calls: string[] = [];
  const written: Buffer[] = [];
  const channel = Object.assign(new EventEmitter(), {
    stderr: Object.assign(new EventEmitter(), { resume: () => void calls.push('stderr') }),
    write: (data: Buffer) => void written.push(data),
    end: () => void calls.push('end'),
    close: () => void calls.push('close'),
    resume: () => void calls.push('resume'),
  });
  let granted: (error?: Error) => void = () => {};
  let plan: { discard: (opened: object) => void; takesOpenSession?: boolean } | undefined;
  const client = {
    subsys: (name: string, callback: (error: Error | undefined, channel: unknown) => void) => {
      expect(name).toBe('sftp');
      granted = (error) => callback(error, channel);
    },
  };
  const link = {
    ...{ client, where, serverVersion, roundTrip, channelTimeout: 1_000, lost: new LostSignal() },
    spare: spare - waiting,
    slots: { leave: () => () => {} },
    releaseSession: () => void calls.push('released'),
    openSession: (given: { start: (client: unknown, callback: unknown) => void; discard: () => void }) => {
      plan = given;
      return new Promise((resolve, reject) =>
        given.start(client, (error: Error | undefined, opened: unknown) =>
          error ? reject(error) : resolve(opened),
        ),
      );
    },
  } as unknown as Link;
  return {
    ...{ calls, written, channel, link },
    discard: () => plan?.discard({ channel }),
    takesOpen: () => plan?.takesOpenSession,
    /** The channel is open; its answer to the request for SFTP comes with `grants`. */
    opens: async (tripMs = 0) => {
      vi.advanceTimersByTime(tripMs);
      insides.answered(channel);
      await vi.advanceTimersByTimeAsync(0);
    },
    grants: async (error?: Error) => {
      granted(error);
      await vi.advanceTimersByTimeAsync(0);
    },
    says: async (type: number, id: number | undefined, ...fields: Field[]) => {
      channel.emit('data', encodePacket(type, id, fields));
      await vi.advanceTimersByTimeAsync(0);
    },
    open: (options: OpenSftpOptions = {}) => {
      const state: { sftp?: Awaited<ReturnType<typeof openSftp>>; error?: unknown } = {};
      openSftp(link, options).then(
        (sftp) => {
          state.sftp = sftp;
        },
        (error) => {
          state.error = error;
        },
      );
      return state;
    },
  };
}

describe('an SFTP session', () => {
  it('starts right after the channel with OpenSSH, and is ready once that has sent its version', async () => {
    const all = world();
    const state = all.open();
    await all.opens(150);
    expect(all.written).toEqual([encodePacket(1, undefined, [3])]);
    expect(state).toEqual({});
    await all.grants();
    await all.says(2, undefined, 3, 'a@b', '1', 'limits@openssh.com', '1');
    expect(state.sftp?.roundTrip).toBe(150);
    expect(state.sftp?.receiveWindow).toBe(24_000_000);
    expect([state.sftp?.supports('a@b'), state.sftp?.supports('c@d')]).toEqual([true, false]);
    expect(state.sftp?.maxHandles).toBe(64);
    await vi.advanceTimersToNextTimerAsync();
    expect(all.written[1]).toEqual(encodePacket(200, 0, ['limits@openssh.com']));
    await all.says(201, 0, 300_000n, 1_000n, 2_000n, 30n);
    expect([state.sftp?.maxRead, state.sftp?.maxWrite, state.sftp?.maxHandles]).toEqual([1_000, 2_000, 30]);
  });

  it.each([
    [10, 16 * 1024 * 1024],
    [1_000, 32 * 1024 * 1024],
  ])('has a window suited to the line, within bounds: %i ms', async (trip, window) => {
    const all = world();
    const state = all.open({ atOnce: true });
    await all.opens(trip);
    expect(state.sftp?.receiveWindow).toBe(window);
  });

  it.each([
    ['OpenSSH that is far', openSsh, 20, true],
    ['OpenSSH that is near, whose distance is better shown by opening one', openSsh, 19, false],
    ['OpenSSH at an unknown distance', openSsh, 0, false],
    ['another server', other, 200, false],
  ])('takes a session that is open already or not: %s', (_who, serverVersion, roundTrip, takes) => {
    const all = world({ serverVersion, roundTrip });
    all.open();
    expect(all.takesOpen()).toBe(takes);
  });

  it('starts with other servers once they have granted it', async () => {
    const all = world({ serverVersion: other });
    const state = all.open({ atOnce: true });
    await all.opens(20);
    expect(all.written).toEqual([]);
    await all.grants();
    expect(all.written).toHaveLength(1);
    expect(state).toEqual({});
    await all.says(2, undefined, 3);
    expect(state.sftp?.roundTrip).toBe(20);
    await vi.advanceTimersByTimeAsync(10);
    expect(all.written).toHaveLength(1);
    expect(state.sftp?.writes.order).toBe('in turn');
  });

  it('is ready at once if requested, and ends if no version arrives', async () => {
    const all = world();
    const state = all.open({ atOnce: true });
    await all.opens();
    expect(state.sftp).toBeDefined();
    await vi.advanceTimersByTimeAsync(999);
    expect(state.sftp?.ended).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(state.sftp?.ended).toMatchObject({ code: 'SSH_CHANNEL_TIMEOUT', timeoutMs: 1_000 });
    await expect(state.sftp?.greeted).rejects.toBe(state.sftp?.ended);
  });

  it('ends with a later refusal, and reports it', async () => {
    const all = world();
    const state = all.open({ atOnce: true });
    await all.opens();
    await all.grants(new Error('Unable to start subsystem: sftp'));
    expect(state.sftp?.ended).toMatchObject({ code: 'SSH_CHANNEL_OPEN_FAILED' });
    const refused = world({ serverVersion: other });
    const late = refused.open();
    await refused.grants(new Error('no'));
    expect(late.error).toMatchObject({ message: 'no' });
  });

  it('leaves no timer once it is ready', async () => {
    const all = world();
    all.open();
    await all.opens();
    await all.says(2, undefined, 3);
    await vi.advanceTimersByTimeAsync(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each<[string, Field[], string]>([
    ['another version', [4], 'version 4 of SFTP instead of 3'],
    ['half an extension', [3, 'a@b'], 'a field that is longer than its packet'],
  ])('is closed after an invalid version: %s', async (_what, fields, reason) => {
    const all = world();
    const state = all.open();
    await all.opens();
    await all.says(2, undefined, ...fields);
    expect(state.error).toMatchObject({ reason, operation: 'session' });
    await vi.advanceTimersByTimeAsync(1);
    expect(all.calls).toEqual(['stderr', 'end', 'close', 'resume']);
  });

  it('is closed if it is no longer wanted', async () => {
    const abort = new AbortController();
    const all = world();
    const state = all.open({ signal: abort.signal });
    await all.opens();
    abort.abort(new Error('no more'));
    await vi.advanceTimersByTimeAsync(1);
    expect(state.error).toMatchObject({ message: 'no more' });
    expect(all.calls).toEqual(['stderr', 'end', 'close', 'resume']);
  });

  it('is not opened as a spare if others may need it', async () => {
    const all = world({ spare: 2 });
    const state = all.open({ spare: true });
    await vi.advanceTimersByTimeAsync(0);
    expect(state.error).toMatchObject({ reason: 'no session to spare within MaxSessions' });
    const spokenFor = world({ spare: 3, waiting: 1 }).open({ spare: true });
    await vi.advanceTimersByTimeAsync(0);
    expect(spokenFor.error).toMatchObject({ reason: 'no session to spare within MaxSessions' });
    const enough = world({ spare: 3 });
    enough.open({ spare: true });
    await enough.opens();
    expect(enough.written).toHaveLength(1);
  });

  it('that is late is closed, and released once the server has closed it', async () => {
    const all = world();
    all.open();
    all.discard();
    all.channel.emit('error', new Error('EPIPE'));
    expect(all.calls).toEqual(['close', 'resume', 'stderr']);
    all.channel.emit('close');
    expect(all.calls.slice(3)).toEqual(['released']);
  });

  it('works without limits@openssh.com', async () => {
    const all = world();
    const state = all.open();
    await all.opens();
    await all.says(2, undefined, 3, 'limits@openssh.com', '1');
    await all.says(101, 0, 8);
    expect(state.sftp?.maxHandles).toBe(64);
    expect(state.sftp?.ended).toBeUndefined();
  });
});
