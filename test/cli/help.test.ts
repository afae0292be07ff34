import { expect, test } from 'vitest';
import { parse } from '../../src/cli/args/parse.ts';
import { commands } from '../../src/cli/commands/index.ts';
import { specsOf } from '../../src/cli/commands/specs.ts';
import { run } from './run.ts';

test('the front page lists every command', async () => {
  const { stdout, exitCode } = await run(['--help']);
  expect(exitCode).toBe(0);
  const width = Math.max(...commands.map(({ name }) => name.length));
  for (const { name, summary } of commands)
    expect(stdout.toString()).toContain(`${name.padEnd(width)}  ${summary}`);
});

test.each(commands.map((command) => [command.name, command] as const))(
  'the help of %s has usage, an example, every option and the exit codes',
  async (name, command) => {
    const { stdout, exitCode } = await run([...name.split(' '), '--help']);
    const text = stdout.toString();
    expect(exitCode).toBe(0);
    expect(text).toMatch(new RegExp(`^Usage: ssh-via-gateway ${name}`));
    expect(text).toContain('Examples:\n');
    expect(text).toContain('Exit codes:\n');
    for (const option of command.options) expect(text).toContain(`--${option.name}`);
    for (const line of text.split('\n').filter((one) => !one.startsWith('  ssh-via-gateway'))) {
      expect(line.length).toBeLessThanOrEqual(118);
    }
    expect((await run(['help', ...name.split(' ')])).stdout.toString()).toBe(text);
  },
);

const examples = commands.flatMap((command) => command.examples.map(([, line]) => line));

test.each(examples)('an example of the help is a valid command: %s', (line) => {
  const words = line.replace(/ [<>] \S+/g, '').match(/"[^"]*"|\S+/g)!;
  const named = commands.filter(({ name }) => line.startsWith(`${name} `) || line === name);
  // `tunnel install` begins with the name of another command.
  const command = named.reduce((one, other) => (other.name.length > one.name.length ? other : one));
  const specs = specsOf(command);
  const argv = words.slice(command.name.split(' ').length);
  expect(() => parse(argv, { specs, env: {}, hasRest: command.hasRest ?? false })).not.toThrow();
});

test('no option of a command hides one of a connection', () => {
  for (const command of commands) {
    const all = specsOf(command);
    const names = all.map(({ name }) => name);
    const shorts = all.flatMap(({ short }) => short ?? []);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(shorts).size).toBe(shorts.length);
  }
});

test.each([
  [[], /Give a command/],
  [['docter'], /no command docter\. Did you mean doctor/],
  [['job', 'strat'], /no command job strat\. Did you mean job start/],
  [['exec'], /Which command/],
  [['put', 'host', 'one'], /Expected \[user@\]host\[:port\] LOCAL REMOTE; 2 arguments were given/],
  [['exec', '--timeout', 'soon', 'host', 'x'], /--timeout: 'soon' given; a time like 30s/],
])('%j is wrong use: 2, and the way to the help', async (argv, reason) => {
  const { exitCode, stderr, stdout } = await run(argv);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(reason);
  expect(stderr).toContain('--help');
  expect(stdout.length).toBe(0);
});

test('job without a subcommand lists the subcommands', async () => {
  const { stdout } = await run(['job']);
  expect(stdout.toString()).toContain('job start');
  expect(stdout.toString()).not.toContain('List the tunnels');
});

test('--version prints the version', async () => {
  expect((await run(['--version'])).stdout.toString()).toMatch(/^\d+\.\d+\.\d+\S*\n$/);
});

test.each(['job start', 'job status', 'job logs', 'job kill', 'job remove'])(
  '%s names wrong use among its exit codes',
  async (name) => {
    const { stdout } = await run([...name.split(' '), '--help']);
    expect(stdout.toString()).toMatch(/^ +2 +wrong use$/m);
  },
);
