import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual, promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fingerprintSha256, parsePublicKeyLine } from '../../src/host-key/keys/fingerprint.ts';
import { resolveKeyType } from '../../src/host-key/keys/public-key.ts';
import { appendKnownHost } from '../../src/host-key/known-hosts/append.ts';
import { entriesFor } from '../../src/host-key/known-hosts/entries.ts';
import { readKnownHostsFiles } from '../../src/host-key/known-hosts/files.ts';
import { lookupHostKey } from '../../src/host-key/known-hosts/lookup.ts';
import { HostMatcher } from '../../src/host-key/known-hosts/match.ts';
import { lookupNames } from '../../src/host-key/known-hosts/name.ts';
import { knownHostKeyTypes, orderHostKeyAlgorithms } from '../../src/host-key/known-hosts/order.ts';
import { knownHostsLines } from '../../src/host-key/known-hosts/parse.ts';
import { type CaseKey, CaseMaker, type KnownHostsCase } from '../support/known-hosts-cases.ts';
import {
  askOpensshClient,
  defaultHostKeyAlgorithms,
  linesFoundBySshKeygen,
} from '../support/openssh-client.ts';

const run = promisify(execFile);

/** Another seed makes other cases: `KNOWN_HOSTS_SEED=7 npm run test:interop`. */
const { KNOWN_HOSTS_SEED = '20260101', KNOWN_HOSTS_CASES = '600' } = process.env;
const SEED = Number(KNOWN_HOSTS_SEED);
const CASES = Number(KNOWN_HOSTS_CASES);
const AT_ONCE = 3;

let folder: string;
let keys: CaseKey[];
let recordOnly: CaseKey[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'known-hosts-'));
  await mkdir('/run/sshd', { recursive: true });
  const kinds = [
    'ed25519',
    'ed25519',
    'ed25519',
    'ecdsa -b 256',
    'ecdsa -b 256',
    'ecdsa -b 521',
    'rsa -b 2048',
    'rsa -b 3072',
  ];
  keys = await Promise.all(kinds.map((kind, i) => makeKey(`key${i}`, kind)));
  await Promise.all(keys.map((_, i) => writeSshdConfig(i)));
  recordOnly = [await makeKey('other', 'ecdsa -b 384'), await makeKey('authority', 'ed25519')];
  for (const i of [0, 3, 6]) recordOnly.push(await certify(`key${i}`));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function makeKey(name: string, kind: string): Promise<CaseKey> {
  await run('ssh-keygen', ['-q', '-N', '', '-C', '', '-f', join(folder, name), '-t', ...kind.split(' ')]);
  return readKey(`${name}.pub`);
}

/** A host certificate for one of the server's keys. */
async function certify(name: string): Promise<CaseKey> {
  const file = join(folder, `${name}.pub`);
  await run('ssh-keygen', [
    '-q',
    '-s',
    join(folder, 'authority'),
    '-h',
    '-I',
    name,
    '-n',
    'a,gw.example.com',
    file,
  ]);
  return readKey(`${name}-cert.pub`);
}

async function readKey(file: string): Promise<CaseKey> {
  const [type = '', base64 = ''] = (await readFile(join(folder, file), 'utf8')).trim().split(' ');
  return { type, text: `${type} ${base64}` };
}

function sshdConfig(key: number): string {
  return join(folder, `sshd${key}.conf`);
}

async function writeSshdConfig(key: number): Promise<void> {
  const lines = [`HostKey ${join(folder, `key${key}`)}`, 'PidFile none', 'UsePAM no', 'StrictModes no', ''];
  await writeFile(sshdConfig(key), lines.join('\n'));
}

async function writeFiles(index: number, { files }: KnownHostsCase): Promise<string[]> {
  const paths = files.map((_, i) => join(folder, `case${index}-${i}`));
  await Promise.all(paths.map((path, i) => writeFile(path, files[i]!)));
  return paths;
}

/** Gives every item to the work function, a few at a time. */
async function forEachOf<T>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) await work(item, index);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** What is compared, for us and for the client. */
interface Answer {
  readonly verdict: string;
  readonly decidedBy: string | undefined;
  readonly entries: readonly string[];
  readonly algorithms: readonly string[];
}

const MARKERS = { none: '', 'cert-authority': 'ca ', revoked: 'revoked ' } as const;

async function ourAnswer(
  given: KnownHostsCase,
  paths: string[],
  defaults: readonly string[],
): Promise<Answer> {
  const query = { knownHosts: paths, host: given.host, port: given.port, alias: given.alias };
  const { verdict, file, line } = await lookupHostKey({ ...query, key: keys[given.shown]!.text });
  const entries = entriesFor(await readKnownHostsFiles(paths), lookupNames(query).name);
  return {
    verdict,
    decidedBy: verdict === 'match' || verdict === 'mismatch' ? `${file}:${line}` : undefined,
    entries: entries.map((entry) => `${MARKERS[entry.marker]}${entry.file}:${entry.line}`),
    algorithms: orderHostKeyAlgorithms(defaults, await knownHostKeyTypes(query)),
  };
}

