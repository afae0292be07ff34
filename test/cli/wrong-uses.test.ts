import { readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { OptionSpec } from '../../src/cli/args/option-spec.ts';
import { commands } from '../../src/cli/commands/index.ts';
import { specsOf } from '../../src/cli/commands/specs.ts';
import { openSshKey } from '../support/private-keys.ts';
import { run } from './run.ts';

/**
 * What is typed, with `NAME=value` before it for the environment, and on the next line exactly what is said of it:
 * which option or argument, what was given, what would be right.
 */
const table = readFileSync(new URL('wrong-uses.txt', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n');
const cases = table.flatMap((argv, index) =>
  index % 2 === 0 ? [{ argv, says: table[index + 1]!.slice(2) }] : [],
);

const customers = {
  gateway: { host: 'gw' },
  customers: {
    acme: { account: 'tunnel-acme', port: 9001 },
    gone: { account: 'tunnel-gone', port: 9002, state: 'left' },
  },
};
const sshConfig = `
Host kexbad
  KexAlgorithms nonsense
Host portbad
  Port abc
Host userbad
  Port 99999
Host cipherbad
  Ciphers rot13
Host timeoutbad
  ConnectTimeout soon
Host jumpbad
  ProxyJump a:0
Host aliveb
  ServerAliveInterval x
Host stricthb
  StrictHostKeyChecking perhaps
`;

let folder: string;
/** What stands in the table for what is different on each run. */
const names: Record<string, string> = { $FP: `SHA256:${'x'.repeat(43)}`, $HERE: process.cwd() };
const connects = vi.spyOn(Socket.prototype, 'connect');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ssh-via-gateway-wrong-'));
  const plain = openSshKey();
  const encrypted = openSshKey({ passphrase: 'pw' });
  const files = {
    $NOTKEY: 'hello\n',
    $ENCKEY: encrypted.private,
    $GOODKEY: plain.private,
    $PUBKEY: plain.public,
    $WRONGPW: 'nope\n',
    $CUST: JSON.stringify(customers),
    $BAD: '{ "gateway": ',
    $CFG: sshConfig,
  };
  for (const [name, text] of Object.entries(files)) {
    names[name] = join(folder, name.slice(1).toLowerCase());
    await writeFile(names[name], text);
    await chmod(names[name], 0o600);
  }
  names['$FOLDER'] = join(folder, 'folder');
  await mkdir(names['$FOLDER']);
});
afterEach(() => connects.mockClear());
afterAll(() => rm(folder, { recursive: true }));

function asTyped(text: string): string {
  return Object.entries(names).reduce((said, [name, value]) => said.replaceAll(value, name), text);
}

function wordsOf(line: string): { argv: string[]; env: Record<string, string> } {
  const text = Object.entries(names).reduce((said, [name, value]) => said.replaceAll(name, value), line);
  const words = (text.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replace(/^"|"$/g, ''));
  const env: Record<string, string> = {};
  while (/^[A-Z_]+=/.test(words[0] ?? '')) {
    const [name = '', ...value] = words.shift()!.split('=');
    env[name] = value.join('=');
  }
  return { argv: words, env };
}

const quiet = { SSH_VIA_GATEWAY_SSH_CONFIG: 'none', SSH_VIA_GATEWAY_ATTEMPTS: '1' };

/** Exit code, first line, and how many connections were opened. */
async function outcomeOf(argv: readonly string[], env: Record<string, string> = {}) {
  const { exitCode, stderr } = await run(argv, { env: { ...quiet, ...env } });
  const [first = '', ...more] = asTyped(stderr).split('\n');
  return {
    exitCode,
    says: first.replace('ssh-via-gateway: ', ''),
    opened: connects.mock.calls.length,
    more: more.join('\n'),
  };
}

/** Of the options of the library and of its calls: nobody who uses the program knows them. */
const libraryWords =
  /\boption (?!-)|\bargument [a-z]+[A-Z:]|privateKey|timeouts\.|hostKey\b|knownHosts|onUnknown|fromSshConfig|jumpHost\(|connectVia|\b(?:listen|remote|local)(?:Port|Path)\b/;

test.each(cases)('$argv', async ({ argv: line, says }) => {
  const { argv, env } = wordsOf(line);
  const { more, ...outcome } = await outcomeOf(argv, env);
  expect(outcome).toEqual({ exitCode: 2, says, opened: 0 });
  expect(`${says}\n${more}`).not.toMatch(libraryWords);
});

test('there are more than the 150 that were asked for, each once', () => {
  expect(new Set(cases.map(({ argv }) => argv)).size).toBe(cases.length);
  expect(cases.length).toBeGreaterThan(300);
});

const eachCommand = commands.map((command) => ({ name: command.name, specs: specsOf(command) }));
const valued = (specs: readonly OptionSpec[]) => specs.filter(({ value }) => value !== undefined);
const switches = (specs: readonly OptionSpec[]) =>
  specs.filter(({ value, name }) => value === undefined && name !== 'help');

test.each(eachCommand)(
  '$name: an option that there is not, and one that is forgotten in every way',
  async ({ name, specs }) => {
    const words = name.split(' ');
    const unknown = await outcomeOf([...words, '--no-such-option']);
    expect(unknown).toMatchObject({
      exitCode: 2,
      says: expect.stringMatching(/^There is no option --no-such-option\./),
    });
    expect(unknown.more).toBe(`See ssh-via-gateway ${name} --help\n`);
    for (const { name: option, value, multiple } of valued(specs)) {
      const flag = `--${option}`;
      expect(await outcomeOf([...words, flag])).toMatchObject({
        exitCode: 2,
        says: `${flag} needs a value: ${flag} ${value}`,
      });
      expect(await outcomeOf([...words, flag, '--verbose'])).toMatchObject({
        exitCode: 2,
        says: `${flag} needs a value, but --verbose follows`,
      });
      if (multiple) continue;
      expect(await outcomeOf([...words, flag, 'a', flag, 'b'])).toMatchObject({
        exitCode: 2,
        says: `${flag} was given twice; once would be right`,
      });
    }
    for (const { name: option } of switches(specs)) {
      expect(await outcomeOf([...words, `--${option}=x`])).toMatchObject({
        exitCode: 2,
        says: `--${option} is a switch: it takes no value`,
      });
    }
    expect(connects).not.toHaveBeenCalled();
  },
);

test('every variable with a wrong value is named', async () => {
  const seen = new Set<string>();
  for (const { name, specs } of eachCommand) {
    for (const { name: option, check, value, env } of specs) {
      if (!env || seen.has(option) || (value !== undefined && !check)) continue;
      seen.add(option);
      const variable = `SSH_VIA_GATEWAY_${option.toUpperCase().replaceAll('-', '_')}`;
      const wrong = option === 'host-key-alias' ? 'a b' : option === 'jump' ? 'a,,b' : '?';
      const { exitCode, says } = await outcomeOf([...name.split(' '), 'h'], { [variable]: wrong });
      expect({ variable, exitCode, says }).toEqual({
        variable,
        exitCode: 2,
        says: expect.stringContaining(variable),
      });
    }
  }
  expect(seen.size).toBeGreaterThan(20);
});

test('a value that was given is shown in one way: between single quotes, or as a number', () => {
  const shown = cases
    .map(({ says }) => says)
    .filter((says) => / given[;,]/.test(says) && !/^Expected/.test(says));
  const described =
    /: (?:no name and value|something that is not a URL|something that is not a private key|a public key) given;/;
  const other = shown.filter(
    (says) => !/: (?:'[^']*'|[\d.-]+) given[;,]/.test(says) && !described.test(says),
  );
  expect(other.map((says) => says.slice(0, 80))).toEqual([
    // Part of a value, and where it stands.
    expect.stringMatching(/^--proxy-command: %x in "%x", which is not known, given; /),
  ]);
  expect(
    shown.filter((says) => says.includes(' given;')).filter((says) => !/ would be right\b/.test(says)),
  ).toEqual([]);
});
