// Breaks the code in small ways, one at a time, and lists the changes that no test of the room notices:
//   npm run mutate -- --room exec --sample 12 --seed 1
// Works on a copy, never on the checkout. Exits with 1 if a room's tests find less than its `least`.
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { equivalents, isSame } from './equivalent-mutants.mjs';
import { isReadable, lineOf, mutantsOf, mutated, probed, sample } from './mutants.mjs';
import { judge, outcomeOf } from './mutation-outcome.mjs';
import { TestRunner } from './mutation-runner.mjs';

/**
 * The files of each room, the tests that must cover it (besides those anywhere that import the changed file), and the
 * share of changes that they found when it was last measured: it never goes down, and 0.85 is the aim.
 */
const rooms = {
  connect: {
    src: [
      'attempt.ts',
      'connect-via-gateway.ts',
      'route',
      'ssh2/handshake',
      'ssh2/login',
      'ssh2/transport',
      'time',
    ],
    test: ['connect', 'ssh2', 'route', 'time', 'wire', 'options'],
    least: 0.85,
  },
  exec: {
    src: ['exec', 'ssh2/slots', 'ssh2/channels'],
    test: ['exec', 'ssh2', 'forward', 'options'],
    least: 0.85,
  },
  job: { src: ['job'], test: ['job', 'options'], least: 0.85 },
  sftp: { src: ['sftp', 'ssh2/sftp'], test: ['sftp', 'ssh2', 'options', 'cost'], least: 0.85 },
  tunnel: { src: ['tunnel', 'forward'], test: ['tunnel', 'forward', 'options'], least: 0.85 },
};