async function theirAnswer(given: KnownHostsCase, paths: string[]): Promise<Answer> {
  const { host, port, alias } = given;
  const asked = { host, port, alias, knownHosts: paths, sshdConfig: sshdConfig(given.shown) };
  const { verdict, decidedBy, entries, algorithms } = await askOpensshClient(asked);
  return { verdict, decidedBy, entries, algorithms: algorithms.filter(isPlain) };
}

/** We ask for no certificates. */
function isPlain(algorithm: string): boolean {
  return !algorithm.includes('-cert-');
}

function makeCases(): KnownHostsCase[] {
  const maker = new CaseMaker(SEED, keys, recordOnly);
  return Array.from({ length: CASES }, () => maker.next());
}

/** How often each verdict was given: a generator that only made unknown hosts would prove nothing. */
function tally(verdicts: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const verdict of verdicts) counts[verdict] = (counts[verdict] ?? 0) + 1;
  return counts;
}

test(`our verdicts are those of the ssh client in ${CASES} generated cases`, async () => {
  const defaults = (await defaultHostKeyAlgorithms()).filter(isPlain);
  const verdicts: string[] = [];
  const disagreements: unknown[] = [];
  await forEachOf(makeCases(), async (given, index) => {
    const paths = await writeFiles(index, given);
    const [ours, theirs] = [await ourAnswer(given, paths, defaults), await theirAnswer(given, paths)];
    verdicts.push(theirs.verdict);
    if (!isDeepStrictEqual(ours, theirs)) disagreements.push({ index, given, ours, theirs });
  });
  const counts = tally(verdicts);
  console.log(
    `known_hosts, seed ${SEED}: agrees with ssh in ${CASES - disagreements.length} of ${CASES} cases`,
    JSON.stringify(counts),
  );
  expect(disagreements).toEqual([]);
  for (const verdict of ['match', 'unknown', 'mismatch', 'revoked']) {
    expect(counts[verdict] ?? 0).toBeGreaterThan(CASES / 25);
  }
});

test('look-ups find the lines that ssh-keygen -F finds', async () => {
  let compared = 0;
  const disagreements: unknown[] = [];
  await forEachOf(makeCases(), async (given, index) => {
    const paths = await writeFiles(index, given);
    const { name, withoutPort = name } = lookupNames(given);
    for (const path of paths) {
      for (const asked of new Set([name, withoutPort])) {
        const ours = linesFoundByUs(given.files[paths.indexOf(path)]!, asked);
        const theirs = await linesFoundBySshKeygen(asked, path);
        compared += 1;
        if (!isDeepStrictEqual(ours, theirs)) disagreements.push({ index, asked, path, ours, theirs, given });
      }
    }
  });
  console.log(
    `known_hosts, seed ${SEED}: agrees with ssh-keygen -F in ${compared - disagreements.length} of ${compared} look-ups`,
  );
  expect(compared).toBeGreaterThan(CASES);
  expect(disagreements).toEqual([]);
});

/** `ssh-keygen -F` looks at the name of the key type, and only at whether a key follows. */
function linesFoundByUs(content: string, name: string): string[] {
  const matcher = new HostMatcher(name);
  const marks = { none: '', 'cert-authority': ' CA', revoked: ' REVOKED' } as const;
  return [...knownHostsLines(Buffer.from(content).toString('latin1'))]
    .filter(({ hosts }) => matcher.matches(hosts))
    .filter(({ keyText }) => {
      const [, type = '', key = ''] = /^([^ \t]+)[ \t]+(.*)/s.exec(keyText) ?? [];
      return resolveKeyType(type) !== undefined && key !== '' && !key.startsWith('#');
    })
    .map(({ line, marker }) => `${line}${marks[marker]}`);
}

test.each([false, true])('ssh trusts each host that we recorded, hashed: %s', async (hash) => {
  const file = join(folder, `appended-${hash}`);
  await writeFile(file, `b.example.com ${keys[1]!.text}`);
  const targets = [
    { host: 'Gw.Example.com', port: 20_022 },
    { host: 'gw.example.com', port: 22 },
    { host: '2001:DB8::0:7', port: 2222 },
    { host: 'gw.example.com', port: 2222, alias: 'Customer-A' },
  ];
  for (const [i, target] of targets.entries()) {
    const shown = i * 2;
    expect(await appendKnownHost({ file, ...target, key: keys[shown]!.text, hash })).toBe(true);
    const client = await askOpensshClient({ ...target, knownHosts: [file], sshdConfig: sshdConfig(shown) });
    expect(client).toMatchObject({ verdict: 'match', decidedBy: `${file}:${i + 2}` });
  }
});

test('fingerprints are those of ssh-keygen -l', async () => {
  for (const [i, { text }] of keys.entries()) {
    const { stdout } = await run('ssh-keygen', ['-l', '-E', 'sha256', '-f', join(folder, `key${i}.pub`)]);
    expect(stdout.split(' ')[1]).toBe(fingerprintSha256(parsePublicKeyLine(text).blob));
  }
});
