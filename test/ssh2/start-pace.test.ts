import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConnectionLost } from '../../src/errors/index.ts';
import { startMockServer } from '../../src/mock-server/index.ts';
import type { ChannelOutcome } from '../../src/ssh2/channels/session-channel.ts';
import { openSftp } from '../../src/ssh2/sftp/channel.ts';
import { AnswerTime } from '../../src/ssh2/slots/answer-time.ts';
import { StartPace } from '../../src/ssh2/slots/start-pace.ts';
import { failureOf } from '../exec/mock.ts';
import { plainLink } from '../support/plain-link.ts';

const openSsh = 'SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7';

describe('commands that begin together', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  /** A server that answers a request for a session after so many milliseconds. */
  function paceAt(ms: number, serverVersion: string | undefined = openSsh) {
    const answerTime = new AnswerTime();
    answerTime.asks(0);
    vi.advanceTimersByTime(ms);
    answerTime.answered();
    const pace = new StartPace({ isFar: answerTime.isFar, answerTime }, serverVersion);
    const isNearer = (answerMs: number) => {
      answerTime.asks(0);
      vi.advanceTimersByTime(answerMs);
      answerTime.answered();
    };
    const left: Array<readonly [name: string, at: number]> = [];
    const startedAt = performance.now();
    const leaves = (name: string) => void left.push([name, performance.now() - startedAt]);
    const begin = (name: string, isCommand = true) => {
      if (!pace.begins(isCommand)) return pace.wait(() => leaves(name));
      leaves(name);
      return () => {};
    };
    const times = (count: number) => {
      for (let n = 0; n < count; n++) begin(`${n}`);
      vi.runAllTimers();
      return left.map(([, at]) => at);
    };
    return { pace, begin, left, times, isNearer };
  }

  it.each([openSsh, 'SSH-2.0-OpenSSH_for_Windows_8.1', 'SSH-2.0-OpenSSH_4.3'])(
    'leave a little apart, to a far %s',
    (version) => expect(paceAt(50, version).times(6)).toEqual([0, 2, 4, 6, 8, 10]),
  );

  it.each([
    ['a server that is near', 9, openSsh],
    ['a far dropbear', 50, 'SSH-2.0-dropbear_2022.83'],
    ['a far AsyncSSH', 50, 'SSH-2.0-AsyncSSH_2.10.1'],
    ['a far server of another name', 50, 'SSH-2.0-acme OpenSSH'],
    ['a far server that gives no name', 50, ''],
  ])('leave at once, to %s', (_words, ms, version) =>
    expect(paceAt(ms, version).times(6)).toEqual([0, 0, 0, 0, 0, 0]),
  );

  it('wait a quarter of what the server takes to answer at most, and then leave together', () => {
    expect(paceAt(24).times(7)).toEqual([0, 2, 4, 6, 6, 6, 6]);
  });

  it('leave at once when the last has left long enough ago', () => {
    const pace = paceAt(50);
    pace.times(2);
    vi.advanceTimersByTime(2);
    pace.begin('late');
    expect(pace.left).toEqual([...[0, 2].map((at, n) => [`${n}`, at]), ['late', 4]]);
  });

  it('leave in the order in which they began, also when the process was busy', () => {
    const pace = paceAt(50);
    for (const name of ['a', 'b']) pace.begin(name);
    // Time passes, but no timer has a turn.
    const later = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 30);
    pace.begin('c');
    later.mockRestore();
    vi.runAllTimers();
    expect(pace.left.map(([name]) => name)).toEqual(['a', 'b', 'c']);
  });

  it('leave in that order also when the server turns out to be nearer', () => {
    const pace = paceAt(400);
    for (let n = 0; n < 20; n++) pace.begin(`${n}`);
    pace.isNearer(12);
    pace.begin('last');
    vi.runAllTimers();
    expect(pace.left.map(([name]) => name)).toEqual([
      ...Array.from({ length: 20 }, (_, n) => `${n}`),
      'last',
    ]);
  });

  it('are not overtaken by a session for something else, which does not wait otherwise', () => {
    const pace = paceAt(50);
    pace.begin('terminal', false);
    pace.begin('a');
    pace.begin('another terminal', false);
    pace.begin('b');
    pace.begin('SFTP', false);
    vi.runAllTimers();
    pace.begin('last', false);
    expect(pace.left.slice(0, 3)).toEqual([
      ['terminal', 0],
      ['a', 0],
      ['another terminal', 0],
    ]);
    expect(pace.left.map(([name]) => name).slice(3)).toEqual(['b', 'SFTP', 'last']);
    expect(pace.left.at(-1)).toEqual(['last', pace.left.at(-2)?.[1]]);
  });

  it('are given up by the ten thousands without a stop', () => {
    const { begin, pace } = paceAt(50);
    const startedAt = process.hrtime.bigint();
    const all = Array.from({ length: 50_000 }, (_, n) => begin(`${n}`));
    expect(pace.waiting).toBe(49_999);
    for (const giveUp of all) giveUp();
    expect(pace.waiting).toBe(0);
    expect(Number(process.hrtime.bigint() - startedAt) / 1e6).toBeLessThan(1_500);
  });

  it('leave no timer behind when those that wait give up', () => {
    const pace = paceAt(50);
    const [, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => pace.begin(name));
    b?.();
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(4);
    expect(pace.left).toEqual([
      ['a', 0],
      ['c', 4],
    ]);
    d?.();
    expect(vi.getTimerCount()).toBe(0);
    c?.();
    expect(pace.left).toHaveLength(2);
  });
});

