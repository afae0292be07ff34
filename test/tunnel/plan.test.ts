import { expect, it } from 'vitest';
import { planTunnel } from '../../src/tunnel/keep/options.ts';
import type { ReverseTunnelOptions } from '../../src/tunnel/types.ts';

const plan = (options: Partial<ReverseTunnelOptions>) =>
  planTunnel({
    gateway: { host: 'gateway', username: 'tunnel', password: 'x' },
    listenPort: 9012,
    target: { host: '127.0.0.1', port: 22 },
    ...options,
  });

it.each<[string, number[], number[]]>([
  ['jitter', [0, 0.5, 1], [-0.1, 1.1]],
  ['factor', [1, 1.5, 100], [0.9, 101]],
  ['minDelay', [0, 1], [-1]],
  ['maxDelay', [0, 1], [-1]],
])('accepts %s of %j, but not of %j', (name, right, wrong) => {
  for (const value of right)
    expect(plan({ retry: { [name]: value } }).backoff).toMatchObject({ [name]: value });
  for (const value of wrong) expect(() => plan({ retry: { [name]: value } })).toThrow(`option retry.${name}`);
});

it.each<[string, number[], number[]]>([
  ['answerTimeout', [100], [99]],
  ['quiet', [0], [-1]],
  ['backOff', [0], [-1]],
])('accepts reclaim.%s of %j, but not of %j', (name, right, wrong) => {
  for (const value of right)
    expect(plan({ reclaim: { [name]: value } }).reclaim).toMatchObject({ [name]: value });
  for (const value of wrong)
    expect(() => plan({ reclaim: { [name]: value } })).toThrow(`option reclaim.${name}`);
});

it('accepts a port number, but not 0', () => {
  expect(plan({ listenPort: 1 }).listen).toEqual({ host: 'localhost', port: 1 });
  expect(() => plan({ listenPort: 0 })).toThrow(/listenPort.*the port itself/);
});
