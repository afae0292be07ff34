import { expect, test } from 'vitest';
import { doctorCommand } from '../../src/cli/commands/doctor.ts';
import { specsOf } from '../../src/cli/commands/specs.ts';
import { wrap } from '../../src/cli/doctor/layout.ts';
import { lookOf, renderStep } from '../../src/cli/doctor/render.ts';
import type { Step } from '../../src/cli/doctor/steps.ts';
import { english } from '../../src/cli/doctor/words/english.ts';
import { korean } from '../../src/cli/doctor/words/korean.ts';
import { languageOf } from '../../src/cli/doctor/words/language.ts';
import type { FailureWords, Words } from '../../src/cli/doctor/words/words.ts';
import { widthOf } from '../../src/cli/report/width.ts';
import { Stage } from './doctor/situation.ts';
import { run } from './run.ts';

const facts = {
  ...{
    at: 'gw:9012',
    host: 'gw',
    port: 9012,
    username: 'rpa',
    fingerprint: 'SHA256:x',
    keyFile: 'ssh_host_rsa_key.pub',
    recordName: '[gw]:9012',
    alias: '',
    record: ' (f, line 1)',
    knownAs: 'customer-9',
  },
  ...{ tried: 'publickey', offered: 'password', service: '', said: 'said' },
};
const textsOf = ({ says, todo }: FailureWords) => [
  says(facts),
  typeof todo === 'string' ? todo : todo(facts),
];
const kinds = Object.keys(english.failures) as Array<keyof Words['failures']>;

test.each(kinds)('%s has words in both languages, with the same commands, options and files', (kind) => {
  const [en, ko] = [textsOf(english.failures[kind]).join(' '), textsOf(korean.failures[kind]).join(' ')];
  expect(ko).toMatch(/[가-힣]/);
  expect(en).not.toMatch(/[가-힣]/);
  expect(namesIn(korean.failures[kind])).toEqual(namesIn(english.failures[kind]));
});

/** Commands, options and settings that a text names. */
function namesIn(words: FailureWords): string[] {
  const text = textsOf(words).join(' ');
  return [...new Set(text.match(/--[a-z][a-z-]+|\b[A-Z][a-z]+(?:[A-Z][a-z]+){1,3}\b/g))].sort();
}

test.each(Object.keys(english.atJump) as Array<keyof Words['atJump']>)(
  '%s has separate texts for a jump host, in both languages',
  (kind) => {
    for (const words of [english, korean]) {
      const own = textsOf(words.atJump[kind]).join(' ');
      expect(own).not.toMatch(/--(?:host-key|password-file|ask-password|host-key-alias)\b|ProgramData/);
      expect(textsOf(words.failures[kind]).join(' ')).not.toBe(own);
    }
    expect(namesIn(korean.atJump[kind])).toEqual(namesIn(english.atJump[kind]));
  },
);

/** Every text of a language, with the same value wherever it takes one. */
function everyText(words: unknown, value: string): string[] {
  if (typeof words === 'string') return [words];
  if (typeof words === 'function') {
    // What a failure is made of comes as one object, the rest one by one.
    const all = Object.assign(
      new String(value),
      Object.fromEntries(Object.keys(facts).map((name) => [name, value])),
    );
    return [words(all, value, value)];
  }
  return Object.values(words as object).flatMap((one) => everyText(one, value));
}

test('no Korean particle that depends on the sound before it follows a name, a number or an address', () => {
  const texts = everyText(korean, '⟦⟧');
  expect(texts.filter((text) => text.includes('⟦⟧')).length).toBeGreaterThan(80);
  expect(
    texts.filter((text) =>
      /⟧"?(?:은|는|이|가|을|를|와|과|으?로|이?라|이?라면|이?라는)(?=[ .,:]|$)/.test(text),
    ),
  ).toEqual([]);
  expect(texts.filter((text) => text.includes('작업자'))).toEqual([]);
});

test('a jump host and a place in known_hosts are in Korean', () => {
  expect(korean.hop('jump 1 of 2 (gw:22)')).toBe('점프 호스트 1/2 (gw:22)');
  expect(korean.record('known_hosts', 2)).toBe('known_hosts, 2번째 줄');
});

const allOptions = specsOf(doctorCommand);
const example: Record<string, string> = { FILE: 'f', NAME: 'n', 'http://HOST:PORT': 'http://h:1' };

test.each([english, korean])('every option that is advised exists and accepts what is shown %#', (words) => {
  const texts = [...Object.values(words.failures), ...Object.values(words.atJump)].flatMap(textsOf);
  const advised = texts.flatMap((text) => [
    ...text.matchAll(/(--[a-z-]+)(?: ([A-Z]+\b|\d\w+|https?:\S+))?/g),
  ]);
  for (const [, flag, value] of advised) {
    const spec = allOptions.find(({ name }) => `--${name}` === flag);
    if (!spec) expect(['--reclaim', '--end', '--verbose']).toContain(flag);
    else if (value)
      expect(() => spec.check?.(example[value] ?? value, flag!), `${flag} ${value}`).not.toThrow();
  }
  expect(advised.length).toBeGreaterThan(30);
});

