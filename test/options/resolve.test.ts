import { describe, expect, it } from 'vitest';
import { resolveConnectOptions } from '../../src/options/resolve.ts';
import type { ConnectOptions } from '../../src/options/types.ts';
import { validateConnectOptions } from '../../src/options/validate.ts';
import { resolveAlgorithms } from '../../src/ssh2/handshake/algorithms.ts';

const base: ConnectOptions = { host: 'gateway', username: 'rpa' };

describe('the defaults', () => {
  it('are those of the documentation', () => {
    expect(resolveConnectOptions(base)).toMatchObject({
      port: 22,
      timeouts: {
        tcp: 30_000,
        banner: 60_000,
        handshake: 30_000,
        auth: 30_000,
        channel: 30_000,
        total: Number.POSITIVE_INFINITY,
      },
      retry: { attempts: 10, minDelay: 2_000, factor: 2, maxDelay: 60_000, jitter: 0.1, quiet: 45_000 },
      keepalive: { interval: 30_000, countMax: 3 },
    });
  });

  it('apply if an option is explicitly undefined', () => {
    const options = { timeouts: { tcp: undefined, auth: 5 }, retry: { attempts: undefined, quiet: 1 } };
    const resolved = resolveConnectOptions({ ...base, ...options } as unknown as ConnectOptions);
    expect(resolved.timeouts).toMatchObject({ tcp: 30_000, auth: 5 });
    expect(resolved.retry).toMatchObject({ attempts: 10, quiet: 1 });
  });

  it('make one attempt without retry, and no keepalive without it', () => {
    expect(resolveConnectOptions({ ...base, retry: false }).retry.attempts).toBe(1);
    expect(resolveConnectOptions({ ...base, keepalive: false }).keepalive).toBe(false);
  });

  it("do not change the caller's options", () => {
    const options = Object.freeze({
      ...base,
      timeouts: Object.freeze({ tcp: 1 }),
      retry: Object.freeze({ attempts: 2 }),
    });
    resolveConnectOptions(options);
    validateConnectOptions(options);
    expect(options).toEqual({ ...base, timeouts: { tcp: 1 }, retry: { attempts: 2 } });
  });

  it('offer no SHA-1, no CBC, no DSA, and no group exchange', () => {
    const names = Object.values(resolveAlgorithms()).flat();
    expect(
      names.filter((name) => /sha1|ssh-rsa|cbc|dss|md5|arcfour|3des|group-exchange|group1-/.test(name)),
    ).toEqual([]);
  });

  it('offer exactly what is requested instead, the others unchanged', () => {
    const asked = resolveAlgorithms({ cipher: ['aes128-cbc'] });
    expect(asked.cipher).toEqual(['aes128-cbc']);
    expect(asked.kex).toEqual(resolveAlgorithms().kex);
  });
});

describe('valid options', () => {
  it.each<[string, Partial<ConnectOptions>]>([
    ['an IPv6 address', { host: '::1' }],
    ['limits turned off', { timeouts: { tcp: Number.POSITIVE_INFINITY, total: Number.POSITIVE_INFINITY } }],
    ['attempts without end', { retry: { attempts: Number.POSITIVE_INFINITY } }],
    ['no delay at all', { retry: { minDelay: 0, maxDelay: 0, quiet: 0, jitter: 0 } }],
    ['an empty password', { password: '' }],
    ['a padded fingerprint', { hostKey: { fingerprint: `SHA256:${'A'.repeat(43)}=` } }],
    [
      'several fingerprints',
      { hostKey: { fingerprint: [`SHA256:${'A'.repeat(43)}`, `SHA256:${'B'.repeat(43)}`] } },
    ],
    ['an alias', { hostKey: { alias: 'customer-7' } }],
    [
      'everything undefined',
      { port: undefined, retry: undefined, log: undefined } as unknown as Partial<ConnectOptions>,
    ],
  ])('with %s are accepted', (_what, options) => {
    expect(() => validateConnectOptions({ ...base, ...options })).not.toThrow();
  });
});

describe('the log', () => {
  it('may throw or reject without effect', async () => {
    const record = { level: 'info', event: 'x', message: 'x', host: 'h', port: 1 } as const;
    const throwing = resolveConnectOptions({
      ...base,
      log: () => {
        throw new Error('disk full');
      },
    });
    expect(() => throwing.log(record)).not.toThrow();
    const rejecting = resolveConnectOptions({
      ...base,
      log: (async () => Promise.reject(new Error('no'))) as never,
    });
    expect(() => rejecting.log(record)).not.toThrow();
    await new Promise(setImmediate);
  });
});
