import { describe, expect, it, vi } from 'vitest';
import type { ExecHandler, MockServerOptions } from '../../src/mock-server/index.ts';
import type { SessionChannel } from '../../src/ssh2/channels/session-channel.ts';
import { failureOf, startMock } from '../exec/mock.ts';

const nothing = { onStdout: () => {}, onStderr: () => {} };

/** Runs a command on a bare session. */
function outcomeOf(session: SessionChannel): Promise<unknown> {
  session.end();
  return new Promise((resolve) => session.start({ ...nothing, onEnd: resolve }));
}

const start = (options: MockServerOptions | ExecHandler) => startMock(options);

describe('the sessions of a connection', () => {
  it.each([1, 3, 10])(
    'are queued on a server with MaxSessions %i, and 50 at once all succeed',
    async (maxSessions) => {
      await using mock = await start({ maxSessions, exec: () => ({ delayMs: Math.random() * 10 }) });
      const all = Array.from({ length: 50 }, async () => outcomeOf(await mock.opener.exec({ command: 'x' })));
      for (const outcome of await Promise.all(all)) expect(outcome).toEqual({ kind: 'exit', exitCode: 0 });
      await mock.idle();
      expect(mock.opener.slots.limit).toBeLessThanOrEqual(10);
    },
  );

  it('fail with the reason if the server allows none', async () => {
    await using mock = await start({ maxSessions: 0 });
    const all = Array.from({ length: 20 }, () => failureOf(mock.opener.exec({ command: 'x' })));
    for (const error of await Promise.all(all)) {
      expect(error).toMatchObject({ code: 'SSH_CHANNEL_OPEN_FAILED', reasonCode: 2 });
    }
    await mock.idle();
  });

  it('that are prohibited are not requested again', async () => {
    await using mock = await start({ faults: { channel: { refuse: true, reason: 1 } } });
    expect(await failureOf(mock.opener.exec({ command: 'x' }))).toMatchObject({ reasonCode: 1 });
    expect(mock.server.journal.filter(({ type }) => type === 'channel-refused').length).toBeLessThanOrEqual(
      1,
    );
    await mock.idle();
  });

  it('whose command was refused are closed, and do not count against MaxSessions', async () => {
    await using mock = await start({ maxSessions: 2, faults: { exec: { refuse: true } } });
    for (let i = 0; i < 10; i++) {
      expect(await failureOf(mock.opener.exec({ command: 'x' }))).toMatchObject({ reason: 'Unable to exec' });
      // The server has opened it: it counts until it is closed, and not after that.
      expect(mock.opener.slots.confirmed).toBeGreaterThan(0);
    }
    await mock.idle();
    expect(mock.opener.slots.confirmed).toBe(0);
  });

  it('keep their slot after the end of their output, until the server has closed them', async () => {
    await using mock = await start(async (context) => {
      if (context.command === 'true') return 0;
      (context.stdout as unknown as { eof(): void }).eof();
      await new Promise((resolve) => context.closed.addEventListener('abort', resolve));
      return 0;
    });
    const session = await mock.opener.exec({ command: 'x' });
    session.start({ ...nothing, onEnd: () => {} });
    await mock.server.waitFor('exec');
    await outcomeOf(await mock.opener.exec({ command: 'true' }));
    expect(mock.opener.slots.confirmed).toBe(1);
    session.close();
    await mock.idle();
  });

  it('keep their slot after a timeout until the server has replied', async () => {
    await using mock = await start({ faults: { latencyMs: 100 } });
    const error = await failureOf(mock.opener.exec({ command: 'true' }, { timeout: 20 }));
    expect(error).toMatchObject({ code: 'SSH_CHANNEL_TIMEOUT', timeoutMs: 20 });
    expect(mock.opener.slots.open).toBe(1);
    await mock.idle();
  });

  it('count again if the answer to a request comes after its slot was freed', async () => {
    await using mock = await start({ faults: { latencyMs: 150 } });
    const { slots } = mock.opener;
    Object.assign(mock.opener, { channelTimeout: 20 });
    expect(await failureOf(mock.opener.exec({ command: 'true' }))).toMatchObject({
      code: 'SSH_CHANNEL_TIMEOUT',
    });
    await vi.waitFor(() => expect(slots.open).toBe(0), { interval: 5 });
    const again = vi.spyOn(slots, 'countsAgain');
    await vi.waitFor(() => expect(again).toHaveBeenCalledOnce(), { timeout: 10_000 });
    await mock.idle();
    expect([slots.open, slots.confirmed]).toEqual([0, 0]);
  });

  it('leave nothing behind however they are aborted', async () => {
    await using mock = await start({ maxSessions: 3, faults: { latencyMs: 2 } });
    const runs = Array.from({ length: 200 }, async (_, i) => {
      const abort = new AbortController();
      setTimeout(() => abort.abort(), (i * 7) % 60);
      try {
        await outcomeOf(await mock.opener.exec({ command: 'true' }, { signal: abort.signal }));
      } catch (error) {
        expect(error).toBe(abort.signal.reason);
      }
    });
    await Promise.all(runs);
    await mock.idle();
    expect(await outcomeOf(await mock.opener.exec({ command: 'true' }))).toEqual({
      kind: 'exit',
      exitCode: 0,
    });
  });

  it('report an exit status that arrives in the same packet as the confirmation', async () => {
    await using mock = await start({ exec: () => 7, faults: { latencyMs: 5 } });
    for (let i = 0; i < 20; i++) {
      const session = await mock.opener.exec({ command: 'x' });
      expect(await outcomeOf(session)).toEqual({ kind: 'exit', exitCode: 7 });
    }
  });

  it('no longer count once the server has closed them, even with unread output', async () => {
    await using mock = await start({ exec: { x: { stdout: 'unread' } } });
    const session = await mock.opener.exec({ command: 'x' });
    const seen: unknown[] = [];
    session.start({
      ...nothing,
      onStdout: (chunk) => seen.push(`${chunk}`),
      onEnd: (outcome) => seen.push(outcome),
    });
    session.pause('stdout');
    session.end();
    await vi.waitFor(() => expect(mock.opener.slots.open).toBe(0));
    expect(seen).toEqual([]);
    session.resume('stdout');
    await vi.waitFor(() => expect(seen).toEqual(['unread', { kind: 'exit', exitCode: 0 }]));
  });
});

describe('a ping', () => {
  it('is answered by a live server', async () => {
    await using mock = await start({});
    expect(await mock.opener.ping(5_000)).toBe(true);
    expect(mock.opener.lost.listenerCount).toBe(0);
  });

  it('is not answered by a silent or lost one', async () => {
    await using mock = await start({});
    mock.server.dropAll('freeze');
    expect(await mock.opener.ping(50)).toBe(false);
    await mock.server.close();
    await vi.waitFor(() => expect(mock.opener.lost.error).toBeDefined());
    expect(await mock.opener.ping(5_000)).toBe(false);
  });
});