const { values: options } = parseArgs({
  options: {
    room: { type: 'string', multiple: true, default: Object.keys(rooms) },
    sample: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    // Only files whose path contains this, to work on one of them.
    file: { type: 'string', default: '' },
    // Ends a room's sample early.
    minutes: { type: 'string', default: 'Infinity' },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(`npm run mutate -- [--room NAME]... [--sample N] [--seed N] [--file PART] [--minutes N]
Rooms (all by default): ${Object.keys(rooms).join(', ')}; a sample of 20 changes of each, by seed 1.`);
  process.exit();
}
for (const room of options.room) {
  if (!Object.hasOwn(rooms, room))
    throw new TypeError(`--room ${room}: one of ${Object.keys(rooms).join(', ')}`);
}

const root = resolve(import.meta.dirname, '..');
const copy = mkdtempSync(join(tmpdir(), 'mutate-'));
process.on('exit', () => rmSync(copy, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

cpSync(join(root, 'scripts/mutation-reached.mjs'), join(copy, 'mutation-reached.mjs'));
const folders = ['src', 'test', 'scripts', 'docs', 'examples'];
for (const name of [...folders, 'package.json', 'tsconfig.json', 'vitest.config.ts'])
  cpSync(join(root, name), join(copy, name), { recursive: true });
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));

const tests = new TestRunner(copy);
process.on('exit', () => tests.kill());

const fileOf = (path) => join(copy, 'src', path);

function sourcesOf(paths) {
  return paths.flatMap((path) => {
    if (statSync(join(copy, 'src', path)).isFile()) return [path];
    const names = readdirSync(join(copy, 'src', path), { recursive: true, encoding: 'utf8' });
    return names.filter((name) => /(?<!\.generated)\.ts$/.test(name)).map((name) => join(path, name));
  });
}

function testsOf(folders) {
  return folders.flatMap((folder) =>
    readdirSync(join(copy, 'test', folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => join('test', folder, name).replaceAll('\\', '/')),
  );
}

/** The tests that import a file directly find most of what is wrong with it, and are quickly done. */
const imports = (test, path) => readFileSync(join(copy, test), 'utf8').includes(`/src/${path}'`);

/** Which tests reach each change, and how long each test file takes. */
async function survey(name, chosen) {
  const numbered = chosen.map((each, number) => ({ ...each, number }));
  const changed = [...new Set(chosen.map(({ path }) => path))];
  const others = testsOf(['.']).filter((file) => changed.some((path) => imports(file, path)));
  const files = [...new Set([...testsOf(rooms[name].test), ...others])];
  const sources = changed.map((path) => readFileSync(fileOf(path), 'utf8'));
  for (const [at, path] of changed.entries()) {
    const here = numbered.filter((each) => each.path === path);
    writeFileSync(fileOf(path), probed(sources[at], here));
  }
  let result;
  // A flaky test must not end a long run.
  for (let tries = 0; tries < 3 && outcomeOf(result ?? 'late').word !== 'passed'; tries++)
    result = await tests.run({ changed: changed.map(fileOf), files }, 1_200_000);
  for (const [at, path] of changed.entries()) writeFileSync(fileOf(path), sources[at]);
  const outcome = outcomeOf(result);
  if (outcome.word !== 'passed')
    throw new Error(`${name}: its tests fail on the code as it is: ${JSON.stringify(outcome)}`);
  const ms = (file) => result.files[file].ms;
  // Tests of other suites did not run.
  const byTime = Object.keys(result.files).toSorted((a, b) => ms(a) - ms(b));
  return numbered.map((each) => {
    const reaching = byTime.filter((file) => result.files[file].reached.includes(each.number));
    // What runs in a process that a test starts is not reported.
    const all = reaching.length > 0 ? reaching : byTime;
    const nearest = all.filter((file) => imports(file, each.path));
    const order = [...new Set([...nearest, ...all])];
    const totalMs = order.reduce((sum, file) => sum + ms(file), 0);
    return { ...each, files: order, isReached: reaching.length > 0, limitMs: 60_000 + 3 * totalMs };
  });
}

function tryChange({ path, mutant, files, limitMs }) {
  const file = fileOf(path);
  const source = readFileSync(file, 'utf8');
  const code = mutated(source, mutant);
  if (!isReadable(code)) throw new Error(`src/${path}:${mutant.line} ${mutant.what}: this is no TypeScript`);
  return judge(
    async () => {
      writeFileSync(file, code);
      const result = await tests.run({ changed: [file], files }, limitMs);
      writeFileSync(file, source);
      return result;
    },
    (which) => tests.run({ changed: [file], files, ...which }, limitMs),
  );
}

async function score(name) {
  const sources = sourcesOf(rooms[name].src).filter((path) => path.includes(options.file));
  const every = sources.flatMap((path) => {
    const source = readFileSync(fileOf(path), 'utf8');
    return mutantsOf(source).map((mutant) => ({ path, mutant, code: lineOf(source, mutant) }));
  });
  const all = every.filter((each) => !equivalents.some((other) => isSame(other, each)));
  const chosen = sample(all, Number(options.sample), Number(options.seed));
  const passedOver = every.length - all.length;
  console.log(
    `${name}: ${chosen.length} of ${all.length} changes, seed ${options.seed}, ${passedOver} are equivalent`,
  );
  const count = { found: 0, SURVIVED: 0, 'found (timed out)': 0, 'not run': 0, undecided: 0 };
  const until = performance.now() + Number(options.minutes) * 60_000;
  for (const each of await survey(name, chosen)) {
    if (performance.now() > until) break;
    const { word, why } = await tryChange(each);
    count[word]++;
    const { path, mutant, code, isReached } = each;
    console.log(`  ${word}  src/${path}:${mutant.line}  ${mutant.what}:  ${code}`);
    if (why) console.log(`      ${why.split('\n')[0].slice(0, 150)}`);
    if (!isReached) console.log('      no test comes to it');
  }
  const found = count.found + count['found (timed out)'];
  const tried = found + count.SURVIVED;
  const share = found / tried;
  const untold = `${count['not run']} not run, ${count.undecided} undecided`;
  console.log(
    `${name}: ${found} of ${tried} found, ${Math.round(share * 100)} %, seed ${options.seed}; ${untold}`,
  );
  return share;
}

for (const room of options.room) if (!((await score(room)) >= rooms[room].least)) process.exitCode = 1;
tests.kill();
