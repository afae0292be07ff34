import { describe, expect, it, vi } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import { type MockServer, type MockServerOptions, startMockServer } from '../../src/mock-server/index.ts';
import type { Link } from '../../src/ssh2/channels/link.ts';
import { mannersOf } from '../../src/ssh2/channels/server-manners.ts';
import type { ChannelOutcome } from '../../src/ssh2/channels/session-channel.ts';
import { sleep } from '../../src/time/timer.ts';
import { optionsFor } from '../support/connect.ts';
import { plainLink } from '../support/plain-link.ts';

async function start(options: MockServerOptions = {}, serverVersion = 'OpenSSH_9.9', roundTrip?: number) {
  const server = await startMockServer(options);
  const plain = await linkTo(server, serverVersion, roundTrip);
  const { link } = plain;
  const run = () => runOn(link);
  const dispose = async () => {
    await plain.close();
    await server.close();
  };
  return { server, link, run, client: plain.client, [Symbol.asyncDispose]: dispose };
}

function linkTo(server: MockServer, serverVersion = 'OpenSSH_9.9', roundTrip?: number) {
  const { host, port, username, password } = server;
  return plainLink({ host, port, username, password, opensAhead: true, serverVersion, roundTrip });
}

async function runOn(link: Link): Promise<ChannelOutcome> {
  const session = await link.exec({ command: 'true', hasNoInput: () => true });
  return new Promise((resolve) => {
    session.start({ onStdout: () => {}, onStderr: () => {}, onEnd: resolve });
  });
}

const wellDone = { kind: 'exit', exitCode: 0 };

/** What the server has refused. */
function refusals({ journal }: { journal: readonly { type: string }[] }): number {
  return journal.filter(({ type }) => type === 'channel-refused').length;
}

function commands({ journal }: { journal: readonly { type: string; command?: string }[] }) {
  return journal.flatMap(({ type, command }) => (type === 'exec' ? [command] : []));
}

