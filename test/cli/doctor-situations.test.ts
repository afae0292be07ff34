import { beforeAll, expect, test, vi } from 'vitest';
import { failureKinds } from '../../src/cli/doctor/kinds.ts';
import { steps } from '../../src/cli/doctor/steps.ts';
import { afterLogin } from './doctor/after-login.ts';
import { beforeLogin } from './doctor/before-login.ts';
import { further } from './doctor/further.ts';
import { hostKeys } from './doctor/host-keys.ts';
import { jumpHosts } from './doctor/jump-hosts.ts';
import { logins, unusableKeys } from './doctor/login.ts';
import { machines } from './doctor/machine.ts';
import { onTheWay } from './doctor/on-the-way.ts';
import { proxies } from './doctor/proxies.ts';
import { rare } from './doctor/rare.ts';
import { examine } from './doctor/situation.ts';
import { windowsPcs } from './doctor/windows-pcs.ts';

/** What name servers say of these names; those of this machine are asked for all others. */
const said: Readonly<Record<string, string>> = {
  'nowhere.example.com': 'ENOTFOUND',
  'later.example.com': 'EAI_AGAIN',
};
vi.mock('node:dns/promises', async (original) => {
  const real = await original<typeof import('node:dns/promises')>();
  const lookup = async (...given: Parameters<typeof real.lookup>) => {
    const code = said[given[0]];
    if (code === undefined) return real.lookup(...given);
    throw Object.assign(new Error(`getaddrinfo ${code} ${given[0]}`), { code });
  };
  return { ...real, lookup };
});

const situations = [
  ...onTheWay,
  ...jumpHosts,
  ...proxies,
  ...beforeLogin,
  ...hostKeys,
  ...logins,
  ...afterLogin,
  ...machines,
  ...windowsPcs,
  ...further,
  ...rare,
];
type Seen = Awaited<ReturnType<typeof examine>>;
const seen = new Map<string, Promise<Seen>>();

/** They mostly wait: many at once take hardly longer than one. */
beforeAll(() => {
  const lanes = Array.from({ length: 16 }, () => Promise.resolve<unknown>(undefined));
  for (const [index, one] of situations.entries()) {
    const lane = index % lanes.length;
    const outcome = lanes[lane]!.then(() => examine(one));
    lanes[lane] = outcome.catch(() => {});
    seen.set(one.what, outcome);
  }
});

const tested = new Set<string>();

/** Some go by clocks, which many at once may upset: where a test is repeated, its situation is examined anew, alone. */
function outcomeOf(one: (typeof situations)[number]): Promise<Seen> {
  if (tested.has(one.what)) return examine(one);
  tested.add(one.what);
  return seen.get(one.what)!;
}

function isFirst({ step, verdict = 'fail', exitCode }: (typeof situations)[number]): boolean {
  return verdict !== 'fail' || steps[step].exitCode === exitCode;
}

test.each(situations)(
  '$what: $step, exit code $exitCode',
  async (one) => {
    const { report, stderr, ms } = await outcomeOf(one);
    const index = report.steps.findIndex(({ name }) => name === one.step);
    const step = report.steps[index];
    const { verdict = 'fail', kind } = one;
    expect(stderr).toBe('');
    expect(step).toMatchObject({ verdict, ...(kind === undefined ? {} : { kind }) });
    expect(step!.says).toMatch(one.says ?? /./);
    expect(step!.todo ?? '').toMatch(one.todo ?? /^$/);
    expect(report.exitCode).toBe(one.exitCode);
    const before = report.steps.slice(0, index).find((other) => other.verdict === 'fail');
    // A disk is looked at even where SFTP has failed before.
    expect(before && steps[before.name].exitCode).toBe(isFirst(one) ? undefined : one.exitCode);
    expect(ms).toBeLessThan(60_000);
  },
  60_000,
);

test.each(unusableKeys)('$what: a usage error, reported before anything opens', async ({ open, stderr }) => {
  const outcome = await examine({ what: '', step: 'login', exitCode: 2, open });
  expect(outcome.report).toEqual({ exitCode: 2, steps: [] });
  expect(outcome.error).toMatchObject({ code: 'USAGE', exitCode: 2, retryable: false });
  expect(outcome.stderr).toMatch(stderr);
});

test('there are more than a hundred situations, each with a unique name', () => {
  expect(new Set(situations.map(({ what }) => what)).size).toBe(situations.length);
  expect(situations.length).toBeGreaterThan(100);
});

/** Those that no situation can show, and why. */
const notStaged = [
  // What no rule knows: whatever could be set up here deserves a rule.
  'unknown',
];

test('every other failure that doctor distinguishes has a situation', async () => {
  const all = await Promise.all(seen.values());
  const told = new Set(all.flatMap(({ report }) => report.steps.map(({ kind }) => kind)));
  const untold = Object.keys(failureKinds).filter((kind) => !told.has(kind) && !notStaged.includes(kind));
  expect(untold, 'set each of these up in one of the files of test/cli/doctor').toEqual([]);
});