describe('a connection to a far server', () => {
  async function start(serverVersion: string, maxSessions = 20) {
    const server = await startMockServer({ faults: { latencyMs: 30 }, maxSessions });
    const { host, port, username, password } = server;
    const plain = await plainLink({
      ...{ host, port, username, password, opensAhead: true, serverVersion, maxSessions },
    });
    const { link } = plain;
    const asked: number[] = [];
    const begin = async (signal?: AbortSignal) => {
      const onAsked = () => void asked.push(performance.now());
      const session = await link.exec({ command: 'true', hasNoInput: () => true }, { signal, onAsked });
      return new Promise<ChannelOutcome>((resolve) => {
        session.start({ onStdout: () => {}, onStderr: () => {}, onEnd: resolve });
      });
    };
    const begun = () => server.journal.filter(({ type }) => type === 'exec').length;
    // How far it is is learnt here; then there are sessions for the next.
    for (let n = 0; n < 2; n++) await Promise.all([begin(), begin()]);
    await vi.waitFor(() => expect(link.slots.confirmed).toBe(maxSessions > 1 ? 2 : 0));
    const before = begun();
    asked.length = 0;
    const dispose = async () => {
      await plain.close();
      await server.close();
    };
    return { ...plain, begin, begun: () => begun() - before, asked, [Symbol.asyncDispose]: dispose };
  }
  const done = { kind: 'exit', exitCode: 0 };

  /** Begins them at one moment, however busy the machine is. */
  function together<T extends readonly unknown[]>(...begin: { [K in keyof T]: () => T[K] }): T {
    const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now());
    const all = begin.map((one) => one()) as unknown as T;
    clock.mockRestore();
    return all;
  }

  it('sends commands that begin together a little apart to OpenSSH', async () => {
    await using mock = await start(openSsh);
    expect(await Promise.all(Array.from({ length: 8 }, () => mock.begin()))).toEqual(Array(8).fill(done));
    expect(mock.asked).toHaveLength(8);
    // Seven times 2 ms. Timers count whole milliseconds.
    expect((mock.asked[7] ?? 0) - (mock.asked[0] ?? 0)).toBeGreaterThan(12);
  });

  it('sends them at once to others, and one alone at once to OpenSSH', async () => {
    await using other = await start('SSH-2.0-acme');
    await using mock = await start(openSsh);
    const all = Array.from({ length: 2 }, () => other.begin());
    const alone = mock.begin();
    // No timer has had a turn.
    await Promise.resolve();
    expect([other.asked.length, mock.asked.length]).toEqual([2, 1]);
    expect(await Promise.all([...all, alone])).toEqual([done, done, done]);
  });

  it('requests terminals that begin together at once', async () => {
    await using mock = await start(openSsh);
    let asked = 0;
    const onAsked = () => void asked++;
    const all = [1, 2].map(() => mock.link.exec({ command: 'true', pty: true }, { onAsked }));
    await Promise.resolve();
    expect(asked).toBe(2);
    for (const session of await Promise.all(all)) session.close();
  });

  it('starts a command in a terminal, or SFTP, after the commands begun before it', async () => {
    await using mock = await start(openSsh, 1);
    const order: string[] = [];
    const command = async (name: string) => {
      await mock.begin();
      order.push(name);
    };
    const terminal = async () => {
      const session = await mock.link.exec({ command: 'true', pty: true });
      order.push('terminal');
      session.close();
    };
    const sftp = async () => {
      const operations = await openSftp(mock.link, {});
      order.push('SFTP');
      return operations.close();
    };
    await Promise.all([command('a'), command('b'), command('c'), terminal(), sftp()]);
    expect(order).toEqual(['a', 'b', 'c', 'terminal', 'SFTP']);
  });

  it('counts a session for each that has not left yet, and none that is only kept', async () => {
    await using mock = await start(openSsh);
    expect(mock.link.sessionsLeft).toBe(20);
    const all = Array.from({ length: 18 }, () => mock.begin());
    expect(mock.link.sessionsLeft).toBe(2);
    await expect(openSftp(mock.link, { spare: true })).rejects.toThrow('no session to spare');
    await Promise.all(all);
    await vi.waitFor(() => expect(mock.link.sessionsLeft).toBe(20));
  });

  it('gives up one that has not left yet when it is aborted', async () => {
    await using mock = await start(openSsh);
    const reason = new Error('enough');
    const abort = new AbortController();
    const [first, second] = together(
      () => mock.begin(),
      () => failureOf(mock.begin(abort.signal)),
    );
    abort.abort(reason);
    expect(await second).toBe(reason);
    expect(await first).toEqual(done);
    expect(mock.asked).toHaveLength(1);
    expect(mock.begun()).toBe(1);
    await vi.waitFor(() => expect(mock.link.lost.listenerCount).toBe(0));
  });

  it('does not send one that has not left yet after close(), nor after the end of the connection', async () => {
    const over = (message: string) => {
      const details = { phase: 'session', host: 'h', port: 22, why: 'socket' } as const;
      return new ConnectionLost(message, details);
    };
    await using mock = await start(openSsh);
    const [first, second] = together(
      () => mock.begin(),
      () => failureOf(mock.begin()),
    );
    mock.link.leaving.declare(over('closed'));
    expect(await second).toBe(mock.link.leaving.error);
    expect(await first).toEqual(done);
    expect(mock.begun()).toBe(1);

    await using torn = await start(openSsh);
    const lost = () => failureOf(torn.begin());
    const all = together(lost, lost);
    torn.link.lost.declare(over('lost'));
    expect(await Promise.all(all)).toEqual([torn.link.lost.error, torn.link.lost.error]);
    expect(torn.asked).toHaveLength(1);
  });
});
