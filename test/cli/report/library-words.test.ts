import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { inOurWords } from '../../../src/cli/report/library-words.ts';

const src = resolve(import.meta.dirname, '../../../src');
/** Not shown by the program, or the program's own words. */
const apart =
  /^(?:cli|mock-server|interop\/airflow)\/|^interop\/(?:ssh-connect|from-airflow)|generated\.ts$|^ssh2\/insides\/registry/;

/** The sentences in a source file; what is filled in is `X`. */
function sentencesOf(file: string): string[] {
  const code = readFileSync(join(src, file), 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '');
  const literals = code.matchAll(/'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g);
  return [...literals]
    .map(([, single, double, template]) => single ?? double ?? template ?? '')
    .map((text) => text.replace(/\$\{[^}]*\}/g, 'X'))
    .filter((text) => /[a-z]+ [a-z]+ [a-z]+/.test(text));
}

/** Names of options, members and calls, and the syntax of the language. */
const libraryWords =
  /\b[a-z]+[A-Z](?!X?\b)\w*|\boptions? [a-z]+[:)]|\bthe options? (?!in\b)[a-z]+\b|\b[a-z]+\.[a-z]\w*\(|\bawait\b|\b(?:timeouts|hostKey|retry|keepalive|algorithms|interactive|command)\.[a-z]|\w\(\)|\b[a-z]+: (?:false|true|\{)/;

/** What the program reports in words of its own (`wordsOfWrongUse`): it names the option first. */
const wrongUse = /^(?:options?|argument|fromSshConfig|proxyCommand|localPath)\b/;

/** Said only to what the program never does. */
const neverShown = [
  ...['hostKey.verify threw', 'hostKey.verify refused'],
  ...['the file is larger than', 'command.stdin: ', 'jumpHost(...), proxyCommand(...)'],
  ...['what loadCustomers has read', 'the path of a customers file, or what', 'a promise of one (await it)'],
  // Of runJob, which no command uses.
  ...[
    'It was told to end, and was not over when asked',
    'The job may still be running: nobody could end it.',
  ],
  // Of the key itself: the program gives its path.
  ...['something like the path of a file given'],
  // Of streams: a file is sent again without being asked for.
  ...['Some servers accept the writes of a file only in order', 'X (for the key itself: privateKey)'],
];

test('no sentence of the library reaches the terminal with a name of the library in it', () => {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !apart.test(file),
  );
  const sentences = files.flatMap((file) => sentencesOf(file).map((text) => ({ file, text })));
  expect(sentences.length).toBeGreaterThan(500);
  const shown = sentences.filter(
    ({ text }) => !wrongUse.test(text) && !neverShown.some((start) => text.startsWith(start)),
  );
  const bad = shown.filter(({ text }) => libraryWords.test(inOurWords(text)));
  expect(bad.map(({ file, text }) => `${file}: ${inOurWords(text)}`)).toEqual([]);
});

test.each(neverShown)('%s is still used, so that this list stays current', (start) => {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  expect(files.some((file) => sentencesOf(file).some((text) => text.startsWith(start)))).toBe(true);
});

test.each([
  ['X ran longer than 5 ms (option timeout) and', 'X ran longer than 5 ms (--timeout) and'],
  ['Only preserve: true sets permissions and times', 'Only --preserve sets permissions and times'],
  [
    "verify: 'sha256' reads the copy back where no command makes its checksum; verify: 'size' does not.",
    '--verify sha256 reads the copy back where no command makes its checksum; --verify size does not.',
  ],
  ["if that is it, give hostKey: { alias: 'acme' }", 'if that is it, give --host-key-alias acme'],
  ['name what it offers in the option algorithms', 'in ssh_config: KexAlgorithms, HostKeyAlgorithms, '],
  [
    'Name what it offers in the option algorithms: either the server is old, or that option leaves it out.',
    'Add what it offers with + in ssh_config',
  ],
  [
    'the option algorithms.publicKey leaves out RSA keys',
    'PubkeyAcceptedAlgorithms of ssh_config leaves out RSA',
  ],
  ['hostKey.alias pins a customer', '--host-key-alias pins a customer'],
  ['closed here, by close()', 'closed here by this program'],
])('%s: %s', (text, said) => {
  expect(inOurWords(text)).toContain(said);
});

test('a jump host has options of its own', () => {
  const text =
    "pin it (hostKey.fingerprint), give hostKey: { alias: 'gw' }, give the right one as privateKeyPath";
  expect(inOurWords(text, true)).toBe(
    'pin it (--jump-host-key), give it HostKeyAlias gw in ssh_config, give the right one by --jump-identity',
  );
});
