import { beforeAll, describe, expect, it } from 'vitest';
import { type Faults, startMockServer } from '../../src/mock-server/index.ts';
import type { ConnectOptions } from '../../src/options/types.ts';
import { watchHandles } from '../mock-server/support.ts';
import { connectTo } from '../support/connect.ts';
import { loadConnecting } from '../support/load-connecting.ts';
import { failureOf, until } from '../support/outcome.ts';

const never = () => new Promise<never>(() => {});

beforeAll(loadConnecting);

interface Row {
  what: string;
  faults?: Faults;
  options?: Partial<ConnectOptions>;
  code: string;
  phase: string;
}

const limit = 150;
const others = { tcp: 5_000, banner: 5_000, handshake: 5_000, auth: 5_000 };

const rows: Row[] = [
  { what: 'a route that never opens', options: { via: never }, code: 'SSH_TCP_TIMEOUT', phase: 'route' },
  { what: 'a mute server', faults: { banner: 'mute' }, code: 'SSH_BANNER_TIMEOUT', phase: 'banner' },
  {
    what: 'a late identification line',
    faults: { banner: { delayMs: 3_000 } },
    code: 'SSH_BANNER_TIMEOUT',
    phase: 'banner',
  },
  {
    what: 'a line in slow drops',
    faults: { banner: { splitBytes: 1, intervalMs: 60 } },
    code: 'SSH_BANNER_TIMEOUT',
    phase: 'banner',
  },
  {
    what: 'garbage, then silence',
    faults: { banner: { garbage: 'Login: ' } },
    code: 'SSH_BANNER_TIMEOUT',
    phase: 'banner',
  },
  {
    what: 'a key exchange that hangs',
    faults: { handshake: { hang: true } },
    code: 'SSH_HANDSHAKE_TIMEOUT',
    phase: 'handshake',
  },
  {
    what: 'a host key check that never answers',
    options: { hostKey: { verify: never } },
    code: 'SSH_HANDSHAKE_TIMEOUT',
    phase: 'handshake',
  },
  { what: 'a login that hangs', faults: { auth: { hang: true } }, code: 'SSH_AUTH_TIMEOUT', phase: 'auth' },
  { what: 'a slow login', faults: { auth: { delayMs: 3_000 } }, code: 'SSH_AUTH_TIMEOUT', phase: 'auth' },
  {
    what: 'a link that freezes after the line',
    faults: { freeze: { phase: 'ident' } },
    code: 'SSH_HANDSHAKE_TIMEOUT',
    phase: 'handshake',
  },
  {
    what: 'a link that freezes in the login',
    faults: { freeze: { phase: 'auth' }, auth: { delayMs: 1_000 } },
    code: 'SSH_AUTH_TIMEOUT',
    phase: 'auth',
  },
];

/** What the error says of the server, by its phase; a server that spoke is quoted. */
const says: Record<string, string> = {
  route: 'was not reached by its route within 150 ms (option timeouts.tcp)',
  banner: 'accepted the connection, but sent no SSH identification line within 150 ms',
  handshake: 'identified itself, but keys were not exchanged within 150 ms (option timeouts.handshake)',
  auth: 'did not finish the login within 150 ms (option timeouts.auth)',
};

describe.each(rows)('$what', ({ faults, options, code, phase }) => {
  it('ends only by the timeout of its phase, and leaves nothing behind', { retry: 2 }, async () => {
    await using server = await startMockServer(faults ? { faults } : {});
    const leftBehind = await watchHandles();
    const timeouts = { ...others, [phase === 'route' ? 'tcp' : phase]: limit };
    const { error, ms } = await failureOf(connectTo(server, { timeouts, ...options }));
    expect(error).toMatchObject({ code, phase, timeoutMs: limit, retryable: true, hint: expect.any(String) });
    expect(error.message).toContain(says[phase]);
    expect(error.message).toMatch(/ ms(?: \(it said ".+"\))? \(option timeouts\.\w+\)$/);
    // The phases before it take their own time, on a busy machine several times the limit; the others' is far longer.
    expect(ms).toBeGreaterThanOrEqual(limit - 5);
    expect(ms).toBeLessThan(limit + 2_000);
    await until(() => server.connections === 0);
    await server.close();
    expect(await leftBehind()).toEqual([]);
  });
});

describe('a timeout of Infinity', () => {
  it('never ends its phase', async () => {
    await using server = await startMockServer({ faults: { banner: { delayMs: 400 } } });
    await using connection = await connectTo(server, { timeouts: { banner: Number.POSITIVE_INFINITY } });
    expect(connection.timings.banner).toBeGreaterThan(350);
  });
});

describe('each phase', () => {
  it('has its full timeout, however long the others took', async () => {
    const latencyMs = 60;
    await using server = await startMockServer({
      faults: { banner: { delayMs: 250 }, auth: { delayMs: 250 }, latencyMs },
    });
    const timeouts = { tcp: 1_000, banner: 600, handshake: 1_000, auth: 700 };
    await using connection = await connectTo(server, { timeouts });
    const { banner = 0, auth = 0, total } = connection.timings;
    expect(banner).toBeGreaterThan(240);
    expect(auth).toBeGreaterThan(240);
    expect(total).toBeGreaterThan(600);
  });
});

describe('the total timeout', () => {
  it.each<[string, Faults, string]>([
    ['the identification line', { banner: 'mute' }, 'banner'],
    ['the key exchange', { handshake: { hang: true } }, 'handshake'],
    ['the login', { auth: { hang: true } }, 'auth'],
  ])('ends an attempt in %s, and is reported', async (_what, faults, phase) => {
    await using server = await startMockServer({ faults });
    const { error, ms } = await failureOf(connectTo(server, { timeouts: { total: 200 } }));
    expect(error).toMatchObject({ code: 'SSH_TOTAL_TIMEOUT', phase, timeoutMs: 200, attempts: [] });
    expect(error.cause).toBeUndefined();
    expect(ms).toBeLessThan(200 + 250);
    await until(() => server.connections === 0);
  });

  it('covers the waits, and reports the earlier attempts', async () => {
    await using server = await startMockServer({ faults: { banner: { close: 'fin' } } });
    const retry = { attempts: 10, minDelay: 60_000, maxDelay: 60_000 };
    const { error, ms } = await failureOf(connectTo(server, { retry, timeouts: { total: 200 } }));
    expect(error).toMatchObject({ code: 'SSH_TOTAL_TIMEOUT', phase: 'banner' });
    expect(error.attempts).toMatchObject([{ code: 'SSH_BANNER_MISSING', phase: 'banner' }]);
    expect(error.cause).toMatchObject({ code: 'SSH_BANNER_MISSING' });
    expect(error.message).toMatch(/after 1 failed attempt; the last one: /);
    expect(ms).toBeLessThan(200 + 250);
  });
});
