import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import { hashHostName } from '../../src/host-key/known-hosts/match.ts';
import { type KeyFolder, keyFolder } from '../support/certificates.ts';
import { freePort, type Sshd, startSshd } from '../support/sshd.ts';

const run = promisify(execFile);

let folder: KeyFolder;
let lines: Record<string, string>;
let port: number;

const kinds: Record<string, string[]> = {
  host: ['-t', 'ed25519'],
  next: ['-t', 'ed25519'],
  p256: ['-t', 'ecdsa', '-b', '256'],
  ec: ['-t', 'ecdsa', '-b', '384'],
  rsa: ['-t', 'rsa', '-b', '2048'],
  gone: ['-t', 'ed25519'],
  goneRsa: ['-t', 'rsa', '-b', '2048'],
};

beforeAll(async () => {
  folder = await keyFolder();
  port = await freePort();
  await Promise.all(Object.entries(kinds).map(([name, options]) => folder.key(name, ...options)));
  const read = async (name: string) =>
    (await folder.read(join(folder.path, `${name}.pub`))).split(' ').slice(0, 2).join(' ');
  lines = Object.fromEntries(
    await Promise.all(Object.keys(kinds).map(async (name) => [name, await read(name)])),
  );
});
afterAll(() => folder?.[Symbol.asyncDispose]());

/** A server on the one port, with these host keys. Of one type, it shows the first and tells of all. */
function server(...keys: string[]): Promise<Sshd> {
  return startSshd({ port, user: 'root', hostKeys: keys.map((key) => join(folder.path, key)) });
}

let hashings = 0;

/** `NAME` is the server, `HASHED` its name behind a hash, a word in angle brackets a key. */
async function fill(record: readonly string[]): Promise<string> {
  const name = `[127.0.0.1]:${port}`;
  const text = record
    .map((line) => line.replace('NAME', name).replace(/<(\w+)>/, (_all, key: string) => lines[key] ?? ''))
    .map((line) => `${line}\n`);
  const plain = join(folder.path, `hashing-${hashings++}`);
  for (const [index, line] of text.entries()) {
    if (!line.startsWith('HASHED')) continue;
    await writeFile(plain, line.replace('HASHED', name));
    await run('ssh-keygen', ['-q', '-H', '-f', plain]);
    text[index] = await readFile(plain, 'utf8');
  }
  return text.join('');
}

/** What is on record: a hashed name that is the server's shows as HASHED. */
async function onRecord(file: string): Promise<string[]> {
  const found = await run('ssh-keygen', ['-F', `[127.0.0.1]:${port}`, '-f', file]).then(
    ({ stdout }) => stdout,
    () => '',
  );
  const own = found.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const rest = (await readFile(file, 'utf8'))
    .split('\n')
    .filter((line) => line !== '' && !own.includes(line));
  const shown = (line: string) => line.replace(/^\|1\|\S+/, 'HASHED').replaceAll(/\s+/g, ' ');
  return [...own.map(shown).sort(), ...rest.map((line) => line.replace(/^\|1\|\S+/, 'OTHER'))];
}

async function bySsh(sshd: Sshd, files: readonly string[], options: readonly string[]): Promise<void> {
  const all = {
    UserKnownHostsFile: files.map((file) => `"${file}"`).join(' '),
    GlobalKnownHostsFile: '/dev/null',
    StrictHostKeyChecking: 'yes',
    UpdateHostKeys: 'yes',
    BatchMode: 'yes',
    CheckHostIP: 'no',
  };
  const flags = [...options, ...Object.entries(all).map(([name, value]) => `${name}=${value}`)].flatMap(
    (one) => ['-o', one],
  );
  const args = ['-F', '/dev/null', '-i', sshd.privateKeyPath, '-p', `${sshd.port}`, ...flags];
  await run('ssh', [...args, `${sshd.username}@127.0.0.1`, 'sleep 0.2'], { timeout: 30_000 });
}

async function byUs(sshd: Sshd, files: readonly string[], hash: boolean): Promise<void> {
  const connection = await connectViaGateway({
    ...{ host: '127.0.0.1', port: sshd.port, username: sshd.username, privateKeyPath: sshd.privateKeyPath },
    ...{ retry: false, hostKey: { knownHosts: files, update: true, hash: hash || undefined } },
  });
  await connection.exec('true');
  await connection.close();
}

interface Case {
  record: readonly string[];
  /** A second file. */
  second?: readonly string[];
  hash?: boolean;
  /** Whether anything changes; so that a table in which nothing does proves nothing. */
  changes: boolean;
}

