// Repeatedly runs tests in a copy of the checkout for scripts/mutate.mjs: receives `{ changed, files, names }`, sends
// what the tests found. A process of its own, as it is killed if the tests never end.
import { relative } from 'node:path';
import { BaseSequencer, createVitest } from 'vitest/node';

const [copy, setup] = process.argv.slice(2);
let order = [];

/** Runs the tests that are most likely to find the change first. */
class InOrder extends BaseSequencer {
  async sort(specifications) {
    const placeOf = ({ moduleId }) => order.indexOf(nameOf(moduleId));
    return specifications.sort((a, b) => placeOf(a) - placeOf(b));
  }
}

const nameOf = (moduleId) => relative(copy, moduleId).replaceAll('\\', '/');

const vitest = await createVitest('test', {
  root: copy,
  watch: false,
  bail: 1,
  retry: 1,
  reporters: [{}],
  sequence: { sequencer: InOrder },
  ...(process.env.VITEST_MAX_WORKERS && { maxWorkers: Number(process.env.VITEST_MAX_WORKERS) }),
});
await vitest.standalone();
// A changed line may leave anything behind in its process.
for (const { config } of vitest.projects) Object.assign(config, { setupFiles: [setup], isolate: true });
const all = await vitest.globTestSpecifications();

process.on('disconnect', () => process.exit());
process.on('message', async ({ changed, files, names }) => {
  order = files;
  for (const file of changed) vitest.invalidateFile(file);
  if (names)
    vitest.setGlobalTestNamePattern(new RegExp(`^(?:${names.map(RegExp.escape ?? escaped).join('|')})$`));
  else vitest.resetGlobalTestNamePattern();
  const chosen = all.filter(({ moduleId }) => files.includes(nameOf(moduleId)));
  process.send(found(await vitest.runTestSpecifications(chosen)));
});
process.send('ready');

function escaped(text) {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

function found({ testModules, unhandledErrors }) {
  const failures = [];
  const files = {};
  let tests = 0;
  for (const module of testModules) {
    const name = nameOf(module.moduleId);
    files[name] = { ms: module.diagnostic().duration, reached: module.meta().reached ?? [] };
    const ran = [...module.children.allTests()].filter((test) =>
      /^(?:passed|failed)$/.test(test.result().state),
    );
    tests += ran.length;
    const failed = ran.filter((test) => test.result().state === 'failed');
    for (const test of failed)
      failures.push({ file: name, test: nameForPattern(test), message: test.result().errors[0]?.message });
    // A failing hook counts like a failing test. A file that cannot be loaded has run nothing.
    const suites = [module, ...module.children.allSuites()];
    const error = suites.flatMap((suite) => suite.errors())[0];
    if (failed.length === 0 && error && module.children.size > 0)
      failures.push({ file: name, message: error.message });
  }
  const notLoaded = testModules.filter((each) => each.children.size === 0 && each.errors().length > 0);
  return {
    tests,
    files,
    failures,
    notLoaded: notLoaded.map((each) => ({ file: nameOf(each.moduleId), message: each.errors()[0].message })),
    unhandled: unhandledErrors.map((error) => String(error?.message ?? error)),
  };
}

/** The name as vitest spells it when it is compared with a pattern. */
function nameForPattern(test) {
  const names = [];
  for (let at = test; at.type !== 'module'; at = at.parent) names.unshift(at.name);
  return names.join(' ');
}
