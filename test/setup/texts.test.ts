import { expect, test } from 'vitest';
import { authorizedKeysLine, plainKey } from '../../src/setup/customer/key.ts';
import { diffLines, shortDiff } from '../../src/setup/diff.ts';
import { defaultGatewaySettings, dropInText, expectedSettings } from '../../src/setup/gateway/settings.ts';
import { type GatewayShell, runSetup, SetupFailed } from '../../src/setup/shell.ts';

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ6ml3jzw1kQ6PdrwmbxuZPdUE3HqyJp4Qn4ueBuJ0DR';

test('a diff shows what is removed and added', () => {
  expect(diffLines('a\nb\nc\n', 'a\nx\nc\nd\n')).toEqual([' a', '-b', '+x', ' c', '+d']);
  expect(diffLines('', 'a\n')).toEqual(['+a']);
  expect(diffLines('a\n', 'a\n')).toEqual([' a']);
  expect(diffLines('a\n', 'a\na\n')).toEqual([' a', '+a']);
  expect(diffLines('a\na\nb\n', 'a\nb\n')).toEqual([' a', '-a', ' b']);
});

test('texts that differ in very many lines are shown one after the other', () => {
  const lines = (word: string) => Array.from({ length: 1_000 }, (_, at) => `${word}${at}`);
  const text = (word: string) => ['first', ...lines(word), 'last', ''].join('\n');
  expect(diffLines(text('a'), text('b'))).toEqual([...[' first', ...lines('-a'), ...lines('+b'), ' last']]);
});

test('a diff has three lines of context, and says what it omits', () => {
  const numbers = Array.from({ length: 12 }, (_, index) => `${index}`).join('\n');
  const lines = diffLines(`${numbers}\n`, `${numbers.replace('\n6\n', '\nsix\n')}\n`);
  expect(shortDiff(lines)).toEqual([
    ...[' ... 3 lines the same', ' 3', ' 4', ' 5', '-6', '+six', ' 7', ' 8', ' 9', ' ... 2 lines the same'],
  ]);
  expect(shortDiff(['-a', ' b'])).toEqual(['-a', ' b']);
});

test('every setting for tunnels is also checked', () => {
  for (const layout of ['published', 'jump', 'socket'] as const) {
    const settings = { ...defaultGatewaySettings, layout };
    const inBlock = dropInText(settings).split('Match Group tunnels\n')[1]!.trimEnd().split('\n');
    const checked = expectedSettings(settings).split('\n').slice(1);
    expect(checked.map((line) => line.toLowerCase())).toEqual(
      inBlock.map((line) => line.trim().toLowerCase()),
    );
    expect(checked).toContain('permitopen none');
  }
  expect(dropInText({ ...defaultGatewaySettings, layout: 'socket' })).toContain('StreamLocalBindUnlink yes');
  expect(dropInText(defaultGatewaySettings)).toContain('GatewayPorts clientspecified');
});

test('a key is stored without its comment, and may listen on one port', () => {
  expect(plainKey(`${key} kim@pc\n`)).toBe(key);
  expect(() => plainKey(`${key} one\n${key} two\n`)).toThrow(/^option key: .*one public key/s);
  expect(authorizedKeysLine(key, { code: 'acme', port: 9012 })).toBe(
    `restrict,port-forwarding,permitlisten="9012" ${key} acme`,
  );
  expect(authorizedKeysLine(key, { code: 'acme', port: undefined })).toBe(
    `restrict,port-forwarding ${key} acme`,
  );
});

test.each(['', 'ssh-ed25519', `command="sh" ${key}`, `${key.slice(0, -4)}`, 'ssh-rsa AAAAC3NzaC1lZDI1NTE5'])(
  'no key: %j',
  (text) => {
    expect(() => plainKey(text)).toThrow(/^option key: .*would be right/);
  },
);

test('values of a script are quoted; its own markers, and truncated output, are errors', async () => {
  let sent = '';
  const shell = (stdout: string): GatewayShell => ({
    name: 'gw',
    run: async ([, , text = '']) => {
      sent = text;
      return { exitCode: 1, stdout, stderr: 'oops\u001b[2J' };
    },
  });
  const answer = await runSetup(shell('did one\ndid two words\ndone\n'), { code: `a'b; c` }, 'say done\n');
  expect(answer.all('did')).toEqual(['one', 'two words']);
  expect(sent.startsWith("code='a'\\''b; c'\n")).toBe(true);
  await expect(runSetup(shell('failed The reason.\n'), {}, '')).rejects.toThrow('gw: The reason.');
  await expect(runSetup(shell('did half\n'), {}, '')).rejects.toThrow(SetupFailed);
  await expect(runSetup(shell(''), {}, '')).rejects.toThrow('ended before its end, with 1: oops\\x1b[2J');
});