describe('a session that is opened ahead', () => {
  it('lets consecutive commands take one round trip each', async () => {
    await using mock = await start({ faults: { latencyMs: 60 } });
    const trips: number[] = [];
    for (let n = 0; n < 4; n++) {
      const startedAt = performance.now();
      expect(await mock.run()).toEqual(wellDone);
      trips.push((performance.now() - startedAt) / 120);
    }
    expect(trips[0]).toBeGreaterThan(1.9);
    expect(trips[3]).toBeLessThan(1.7);
  });

  it('is there for each of several that run side by side', async () => {
    await using mock = await start({ faults: { latencyMs: 30 } });
    const lane = async () => {
      const trips: number[] = [];
      for (let n = 0; n < 8; n++) {
        const startedAt = performance.now();
        expect(await mock.run()).toEqual(wellDone);
        trips.push((performance.now() - startedAt) / 60);
      }
      return trips;
    };
    const all = await Promise.all(Array.from({ length: 4 }, lane));
    for (const trips of all) expect(trips.at(-1)).toBeLessThan(1.8);
    expect(mock.link.slots.open).toBe(4);
    await expect.poll(() => mock.link.slots.open, { timeout: 4_000 }).toBe(0);
  });

  it('is not opened on other servers until they have had several open at once', async () => {
    let delayMs = 5;
    await using mock = await start({ exec: () => ({ delayMs }) }, 'ACME_1.0');
    for (let n = 0; n < 4; n++) await mock.run();
    expect(mock.link.slots.open).toBe(0);
    delayMs = 2_500;
    await Promise.all([mock.run(), mock.run()]);
    delayMs = 5;
    for (let n = 0; n < 2; n++) await mock.run();
    expect(mock.link.slots.open).toBeGreaterThan(0);
  });

  it('stays within the assumed limit of the server', async () => {
    await using mock = await start({ maxSessions: 10, exec: () => ({ delayMs: 3 }) });
    const lane = async () => {
      for (let n = 0; n < 10; n++) expect(await mock.run()).toEqual(wellDone);
    };
    await Promise.all(Array.from({ length: 8 }, lane));
    expect(mock.link.slots.limit).toBe(10);
    expect(refusals(mock.server)).toBeLessThanOrEqual(1);
  });

  it.each([
    ['100, nearly one round trip each', 100, 1.8],
    // Each holds one of ten for two round trips: to be opened and used.
    ['10, hardly more than eight of them can have', 10, 2.6],
  ])('lets eight at a time take, with MaxSessions %s', async (_words, maxSessions, most) => {
    await using mock = await start({ faults: { latencyMs: 40 }, maxSessions });
    const lane = async (count: number) => {
      for (let n = 0; n < count; n++) expect(await mock.run()).toEqual(wellDone);
    };
    const lanes = (count: number) => Promise.all(Array.from({ length: 8 }, () => lane(count)));
    await lanes(12);
    let trips = Number.POSITIVE_INFINITY;
    // On a busy machine they take longer: the best of four.
    for (let turn = 0; turn < 4 && trips > most; turn++) {
      const startedAt = performance.now();
      await lanes(10);
      trips = Math.min(trips, (performance.now() - startedAt) / 80 / 10);
    }
    console.log(`round trips of each command, 8 at a time, MaxSessions ${maxSessions}: ${trips.toFixed(2)}`);
    expect(trips).toBeLessThan(most);
    expect(refusals(mock.server)).toBeLessThanOrEqual(1);
  });

  it('is opened beyond the usual limit while there is always an unanswered request, and at once on the next connection', async () => {
    await using first = await start({ faults: { latencyMs: 40 }, maxSessions: 40 });
    const lanes = (link: Link, count: number) =>
      Promise.all(
        Array.from({ length: 8 }, async () => {
          for (let n = 0; n < count; n++) await runOn(link);
        }),
      );
    await lanes(first.link, 12);
    expect(first.link.slots.limit).toBeGreaterThanOrEqual(16);
    await using again = await linkTo(first.server);
    expect(again.link.slots.limit).toBe(first.link.slots.seen);
    await lanes(again.link, 3);
    // One for each; with ten there would be room for two.
    expect(again.link.slots.open).toBe(8);
    expect(refusals(first.server)).toBe(0);
  });

  it('is not tried beyond the limit by another connection of the same process', async () => {
    await using first = await start({ faults: { latencyMs: 10 }, maxSessions: 3 });
    for (let turn = 0; turn < 3; turn++) {
      await using plain = await linkTo(first.server);
      const lane = async () => {
        for (let n = 0; n < 4; n++) await runOn(plain.link);
      };
      await Promise.all([lane(), lane()]);
    }
    expect(refusals(first.server)).toBeLessThanOrEqual(3);
  });

  it('serves the command that comes while it is being opened; one that has given up leaves it to the next', async () => {
    await using mock = await start({ faults: { latencyMs: 30 } });
    await mock.run();
    await mock.run();
    const opened = mock.link.slots.open;
    expect(opened).toBe(1);
    const first = mock.run();
    // One is asked for behind the command, and not answered yet.
    await expect.poll(() => mock.link.ahead?.isComing).toBe(true);
    const giveUp = new AbortController();
    const aborted = mock.link.exec({ command: 'never' }, { signal: giveUp.signal });
    expect(mock.link.slots.open).toBe(2);
    giveUp.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    const second = mock.run();
    expect(mock.link.slots.open).toBe(2);
    expect(await Promise.all([first, second])).toEqual([wellDone, wellDone]);
    expect(commands(mock.server)).not.toContain('never');
  });

  it('does not delay concurrent commands', async () => {
    await using mock = await start({ faults: { latencyMs: 50 }, maxSessions: 10 });
    const trips: number[] = [];
    const lane = async () => {
      for (let n = 0; n < 12; n++) {
        const startedAt = performance.now();
        expect(await mock.run()).toEqual(wellDone);
        trips.push((performance.now() - startedAt) / 100);
      }
    };
    await Promise.all(Array.from({ length: 7 }, lane));
    // Without sessions ahead each takes two.
    expect(trips.sort((a, b) => a - b)[trips.length >> 1]).toBeLessThan(2.4);
    expect(refusals(mock.server)).toBeLessThanOrEqual(1);
  });

  describe('with the first of many commands, which follow no other', () => {
    const together = (run: () => Promise<ChannelOutcome>, count: number) =>
      Promise.all(Array.from({ length: count }, run));
    const far = { faults: { latencyMs: 30 }, maxSessions: 40 };

    it('is there for the second of each', async () => {
      await using server = await startMockServer({ ...far, faults: { latencyMs: 50 } });
      mannersOf({ host: server.host, port: server.port }, 'OpenSSH_9.9').took(16);
      await using plain = await linkTo(server, 'OpenSSH_9.9', 100);
      const found: (number | undefined)[] = [];
      const lane = async () => {
        await runOn(plain.link);
        found.push(plain.link.ahead?.unused);
        await runOn(plain.link);
      };
      await Promise.all(Array.from({ length: 8 }, lane));
      expect(found).toHaveLength(8);
      for (const unused of found) expect(unused).toBeGreaterThan(0);
      expect(refusals(server)).toBe(0);
    });

    it('stays within the limit that is assumed, and is closed if none follows', async () => {
      await using mock = await start(far, 'OpenSSH_9.9', 60);
      expect(await together(mock.run, 8)).toEqual(Array(8).fill(wellDone));
      // Of ten; one more is not tried.
      expect(mock.link.slots.open).toBe(2);
      await expect.poll(() => mock.link.slots.open, { timeout: 4_000 }).toBe(0);
      expect(refusals(mock.server)).toBe(0);
    });

    it.each([
      ['three', 3, 'OpenSSH_9.9', 60],
      ['eight to a near server', 8, 'OpenSSH_9.9', 19],
      ['eight to a server that may not take several', 8, 'ACME_1.0', 60],
      ['eight to one whose round trip is not known', 8, 'OpenSSH_9.9', undefined],
    ])('is not opened with %s', async (_words, count, serverVersion, roundTrip) => {
      await using mock = await start(far, serverVersion, roundTrip);
      await together(mock.run, count);
      expect(mock.link.slots.open).toBe(0);
      expect(mock.link.slots.seen).toBeLessThanOrEqual(count);
    });

    it('costs no command anything if the server refuses it', async () => {
      await using mock = await start({ ...far, maxSessions: 8 }, 'OpenSSH_9.9', 60);
      expect(await together(mock.run, 8)).toEqual(Array(8).fill(wellDone));
      expect(refusals(mock.server)).toBe(2);
      expect(await together(mock.run, 8)).toEqual(Array(8).fill(wellDone));
      expect(commands(mock.server)).toHaveLength(16);
    });

    it('is not opened on the next connection if the server has ended one over it', async () => {
      await using mock = await start(far, 'OpenSSH_9.9', 60);
      const ending = together(mock.run, 8);
      await expect.poll(() => mock.link.slots.open, { interval: 5 }).toBeGreaterThan(8);
      mock.link.endedByServer();
      await ending;
      await using again = await linkTo(mock.server, 'OpenSSH_9.9', 60);
      await together(() => runOn(again.link), 8);
      expect(again.link.slots.open).toBe(0);
      expect(again.link.slots.seen).toBeLessThanOrEqual(8);
    });
  });

  it('is requested once for many commands after one', async () => {
    await using mock = await start();
    // However busy the machine is, the server is near: to a far one, the five would leave one by one.
    const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now());
    await mock.run();
    await Promise.all(Array.from({ length: 5 }, () => mock.run()));
    clock.mockRestore();
    expect(mock.link.slots.open).toBe(1);
  });

  it('is closed if fewer commands run than before, while they still follow each other', async () => {
    await using mock = await start({ exec: () => ({ delayMs: 5 }) });
    let isOver = false;
    const lane = async (count: number) => {
      for (let n = 0; n < count && !isOver; n++) await mock.run();
    };
    await Promise.all(Array.from({ length: 4 }, () => lane(4)));
    expect(mock.link.slots.open).toBeGreaterThanOrEqual(3);
    const last = lane(1_000);
    await expect.poll(() => mock.link.slots.open, { timeout: 5_000 }).toBeLessThanOrEqual(2);
    isOver = true;
    await last;
    // What was closed has taken no other one along.
    await expect.poll(() => mock.link.slots.open, { timeout: 5_000 }).toBe(0);
  });

  it('is requested again once many commands that left no room for one are over', async () => {
    let delayMs = 500;
    await using mock = await start({ exec: () => ({ delayMs }), maxSessions: 10 }, 'OpenSSH_9.9', 60);
    await Promise.all(Array.from({ length: 10 }, mock.run));
    await mock.run();
    expect(mock.link.slots.open).toBe(0);
    delayMs = 5;
    await sleep(2_000);
    for (let n = 0; n < 2; n++) await mock.run();
    expect(mock.link.slots.open).toBe(1);
  });

  it('is not requested for a single command, or for occasional ones', async () => {
    await using mock = await start();
    for (let n = 0; n < 2; n++) {
      await mock.run();
      await expect.poll(() => mock.link.slots.open).toBe(0);
      await new Promise((resolve) => setTimeout(resolve, 550));
    }
  });

  it('is closed if no command follows', async () => {
    await using mock = await start();
    for (let n = 0; n < 3; n++) await mock.run();
    expect(mock.link.slots.open).toBe(1);
    await expect.poll(() => mock.link.slots.open, { timeout: 3_000 }).toBe(0);
    expect(await mock.run()).toEqual(wellDone);
  });

  it('makes room if the server allows fewer than assumed', async () => {
    await using mock = await start({ maxSessions: 3, exec: () => ({ delayMs: 20 }) });
    for (let n = 0; n < 3; n++) await mock.run();
    expect(mock.link.slots.open).toBe(1);
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => mock.run()));
    expect(outcomes).toEqual(outcomes.map(() => wellDone));
  });

  it('is requested once if the server allows only one session', async () => {
    await using mock = await start({ maxSessions: 1 });
    for (let n = 0; n < 30; n++) expect(await mock.run()).toEqual(wellDone);
    expect(refusals(mock.server)).toBe(1);
    expect(mock.link.slots.open).toBe(0);
  });

  it('is not used if maxSessions is low', async () => {
    await using server = await startMockServer({ maxSessions: 2 });
    await using connection = await connectViaGateway({ ...optionsFor(server), maxSessions: 2 });
    for (let n = 0; n < 5; n++) await connection.exec('true');
    expect(refusals(server)).toBe(0);
  });

  it('is dropped if the server closes it', async () => {
    await using mock = await start();
    for (let n = 0; n < 3; n++) await mock.run();
    const { _chanMgr, _protocol } = mock.client as unknown as {
      _chanMgr: { _channels: Record<string, unknown> };
      _protocol: { _handlers: { CHANNEL_CLOSE(protocol: unknown, id: number): void } };
    };
    const [id] = Object.keys(_chanMgr._channels);
    _protocol._handlers.CHANNEL_CLOSE(undefined, Number(id));
    expect(mock.link.slots.open).toBe(0);
    expect(await mock.run()).toEqual(wellDone);
  });

  it('also serves a pseudo-terminal', async () => {
    let terminals = 0;
    await using mock = await start({
      exec: ({ pty }) => {
        if (pty) terminals++;
        return 0;
      },
    });
    for (let n = 0; n < 3; n++) await mock.run();
    const session = await mock.link.exec({ command: 'true', pty: true });
    const ended = new Promise((resolve) =>
      session.start({ onStdout: () => {}, onStderr: () => {}, onEnd: resolve }),
    );
    session.end();
    expect(await ended).toEqual(wellDone);
    expect(terminals).toBe(1);
  });

  it('reports a refused command like any session, and releases its slot', async () => {
    await using mock = await start({ faults: { exec: { refuse: true } } });
    for (let n = 0; n < 6; n++) {
      await expect(mock.run()).rejects.toMatchObject({
        code: 'SSH_CHANNEL_OPEN_FAILED',
        reason: 'Unable to exec',
      });
    }
    await expect.poll(() => mock.link.slots.open, { timeout: 3_000 }).toBe(0);
  });

  it('is closed silently with the connection', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    await using mock = await start({ faults: { latencyMs: 5 } });
    for (let n = 0; n < 3; n++) await mock.run();
    mock.client.destroy();
    await expect(mock.run()).rejects.toMatchObject({ code: 'SSH_CONNECTION_LOST' });
    await new Promise((resolve) => setTimeout(resolve, 30));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
    expect(mock.link.lost.listenerCount).toBe(0);
  });

  it('survives an abort at the moment it is used', async () => {
    await using mock = await start();
    for (let n = 0; n < 3; n++) await mock.run();
    const reason = new Error('enough');
    const aborted = mock.link.exec({ command: 'x' }, { signal: AbortSignal.abort(reason) });
    await expect(aborted).rejects.toBe(reason);
    expect(await mock.run()).toEqual(wellDone);
  });
});
