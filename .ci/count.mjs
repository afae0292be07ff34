// Prints the closing lines of .ci/run from the reports of its steps: each failed test, each flaky one (it passed only when
// it was asked again) after `flaky: n`, and at last `N passed, M failed`. Ends with 1 for a failure.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const folder = process.argv[2];
const names = readdirSync(folder);
const count = { passed: 0, failed: 0 };
const failures = [];
const flaky = [];

function add(outcome, what) {
  count[outcome] += 1;
  if (outcome === 'failed') failures.push(what);
}

/** Every test of a vitest report. A file that broke before its first test counts as a failed test. */
function addReport(report) {
  for (const file of report.testResults) {
    const path = relative('.', file.name);
    for (const test of file.assertionResults) {
      const what = `${path}: ${test.fullName}`;
      if (test.status === 'passed' || test.status === 'failed') add(test.status, what);
      // What went wrong before it passed.
      if (test.status === 'passed' && test.failureMessages.length > 0) flaky.push(what);
    }
    const tellsWhy = file.assertionResults.some((test) => test.status === 'failed');
    if (file.status === 'failed' && !tellsWhy) add('failed', `${path}: ${file.message}`);
  }
}

for (const name of names.filter((file) => file.endsWith('.json'))) {
  addReport(JSON.parse(readFileSync(join(folder, name), 'utf8')));
}

// A step without tests counts as one. One with tests counts by them, or as failed if it failed with no failed test.
const steps = join(folder, 'steps.tsv');
const lines = existsSync(steps) ? readFileSync(steps, 'utf8').trim().split('\n') : [];
for (const line of lines) {
  const [outcome, name, report] = line.split('\t');
  const failedTests =
    report && existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')).numFailedTests : 0;
  if (!report || (outcome === 'failed' && failedTests === 0)) add(outcome, `step: ${name}`);
}
if (lines.length === 0) add('failed', 'no step ran');

for (const failure of failures) console.log(`failed: ${failure}`);
console.log(`flaky: ${flaky.length}`);
for (const test of flaky) console.log(`  ${test}`);
console.log(`${count.passed} passed, ${count.failed} failed`);
process.exitCode = count.failed === 0 ? 0 : 1;