test.each([
  ['--jump-host-key', /--jump-host-key \S+=SHA256:[^;]+/],
  ['--accept-new', /--accept-new/],
])("a jump host's unknown key: %s, as advised, makes doctor pass", async (_what, advised) => {
  await using stage = await Stage.open();
  const [gateway, pc] = [await stage.server(), await stage.server()];
  const identity = await stage.file('id', gateway.clientKey.privateKey);
  const known = await stage.file('known', `[127.0.0.1]:${pc.port} ${pc.hostKey.publicKey}\n`);
  const flags = ['--ssh-config', 'none', '--identity', identity, '--known-hosts', known];
  const args = [...flags, '-J', `rpa@127.0.0.1:${gateway.port}`, `rpa@127.0.0.1:${pc.port}`];
  const before = await run(['doctor', '--json', ...args]);
  const [step] = JSON.parse(before.stdout.toString()).steps.filter((one: Step) => one.verdict === 'fail');
  expect(step).toMatchObject({
    kind: 'hostKeyUnknownGateway',
    facts: { hop: expect.stringContaining('jump') },
  });
  const option = advised.exec(step.todo)![0].split(' ');
  const { exitCode } = await run(['doctor', ...option, ...args]);
  expect({ before: before.exitCode, after: exitCode }).toEqual({ before: 11, after: 0 });
});

/** A port that is silent: what doctor prints of it. */
async function ofZombie(args: string[], env: Record<string, string> = {}) {
  await using stage = await Stage.open();
  const address = `rpa@127.0.0.1:${await stage.port('', 'wait')}`;
  const flags = ['--ssh-config', 'none', '--banner-timeout', '200ms'];
  return await run(['doctor', ...flags, ...args, address], { env });
}

test('the verdict and the exit code are the same in Korean', async () => {
  const { stdout, exitCode } = await ofZombie(['--lang', 'ko']);
  expect(exitCode).toBe(12);
  expect(stdout.toString()).toMatch(/^실패 +배너/m);
  expect(stdout.toString()).toContain('좀비');
  expect(stdout.toString()).toContain('동작하지 않습니다: 배너 (종료 코드 12).');
});

test('machine output stays English', async () => {
  const { stdout } = await ofZombie(['--lang', 'ko', '--json'], { LANG: 'ko_KR.UTF-8' });
  expect(stdout.toString()).not.toMatch(/[가-힣]/);
  expect(stdout.toString()).toContain('"kind": "zombie"');
});

test.each([
  [{ LC_ALL: 'ko_KR.UTF-8', LANG: 'en_US.UTF-8' }, 'ko'],
  [{ LC_MESSAGES: 'ko_KR.eucKR' }, 'ko'],
  [{ LANG: 'ko' }, 'ko'],
  [{ LC_ALL: 'C', LANG: 'ko_KR.UTF-8' }, 'en'],
  [{ LANG: 'kok_IN' }, 'en'],
  [{}, 'en'],
] as const)('%j is %s', (env, language) => {
  expect(languageOf(env)).toBe(language);
});

test('an unknown language is a usage error', async () => {
  expect(await ofZombie(['--lang', 'fr'])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining("'en' or 'ko'"),
  });
});

test.each([48, 80, 132])('no line is wider than %i columns, in either language', async (width) => {
  for (const lang of ['en', 'ko']) {
    const { stdout } = await ofZombie(['--lang', lang], { COLUMNS: String(width) });
    const lines = stdout.toString().split('\n');
    expect(lines.filter((line) => widthOf(line) > width)).toEqual([]);
  }
});

test('steps that were not reached share one line', async () => {
  const { stdout } = await ofZombie([]);
  const lines = stdout.toString().split('\n');
  expect(lines.filter((line) => line.includes('not reached'))).toEqual([
    '-     not reached: keys, host key, login, exec, SFTP, MaxSessions, keepalive, clock, shell, disk, Windows',
  ]);
});

test('Hangul takes two columns, and a long word its own line', () => {
  expect(widthOf('PC 좀비')).toBe(7);
  expect(wrap('하나 둘 셋', 7)).toEqual(['하나 둘', '셋']);
  expect(wrap('a verylongword b', 5)).toEqual(['a', 'verylongword', 'b']);
});

const terminal = { isTTY: true, columns: 80 } as never;
const pipe = {} as never;

test.each([
  ['a terminal', terminal, {}, true],
  ['a pipe', pipe, {}, false],
  ['a terminal with NO_COLOR', terminal, { NO_COLOR: '1' }, false],
  ['a pipe with FORCE_COLOR', pipe, { FORCE_COLOR: '1' }, true],
  ['a terminal with FORCE_COLOR=0', terminal, { FORCE_COLOR: '0' }, false],
  ['a terminal that is dumb', terminal, { TERM: 'dumb' }, false],
] as const)('%s: colours %#', (_what, stdout, env, coloured) => {
  const look = lookOf({ stdout, env }, english);
  const [line] = renderStep({ name: 'tcp', verdict: 'fail', says: 'x' }, look);
  expect(line!.startsWith('\u001b[31mFAIL\u001b[39m')).toBe(coloured);
});

test("the library's hint is shown below the advice", () => {
  const look = lookOf({ stdout: pipe, env: {} }, english);
  const lines = renderStep({ name: 'keys', verdict: 'fail', says: 'x', todo: 'do', hint: 'why' }, look);
  expect(lines.map((line) => line.trim()).slice(1)).toEqual(['-> do', '-> why']);
});
