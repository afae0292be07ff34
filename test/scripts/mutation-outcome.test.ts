import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judge, outcomeOf, type Result } from '../../scripts/mutation-outcome.mjs';
import { TestRunner } from '../../scripts/mutation-runner.mjs';

const passed: Result = { tests: 3, failures: [], notLoaded: [], unhandled: [] };
const failed: Result = { ...passed, failures: [{ file: 'a.test.ts', test: 'ends', message: 'no' }] };
const unloaded: Result = { ...passed, notLoaded: [{ file: 'b.test.ts', message: 'no such name' }] };

describe('what a test run says about a change', () => {
  it.each<[string, Result, string]>([
    ['passed', passed, 'passed'],
    ['failed', failed, 'found'],
    ['a failed hook', { ...passed, failures: [{ file: 'a.test.ts' }] }, 'found'],
    ['an unhandled rejection', { ...passed, unhandled: ['Error: late'] }, 'found'],
    ['never ended', 'late', 'found (timed out)'],
    ['a process that died', 'ended', 'found'],
    ['a file that cannot be loaded', unloaded, 'not run'],
    ['no test at all', { ...passed, tests: 0 }, 'not run'],
    ['an unhandled error and no test', { ...passed, tests: 0, unhandled: ['Error'] }, 'not run'],
  ])('%s', (_, result, word) => {
    expect(outcomeOf(result).word).toBe(word);
  });
});

/** Tests that give one result after the other with the change, and without it. */
const judged = (broken: Result[], whole: Result[]) =>
  judge(
    async () => broken.shift() as Result,
    async () => whole.shift() as Result,
  );

describe('the judge of a change', () => {
  it('counts as found what fails with the change and passes without it', async () => {
    expect(await judged([failed], [passed])).toMatchObject({ word: 'found', why: 'a.test.ts: ends: no' });
    expect(await judged(['late'], [passed])).toMatchObject({ word: 'found (timed out)' });
  });

  it('runs only the failed tests again without the change', async () => {
    let asked: unknown;
    await judge(
      async () => failed,
      async (which) => {
        asked = which;
        return passed;
      },
    );
    expect(asked).toEqual({ files: ['a.test.ts'], names: ['ends'] });
  });

  it('does not count a busy machine or a flaky test as a find', async () => {
    expect(await judged(['late', passed], ['late'])).toEqual({ word: 'SURVIVED' });
    expect(await judged([failed, failed], [failed, passed])).toMatchObject({ word: 'found' });
    expect(await judged(['late', failed, 'late'], ['late', failed, 'late'])).toMatchObject({
      word: 'undecided',
    });
  });

  it('does not count tests that did not run as a find', async () => {
    expect(await judged([unloaded], [])).toMatchObject({ word: 'not run', why: 'b.test.ts: no such name' });
  });
});

describe('the runner of tests', () => {
  const copy = mkdtempSync(join(tmpdir(), 'mutation-test-'));
  const file = join(copy, 'src/a.ts');
  const runner = new TestRunner(copy);
  const request = { changed: [file], files: ['test/a.test.ts'] };
  const run = (code: string, limitMs = 30_000) => {
    writeFileSync(file, code);
    return runner.run(request, limitMs);
  };

  beforeAll(async () => {
    const root = resolve(import.meta.dirname, '../..');
    await mkdir(join(copy, 'src'));
    await mkdir(join(copy, 'test'));
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction');
    symlinkSync(join(root, 'scripts/mutation-reached.mjs'), join(copy, 'mutation-reached.mjs'));
    const test = "import { expect, it } from 'vitest'; import { a } from '../src/a.ts';";
    writeFileSync(join(copy, 'test/a.test.ts'), `${test} it('is (one)', () => expect(a()).toBe(1));`);
  });
  afterAll(() => {
    runner.kill();
    rmSync(copy, { recursive: true, force: true });
  });

  it('detects each change, including code that no longer runs', async () => {
    expect(await run('export const a = () => (globalThis.reached?.(7), 1);')).toMatchObject({
      tests: 1,
      failures: [],
      files: { 'test/a.test.ts': { reached: [7] } },
    });
    const found = await run('export const a = () => 2;');
    expect(found).toMatchObject({ failures: [{ file: 'test/a.test.ts', test: 'is (one)' }] });
    expect(outcomeOf(await run("throw new Error('at once');")).word).toBe('not run');
    writeFileSync(file, 'export const a = () => 1;');
    const named = await runner.run({ ...request, names: ['is (one)'] }, 30_000);
    expect(named).toMatchObject({ tests: 1, failures: [] });
  });

  it('ends a run that never ends, and continues with the next', async () => {
    expect(await run('export const a = () => { for (;;); };', 300)).toBe('late');
    expect(outcomeOf(await run('export const a = () => 1;')).word).toBe('passed');
  });
});
