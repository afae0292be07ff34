import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type LoginTurn, loginTurn } from '../../src/route/login-turns.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** Logins that ask for a turn at the same server, in the order of their numbers. */
function logins(port = 22) {
  const turns: LoginTurn[] = [];
  const refused: unknown[] = [];
  const asks = async (count: number, signal = new AbortController().signal) => {
    for (let n = 0; n < count; n++) {
      loginTurn('gw', port, signal).then(
        (turn) => {
          turns.push(turn);
          turn.isReady();
        },
        (reason) => refused.push(reason),
      );
    }
    await passes(0);
  };
  const end = async (...numbers: number[]) => {
    for (const number of numbers) turns[number]?.end();
    await passes(0);
  };
  const endAll = async () => {
    for (let n = 0; n < turns.length; n++) await end(n);
  };
  return { turns, refused, asks, end, endAll };
}

const passes = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** The process is busy: time passes, and no timer has its turn. */
const isBusy = (ms: number) => {
  const at = performance.now() + ms;
  vi.spyOn(performance, 'now').mockImplementationOnce(() => at);
};

describe('logins at a near server', () => {
  async function near(count: number) {
    const all = logins();
    await all.asks(count);
    all.turns[0]?.reached();
    await passes(0);
    return all;
  }

  it('are under way eight at a time, and each that ends lets the next one go', async () => {
    const { turns, end, endAll } = await near(20);
    expect(turns).toHaveLength(8);
    await end(3);
    expect(turns).toHaveLength(9);
    await end(0, 1, 2);
    expect(turns).toHaveLength(12);
    await passes(500);
    expect(turns).toHaveLength(12);
    await endAll();
    expect(turns).toHaveLength(20);
  });

  it('do not end twice', async () => {
    const { turns, end, endAll } = await near(12);
    await end(0, 0, 0);
    expect(turns).toHaveLength(9);
    await endAll();
  });

  it('keep their turn for a second at most', async () => {
    const { turns, asks, end, endAll } = await near(8);
    await passes(400);
    await end(1);
    await asks(3);
    expect(turns).toHaveLength(9);
    await passes(599);
    expect(turns).toHaveLength(9);
    await passes(1);
    expect(turns).toHaveLength(11);
    // Those that have lost theirs give nothing back.
    await asks(9);
    await end(0, 2, 3, 4, 5, 6, 7);
    expect(turns).toHaveLength(16);
    await end(8);
    expect(turns).toHaveLength(17);
    await endAll();
  });

  it('whose code is still being loaded keep it for longer', async () => {
    const turns: LoginTurn[] = [];
    const { signal } = new AbortController();
    for (let n = 0; n < 9; n++) void loginTurn('gw', 22, signal).then((turn) => turns.push(turn));
    await passes(0);
    turns[0]?.reached();
    await passes(5_000);
    expect(turns).toHaveLength(8);
    turns[0]?.isReady();
    await passes(999);
    expect(turns).toHaveLength(8);
    await passes(1);
    expect(turns).toHaveLength(9);
    for (const turn of turns) turn.end();
  });

  it('do not let those overtake that come later', async () => {
    const { asks, end, endAll, turns } = await near(9);
    const order: string[] = [];
    void loginTurn('gw', 22, new AbortController().signal).then((turn) => {
      order.push('late');
      turns.push(turn);
    });
    await end(0);
    expect(order).toEqual([]);
    await end(1);
    expect(order).toEqual(['late']);
    await asks(1);
    await endAll();
  });

  it('follow no signal, and no clock runs, when nobody waits', async () => {
    const { turns, asks, end, endAll } = await near(8);
    expect(vi.getTimerCount()).toBe(0);
    const stop = new AbortController();
    await asks(1, stop.signal);
    expect(vi.getTimerCount()).toBe(1);
    await end(0);
    expect(turns).toHaveLength(9);
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
    await asks(1, stop.signal);
    stop.abort();
    await passes(0);
    expect(vi.getTimerCount()).toBe(0);
    await endAll();
  });

  it('leave the line at an abort, with its reason', async () => {
    const { turns, refused, asks, endAll } = await near(8);
    const stop = new AbortController();
    await asks(2, stop.signal);
    await asks(1);
    stop.abort('enough');
    await passes(0);
    expect(refused).toEqual(['enough', 'enough']);
    expect(turns).toHaveLength(8);
    await endAll();
    expect(turns).toHaveLength(9);
    await endAll();
  });

  it('know nothing of those at another port', async () => {
    const { turns, endAll } = await near(12);
    const others = logins(9012);
    await others.asks(8);
    expect([turns.length, others.turns.length]).toEqual([8, 8]);
    await others.endAll();
    await endAll();
  });

  it('begin anew when all have ended', async () => {
    const { endAll } = await near(8);
    await endAll();
    const next = logins();
    await next.asks(12);
    await passes(11);
    expect(next.turns).toHaveLength(12);
    await next.endAll();
  });

  it('an old one that ends late takes nothing from those that have begun anew', async () => {
    const { turns, asks, end } = await near(8);
    await asks(1);
    await passes(1_000);
    await end(8);
    const next = logins();
    await next.asks(9);
    await end(0, 1, 2, 3, 4, 5, 6, 7);
    expect(next.turns).toHaveLength(8);
    await asks(1);
    expect(turns).toHaveLength(9);
    await next.endAll();
    await next.endAll();
    await end(9);
  });
});

describe('logins at a server that TCP has not reached after 10 ms', () => {
  async function fifty() {
    const all = logins();
    await all.asks(50);
    await passes(10);
    return all;
  }

  it('all go at once', async () => {
    const { turns, asks, endAll } = await fifty();
    expect(turns).toHaveLength(8);
    await passes(1);
    expect(turns).toHaveLength(50);
    await asks(50);
    expect(turns).toHaveLength(100);
    turns[0]?.reached();
    await asks(50);
    expect(turns).toHaveLength(150);
    await endAll();
  });

  it('are not sent for a process that was busy: only the second time counts', async () => {
    const { turns, endAll } = await fifty();
    isBusy(60);
    await passes(10);
    expect(turns).toHaveLength(8);
    isBusy(60);
    await passes(2);
    expect(turns).toHaveLength(50);
    await endAll();
  });

  it('are near after all if TCP arrives in the same moment', async () => {
    const { turns, asks, endAll } = logins();
    await asks(9);
    setTimeout(() => turns[0]?.reached(), 10);
    await passes(20);
    expect(turns).toHaveLength(8);
    await endAll();
    await endAll();
  });
});
