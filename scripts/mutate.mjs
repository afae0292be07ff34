// Breaks the code in small ways, one at a time, and looks which breaks no test of its room notices:
//   npm run mutate -- --room exec --sample 12 --seed 1
// Works on a copy, never on the checkout. Ends with 1 when a room's tests find less than its `least`.
import { spawn } from 'node:child_process';
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
import { mutantsOf, mutated, sample } from './mutants.mjs';

/**
 * What belongs to a room, the tests that must hold it, and the share of changes that they found when it was last measured:
 * never less, and 0.85 is the aim.
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
  exec: { src: ['exec', 'ssh2/channels'], test: ['exec', 'ssh2', 'options'], least: 0.85 },
  job: { src: ['job'], test: ['job', 'options'], least: 0.85 },
  sftp: { src: ['sftp', 'ssh2/sftp'], test: ['sftp', 'ssh2', 'options'], least: 0.85 },
  tunnel: { src: ['tunnel', 'forward'], test: ['tunnel', 'forward', 'options'], least: 0.9 },
};

const { values: options } = parseArgs({
  options: {
    room: { type: 'string', multiple: true, default: Object.keys(rooms) },
    sample: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    // Only what is in the files whose path has this in it: to work on one of them.
    file: { type: 'string', default: '' },
    // Ends a room's sample early.
    minutes: { type: 'string', default: 'Infinity' },
  },
});
for (const room of options.room) {
  if (!Object.hasOwn(rooms, room))
    throw new TypeError(`--room ${room}: one of ${Object.keys(rooms).join(', ')}`);
}

const root = resolve(import.meta.dirname, '..');
const copy = mkdtempSync(join(tmpdir(), 'mutate-'));
process.on('exit', () => rmSync(copy, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

const folders = ['src', 'test', 'scripts', 'docs', 'examples'];
for (const name of [...folders, 'package.json', 'tsconfig.json', 'vitest.config.ts'])
  cpSync(join(root, name), join(copy, name), { recursive: true });
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));

/** The outcome of tests in the copy: `passed`, `failed`, or `timed out`. */
function runTests(paths, timeoutMs, stdio = 'ignore') {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const files = paths.map((path) => `test/${path}`);
  const child = spawn(
    process.execPath,
    [vitest, 'run', '--bail', '1', '--retry', '1', '--reporter=dot', ...files],
    {
      cwd: copy,
      stdio,
      detached: process.platform !== 'win32',
      env: { ...process.env, CI: '' },
    },
  );
  const end = () => process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
  process.once('exit', end);
  return new Promise((done) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      end();
    }, timeoutMs);
    child.once('exit', (code) => {
      clearTimeout(timer);
      process.off('exit', end);
      done(isLate ? 'timed out' : code === 0 ? 'passed' : 'failed');
    });
  });
}

function sourcesOf(paths) {
  return paths.flatMap((path) => {
    if (statSync(join(copy, 'src', path)).isFile()) return [path];
    const names = readdirSync(join(copy, 'src', path), { recursive: true, encoding: 'utf8' });
    return names.filter((name) => /(?<!\.generated)\.ts$/.test(name)).map((name) => join(path, name));
  });
}

/** The tests that import a file itself: they find most of what is wrong with it, and are quickly done. */
function testsOf(path, folders) {
  const files = folders.flatMap((folder) =>
    readdirSync(join(copy, 'test', folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => join(folder, name)),
  );
  const imported = `/src/${path}'`;
  return files.filter((file) => readFileSync(join(copy, 'test', file), 'utf8').includes(imported));
}

/** Changes one file of the copy for as long as the tests run. */
async function isFound({ path, mutant }, folders, timeoutMs) {
  const file = join(copy, 'src', path);
  const source = readFileSync(file, 'utf8');
  writeFileSync(file, mutated(source, mutant));
  const nearest = testsOf(path, folders);
  const first = nearest.length > 0 ? await runTests(nearest, timeoutMs) : 'passed';
  const outcome = first === 'passed' ? await runTests(folders, timeoutMs) : first;
  writeFileSync(file, source);
  const line = source.split('\n')[mutant.line - 1].trim();
  const word = outcome === 'passed' ? 'SURVIVED' : outcome === 'failed' ? 'found' : 'found (timed out)';
  console.log(`  ${word}  src/${path}:${mutant.line}  ${mutant.what}:  ${line}`);
  return outcome !== 'passed';
}

async function score(name) {
  const { src, test } = rooms[name];
  const startedAt = performance.now();
  if ((await runTests(test, 600_000, 'inherit')) !== 'passed')
    throw new Error(`${name}: its tests fail on the code as it is`);
  // What never ends is found, too; a busy machine is not to be taken for it.
  const timeoutMs = 20_000 + 3 * (performance.now() - startedAt);
  const sources = sourcesOf(src).filter((path) => path.includes(options.file));
  const all = sources.flatMap((path) =>
    mutantsOf(readFileSync(join(copy, 'src', path), 'utf8')).map((mutant) => ({ path, mutant })),
  );
  const chosen = sample(all, Number(options.sample), Number(options.seed));
  console.log(`${name}: ${chosen.length} of ${all.length} changes, seed ${options.seed}`);
  const until = performance.now() + Number(options.minutes) * 60_000;
  let tried = 0;
  let found = 0;
  for (const each of chosen) {
    if (performance.now() > until) break;
    tried++;
    if (await isFound(each, test, timeoutMs)) found++;
  }
  const share = found / tried;
  console.log(`${name}: ${found} of ${tried} found, ${Math.round(share * 100)} %`);
  return share;
}

for (const room of options.room) if ((await score(room)) < rooms[room].least) process.exitCode = 1;