const cases: Record<string, Case> = {
  'one key of four': { record: ['NAME <host>'], changes: true },
  'all keys': { record: ['NAME <host>', 'NAME <p256>', 'NAME <ec>', 'NAME <rsa>'], changes: false },
  'one that is gone': { record: ['NAME <host>', 'NAME <gone>'], changes: true },
  'two that are gone, and nothing new': {
    record: ['NAME <goneRsa>', 'NAME <host>', 'NAME <p256>', 'NAME <ec>', 'NAME <gone>', 'NAME <rsa>'],
    changes: true,
  },
  'comments and neighbours': {
    record: ['# one', '', 'a,b <gone>', 'NAME <host> root@pc', 'broken line', '* <goneRsa>x'],
    changes: true,
  },
  'names in a list of two': { record: ['NAME,10.0.0.1 <host>'], changes: true },
  'names in a list of three': { record: ['NAME,a,b <host>'], changes: false },
  'a pattern': { record: ['[127.0.0.?]:* <host>'], changes: false },
  'a pattern beside it': { record: ['NAME <host>', '[127.*]:* <p256>'], changes: false },
  'a negated name': { record: ['NAME,!other <host>'], changes: true },
  'a revoked key': { record: ['NAME <host>', '@revoked NAME <gone>'], changes: false },
  'a revoked key of everybody': { record: ['NAME <host>', '@revoked * <gone>'], changes: false },
  'a revoked key of another host': { record: ['NAME <host>', '@revoked other <gone>'], changes: true },
  'an authority': { record: ['NAME <host>', '@cert-authority NAME <gone>'], changes: false },
  'the key under another name': { record: ['NAME <host>', 'other <host>'], changes: false },
  'a new key under another name': { record: ['NAME <host>', 'other <rsa>'], changes: false },
  'a new key under another name, hashed': {
    record: ['NAME <host>', `${hashHostName('other', Buffer.alloc(20, 1))} <rsa>`],
    changes: false,
  },
  'a new key under a name that is wrongly hashed': { record: ['NAME <host>', '|1|x|y <rsa>'], changes: true },
  'the host without its port': { record: ['127.0.0.1 <host>'], changes: false },
  'a key that is gone, under another name': {
    record: ['NAME <host>', 'NAME <gone>', 'other <gone>'],
    changes: false,
  },
  'a hashed name': { record: ['HASHED <host>', 'HASHED <gone>'], hash: true, changes: true },
  'new names to be hashed': { record: ['NAME <host>'], hash: true, changes: true },
  'a key twice': { record: ['NAME <host>', 'NAME <host>'], changes: true },
  'capitals and blanks': { record: ['  NAME \t <host>'], changes: true },
  'two files, known in the second': {
    record: ['# empty'],
    second: ['NAME <host>', 'NAME <gone>'],
    changes: true,
  },
  'two files, gone in the second': {
    record: ['NAME <host>'],
    second: ['NAME <gone>', 'NAME <rsa>'],
    changes: true,
  },
};

describe('the known_hosts files after a connection are those of ssh -o UpdateHostKeys=yes', () => {
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await server('host', 'p256', 'ec', 'rsa');
  });
  afterAll(() => sshd?.close());

  it.concurrent.each(Object.entries(cases))('%s', async (what, { record, second, hash = false, changes }) => {
    const write = async (who: string) => {
      const files = [join(folder.path, `${what}-${who}-1`), join(folder.path, `${what}-${who}-2`)].slice(
        0,
        second ? 2 : 1,
      );
      const [first, other] = files;
      await writeFile(first!, await fill(record));
      if (other && second) await writeFile(other, await fill(second));
      return files;
    };
    const [ours, theirs] = [await write('ours'), await write('theirs')];
    const before = await Promise.all(theirs.map(onRecord));
    await Promise.all([bySsh(sshd, theirs, hash ? ['HashKnownHosts=yes'] : []), byUs(sshd, ours, hash)]);
    const expected = await Promise.all(theirs.map(onRecord));
    expect(await Promise.all(ours.map(onRecord))).toEqual(expected);
    expect(JSON.stringify(expected) !== JSON.stringify(before)).toBe(changes);
  });
});

it('a rotation: the new key is learnt beside the old one, then the old one goes, and nobody is asked', async () => {
  const file = join(folder.path, 'rotation');
  await writeFile(file, await fill(['NAME <host>']));
  const after = async (...keys: string[]) => {
    await using sshd = await server(...keys);
    await byUs(sshd, [file], false);
    const found = (await onRecord(file)).map((line) => line.split(' ').slice(1).join(' '));
    return Object.keys(lines).filter((name) => found.includes(lines[name]!));
  };
  expect(await after('host', 'next')).toEqual(['host', 'next']);
  expect(await after('next', 'host')).toEqual(['host', 'next']);
  expect(await after('next', 'rsa')).toEqual(['next', 'rsa']);
  expect(await after('rsa')).toEqual(['rsa']);
});
