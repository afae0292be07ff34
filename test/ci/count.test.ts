import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const count = resolve(import.meta.dirname, '../../.ci/count.mjs');
const root = resolve(import.meta.dirname, '../..');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'count-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Test {
  fullName: string;
  status: 'passed' | 'failed' | 'skipped';
  failureMessages: string[];
}

/** A report of vitest as far as it is read. */
function report(tests: Test[], message = '') {
  const failed = tests.filter(({ status }) => status === 'failed').length;
  const status = failed > 0 || message ? 'failed' : 'passed';
  const file = { name: join(root, 'test/a.test.ts'), status, message, assertionResults: tests };
  writeFileSync(join(folder, 'unit.json'), JSON.stringify({ numFailedTests: failed, testResults: [file] }));
}

function steps(...lines: string[][]) {
  writeFileSync(join(folder, 'steps.tsv'), lines.map((line) => `${line.join('\t')}\n`).join(''));
}

function closingLines() {
  const { stdout, status } = spawnSync(process.execPath, [count, folder], { cwd: root, encoding: 'utf8' });
  return { lines: stdout.trim().split('\n'), status };
}

const passed: Test = { fullName: 'works', status: 'passed', failureMessages: [] };
const again: Test = { fullName: 'works at last', status: 'passed', failureMessages: ['Error: late'] };
const failed: Test = { fullName: 'fails', status: 'failed', failureMessages: ['Error: no'] };

describe('the closing lines of CI', () => {
  it('count tests and steps', () => {
    report([passed, passed]);
    steps(['passed', 'lint', ''], ['passed', 'unit tests', join(folder, 'unit.json')]);
    expect(closingLines()).toEqual({ lines: ['flaky: 0', '3 passed, 0 failed'], status: 0 });
  });

  it('name a test that passed only when it was asked again', () => {
    report([passed, again]);
    steps(['passed', 'unit tests', join(folder, 'unit.json')]);
    const lines = ['flaky: 1', '  test/a.test.ts: works at last', '2 passed, 0 failed'];
    expect(closingLines()).toEqual({ lines, status: 0 });
  });

  it('name what failed: a test, a file, a step', () => {
    report([failed]);
    steps(['failed', 'unit tests', join(folder, 'unit.json')], ['failed', 'lint', '']);
    const lines = ['failed: test/a.test.ts: fails', 'failed: step: lint', 'flaky: 0', '0 passed, 2 failed'];
    expect(closingLines()).toEqual({ lines, status: 1 });
    report([], 'it does not load');
    steps(['passed', 'lint', '']);
    expect(closingLines().lines).toContain('failed: test/a.test.ts: it does not load');
  });

  it('are not those of a success where nothing ran', () => {
    expect(closingLines()).toEqual({
      lines: ['failed: no step ran', 'flaky: 0', '0 passed, 1 failed'],
      status: 1,
    });
  });
});
