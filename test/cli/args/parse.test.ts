import { expect, test } from 'vitest';
import type { OptionSpec } from '../../../src/cli/args/option-spec.ts';
import { parse } from '../../../src/cli/args/parse.ts';
import { UsageError } from '../../../src/cli/usage-error.ts';

const specs: OptionSpec[] = [
  { name: 'port', short: 'p', value: 'PORT', env: true, help: '' },
  { name: 'host-key', value: 'KEY', multiple: true, env: true, help: '' },
  { name: 'cwd', value: 'DIR', help: '' },
  { name: 'json', help: '' },
  { name: 'reclaim', env: true, help: '' },
];

const read = (argv: string[], env: Record<string, string> = {}) => parse(argv, { specs, env });
const readRest = (argv: string[]) => {
  const { positionals, rest } = parse(argv, { specs, env: {}, hasRest: true });
  return { positionals, rest };
};

test('an argument overrides the environment, and an empty variable is ignored', () => {
  expect(read(['-p', '1'], { SSH_VIA_GATEWAY_PORT: '2' }).settings.port('port')).toBe(1);
  expect(read([], { SSH_VIA_GATEWAY_PORT: '2' }).settings.port('port')).toBe(2);
  expect(read([], { SSH_VIA_GATEWAY_PORT: '' }).settings.port('port')).toBeUndefined();
});

test('only some options are read from the environment', () => {
  expect(read([], { SSH_VIA_GATEWAY_CWD: '/x' }).settings.text('cwd')).toBeUndefined();
});

test.each([
  ['1', true],
  ['yes', true],
  ['0', false],
])('a switch in the environment: %s', (value, on) => {
  expect(read([], { SSH_VIA_GATEWAY_RECLAIM: value }).settings.flag('reclaim')).toBe(on);
});

test('an invalid switch in the environment is rejected', () => {
  expect(() => read([], { SSH_VIA_GATEWAY_RECLAIM: 'maybe' }).settings.flag('reclaim')).toThrow(UsageError);
});

test('a repeatable option gives a list', () => {
  expect(read(['--host-key', 'a', '--host-key=b']).settings.list('host-key')).toEqual(['a', 'b']);
});

test.each([
  [['--prot', '1'], /no option --prot\. Did you mean --port/],
  [['--json=yes'], /--json is a switch/],
  [['--port'], /--port needs a value: --port PORT/],
  [['-p', '--json'], /-p needs a value, but --json follows/],
  [['-p', '1', '-p', '2'], /given twice/],
  [['-x'], /no option -x/],
])('%j is rejected with a reason', (argv, reason) => {
  expect(() => read(argv)).toThrow(reason);
});

test.each([
  ['70000', /--port: 70000 given; a whole number from 1 to 65535 would be right/],
  ['x', /^--port: 'x' given; a whole number from 1 to 65535 would be right$/],
])('a port of %s is rejected, naming the option', (value, reason) => {
  expect(() => read(['--port', value]).settings.port('port')).toThrow(reason);
});

test('an invalid value in the environment is rejected, naming the variable', () => {
  const { settings } = read([], { SSH_VIA_GATEWAY_PORT: 'x' });
  expect(() => settings.port('port')).toThrow(/SSH_VIA_GATEWAY_PORT: 'x' given/);
});

test.each([
  [['--password', 'hunter2']],
  [['--password=hunter2']],
  [['--Passphrase=hunter2']],
  [['--pwd', 'hunter2', 'host']],
])('a secret among the arguments is rejected with an explanation, and not shown', (argv) => {
  expect(() => read(argv)).toThrow(/list of processes[\s\S]*-file FILE[\s\S]*SSH_VIA_GATEWAY_PASS/);
  expect(() => read(argv)).not.toThrow(/hunter2/);
});

test('the error of an unknown option does not show its value', () => {
  expect(() => read(['--secret=hunter2'])).not.toThrow(/hunter2/);
  expect(() => read(['--secret=hunter2'])).toThrow(/--secret/);
});

test.each([
  [['host', 'ls', '-l'], ['host'], ['ls', '-l']],
  [['-p', '1', 'host', 'ls', '--json'], ['host'], ['ls', '--json']],
  [['host', '-p', '1', '--', 'ls', '-l'], ['host'], ['ls', '-l']],
  [['--', 'ls', '-l'], [], ['ls', '-l']],
  [['host', 'git', 'log', '--', 'file'], ['host'], ['git', 'log', '--', 'file']],
  [['host', '--', '--password', 'x'], ['host'], ['--password', 'x']],
  [['host', 'mysql', '--password=x'], ['host'], ['mysql', '--password=x']],
  [['host'], ['host'], []],
  [[], [], []],
])('%j is split into a destination and a command', (argv, positionals, rest) => {
  expect(readRest(argv)).toEqual({ positionals, rest });
});
