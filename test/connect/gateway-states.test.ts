import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  AuthenticationFailed,
  BannerMissing,
  BannerTimeout,
  ConnectionRefused,
  HandshakeFailed,
  HostKeyMismatch,
  type SshError,
  TcpTimeout,
} from '../../src/errors/index.ts';
import { type Faults, type MockGateway, type MockPc, startMockGateway } from '../../src/mock-server/index.ts';
import type { ConnectOptions } from '../../src/options/types.ts';
import { connectTo } from '../support/connect.ts';
import { deafPort } from '../support/deaf-port.ts';
import { loadConnecting } from '../support/load-connecting.ts';
import { failureOf, until } from '../support/outcome.ts';
import { nodeKey } from '../support/private-keys.ts';

/** Milliseconds; the limits that a state may run into. */
const timeouts = { tcp: 400, banner: 400, handshake: 400, auth: 400 };
/** What a state may take beyond the limit of its phase. */
const slack = 250;

let gateway: MockGateway;
let pc: MockPc;
beforeAll(async () => {
  await loadConnecting();
  gateway = await startMockGateway();
});
afterAll(() => gateway.close());

const reach = () => ({
  host: gateway.host,
  port: pc.port,
  hostKey: pc.server.hostKey,
  clientKey: pc.server.clientKey,
});

async function fresh(faults?: Faults): Promise<void> {
  pc = await gateway.addPc(faults ? { server: { faults } } : {});
}

interface State {
  state: string;
  prepare: () => Promise<void>;
  options?: Partial<ConnectOptions>;
  error: new (...given: never[]) => SshError;
  code: string;
  phase: string;
  retryable: boolean;
  hint: RegExp;
  /** The limit that it runs into; 0: it answers at once. */
  limit?: number;
}

const strangeKey = nodeKey('rsa').privateKey.export({ type: 'pkcs1', format: 'pem' }) as string;

const states: State[] = [
  {
    state: 'no tunnel: refused',
    prepare: async () => {
      await fresh();
      await pc.dropTunnel();
    },
    error: ConnectionRefused,
    code: 'SSH_CONNECTION_REFUSED',
    phase: 'tcp',
    retryable: true,
    hint: /no tunnel is up/,
  },
  {
    state: "tunnel up, the PC's sshd down: closed without a word",
    prepare: async () => {
      await fresh();
      pc.stopSshd();
    },
    error: BannerMissing,
    code: 'SSH_BANNER_MISSING',
    phase: 'banner',
    retryable: true,
    hint: /sshd is not running/,
  },
  {
    state: 'zombie: accepted and silent',
    prepare: async () => {
      await fresh();
      pc.vanish();
    },
    error: BannerTimeout,
    code: 'SSH_BANNER_TIMEOUT',
    phase: 'banner',
    retryable: true,
    hint: /zombie/,
    limit: timeouts.banner,
  },
  {
    state: 'banner, then closed by FIN',
    prepare: () => fresh({ handshake: { closeInKex: 'fin' } }),
    error: HandshakeFailed,
    code: 'SSH_HANDSHAKE_FAILED',
    phase: 'handshake',
    retryable: true,
    hint: /MaxStartups/,
  },
  {
    state: 'banner, then closed by RST',
    prepare: () => fresh({ handshake: { closeInKex: 'rst' } }),
    error: HandshakeFailed,
    code: 'SSH_HANDSHAKE_FAILED',
    phase: 'handshake',
    retryable: true,
    hint: /MaxStartups/,
  },
  {
    state: 'wrong key',
    prepare: () => fresh(),
    options: { privateKey: strangeKey },
    error: AuthenticationFailed,
    code: 'SSH_AUTHENTICATION_FAILED',
    phase: 'auth',
    retryable: false,
    hint: /authorized_keys/,
  },
  {
    state: 'wrong login',
    prepare: () => fresh(),
    options: { username: 'nobody' },
    error: AuthenticationFailed,
    code: 'SSH_AUTHENTICATION_FAILED',
    phase: 'auth',
    retryable: false,
    hint: /account/,
  },
  {
    state: 'wrong host key',
    prepare: () => fresh(),
    options: { hostKey: { fingerprint: `SHA256:${'A'.repeat(43)}` } },
    error: HostKeyMismatch,
    code: 'SSH_HOST_KEY_MISMATCH',
    phase: 'handshake',
    retryable: false,
    hint: /ssh-keygen -l/,
  },
];

