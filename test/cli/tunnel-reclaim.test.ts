import { beforeEach, expect, test, vi } from 'vitest';
import type { ReverseTunnelOptions } from '../../src/cli/library.ts';
import { run } from './run.ts';

const held: ReverseTunnelOptions[] = [];
vi.mock('../../src/cli/library.ts', async (original) => ({
  ...(await original<object>()),
  keepReverseTunnel: (options: ReverseTunnelOptions) => {
    held.push(options);
    return { closed: Promise.resolve(undefined) };
  },
}));
beforeEach(() => void held.splice(0));

/** What the tunnel is told of reclaiming. */
async function reclaimOf(args: readonly string[], env: Record<string, string> = {}) {
  const flags = ['--ssh-config', 'none', '--lock', 'none', '-R', '9012:127.0.0.1:22'];
  expect(await run(['tunnel', ...flags, ...args, 'gateway'], { env })).toMatchObject({ exitCode: 0 });
  return held[0]?.reclaim;
}

test.each([
  [[], false],
  [['--reclaim'], {}],
  [['--reclaim-unnoted'], { unnoted: 'only-session' }],
  [['--reclaim', '--answer-timeout', '4s'], { answerTimeout: 4_000 }],
  [['--reclaim', '--reclaim-quiet', '0'], { quiet: 0 }],
  [
    ['--reclaim-unnoted', '--reclaim-quiet', '5m', '--reclaim-back-off', '90s'],
    { unnoted: 'only-session', quiet: 300_000, backOff: 90_000 },
  ],
] as const)('%j', async (args, reclaim) => {
  expect(await reclaimOf(args)).toEqual(reclaim);
});

test('the environment says it too, and its limits alone reclaim nothing', async () => {
  const limits = { SSH_VIA_GATEWAY_RECLAIM_QUIET: '2m', SSH_VIA_GATEWAY_RECLAIM_BACK_OFF: '10s' };
  expect(await reclaimOf([], limits)).toBe(false);
  held.splice(0);
  expect(await reclaimOf([], { ...limits, SSH_VIA_GATEWAY_RECLAIM: '1' })).toEqual({
    quiet: 120_000,
    backOff: 10_000,
  });
});