describe.each(states)('$state', ({ prepare, options, error: kind, limit = 0, hint, ...wanted }) => {
  // Another worker of this machine may take the processor for a moment.
  it('leads to its own error, within the timeout of its phase', { retry: 3 }, async () => {
    await prepare();
    const { error, ms } = await failureOf(connectTo(reach(), { timeouts, ...options }));
    expect(error).toBeInstanceOf(kind);
    const { code, phase, retryable } = wanted;
    expect(error).toMatchObject({ code, phase, retryable, host: gateway.host, port: pc.port });
    expect(error.hint).toMatch(hint);
    expect(error.message).toContain(`${gateway.host}:${pc.port}`);
    expect(ms).toBeGreaterThanOrEqual(limit - 5);
    expect(ms).toBeLessThan(limit + slack);
    expect(error.attempts).toMatchObject([{ attempt: 1, code, phase, message: error.message, wait: 0 }]);
  });

  it(wanted.retryable ? 'is tried again, and every attempt is told' : 'is never tried again', async () => {
    await prepare();
    const retry = { attempts: 3, minDelay: 5, maxDelay: 5, quiet: 5, jitter: 0 };
    // Only where nothing else is awaited: a busy machine must not be taken for a silent server.
    const short = limit === timeouts.banner ? { ...timeouts, banner: 60 } : timeouts;
    const { error } = await failureOf(connectTo(reach(), { timeouts: short, retry, ...options }));
    expect(error).toBeInstanceOf(kind);
    expect(error.attempts).toHaveLength(wanted.retryable ? 3 : 1);
    for (const [at, attempt] of (error.attempts ?? []).entries()) {
      expect(attempt).toMatchObject({ attempt: at + 1, code: wanted.code, phase: wanted.phase });
      expect(attempt.timings.total).toBeGreaterThan(0);
      expect(attempt.timings.banner === undefined).toBe(['tcp', 'banner'].includes(wanted.phase));
    }
  });
});

/** Sockets of this process that are still connecting. */
const connectingSockets = () =>
  process.getActiveResourcesInfo().filter((name) => /ConnectWrap$/.test(name)).length;

describe('a gateway whose SYNs are not answered', () => {
  it('leads to TcpTimeout within the timeout of its phase, and leaves no socket behind', {
    retry: 3,
  }, async () => {
    await using deaf = await deafPort();
    const target = { ...deaf, hostKey: gateway.ssh.hostKey, clientKey: gateway.ssh.clientKey };
    const before = connectingSockets();
    const { error, ms } = await failureOf(connectTo(target, { timeouts }));
    expect(error).toBeInstanceOf(TcpTimeout);
    expect(error).toMatchObject({
      code: 'SSH_TCP_TIMEOUT',
      phase: 'tcp',
      retryable: true,
      timeoutMs: 400,
      port: deaf.port,
    });
    expect(error.hint).toMatch(/firewall/);
    expect(ms).toBeGreaterThanOrEqual(395);
    expect(ms).toBeLessThan(400 + slack);
    await until(() => connectingSockets() === before, 300);
  });

  it('is given up at once on an abort, and leaves no socket behind', async () => {
    await using deaf = await deafPort();
    const controller = new AbortController();
    const target = { ...deaf, hostKey: gateway.ssh.hostKey, clientKey: gateway.ssh.clientKey };
    const before = connectingSockets();
    const connecting = failureOf(connectTo(target, { signal: controller.signal }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(connectingSockets()).toBeGreaterThan(before);
    controller.abort('stop');
    expect((await connecting).error).toBe('stop');
    await until(() => connectingSockets() === before, 300);
  });
});

describe('a host name', () => {
  it('without an address leads to HostNotFound, which is not retried', async () => {
    const target = {
      host: 'no-such-host.invalid',
      port: 22,
      hostKey: gateway.ssh.hostKey,
      clientKey: gateway.ssh.clientKey,
    };
    const { error } = await failureOf(connectTo(target, { retry: { attempts: 2, minDelay: 0 } }));
    expect(error).toMatchObject({ phase: 'tcp', host: 'no-such-host.invalid' });
    // Without any network the name server itself does not answer, which may pass.
    expect(error.code).toBe('SSH_HOST_NOT_FOUND');
    expect(error.attempts).toHaveLength(error['errno'] === 'ENOTFOUND' ? 1 : 2);
  });
});

describe('a PC that comes back', () => {
  it('is reached as soon as its zombie has died, because the waiting attempt is reset', async () => {
    await fresh();
    pc.vanish({ zombieFor: 1_300 });
    const back = pc.return();
    const waits: number[] = [];
    const start = performance.now();
    await using connection = await connectTo(reach(), {
      retry: { attempts: 4, minDelay: 20, quiet: 60_000, onRetry: (_error, { wait }) => waits.push(wait) },
    });
    await back;
    expect(connection.serverVersion).toContain('OpenSSH');
    expect(waits[0]).toBe(0);
    expect(performance.now() - start).toBeLessThan(4_000);
  });

  it('is reached when its tunnel is up again', async () => {
    await fresh();
    await pc.dropTunnel();
    const back = pc.return({ delayMs: 150 });
    const codes: string[] = [];
    await using connection = await connectTo(reach(), {
      retry: { attempts: 100, minDelay: 10, maxDelay: 30, onRetry: ({ code }) => codes.push(code) },
    });
    await back;
    expect(connection.serverVersion).toContain('OpenSSH');
    expect(new Set(codes)).toEqual(new Set(['SSH_CONNECTION_REFUSED']));
  });
});
