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
async function onRecord(file: string, name = `[127.0.0.1]:${port}`): Promise<string[]> {
  const found = await run('ssh-keygen', ['-F', name, '-f', file]).then(
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

interface Found {
  files: readonly string[];
  /** The system's file, if there is one. */
  system?: string | undefined;
  alias?: string | undefined;
  hash: boolean;
}

async function bySsh(sshd: Sshd, { files, system, alias, hash }: Found): Promise<void> {
  const options = [hash ? ['HashKnownHosts=yes'] : [], alias ? [`HostKeyAlias=${alias}`] : []].flat();
  const all = {
    UserKnownHostsFile: files.map((file) => `"${file}"`).join(' '),
    GlobalKnownHostsFile: system ? `"${system}"` : '/dev/null',
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

async function byUs(sshd: Sshd, { files, system, alias, hash }: Found): Promise<void> {
  const knownHosts = system ? [...files, system] : files;
  const update = system ? files : true;
  const connection = await connectViaGateway({
    ...{ host: '127.0.0.1', port: sshd.port, username: sshd.username, privateKeyPath: sshd.privateKeyPath },
    ...{ retry: false, hostKey: { knownHosts, update, alias, hash: hash || undefined } },
  });
  await connection.exec('true');
  await connection.close();
}

interface Case {
  record: readonly string[];
  /** A second file. */
  second?: readonly string[];
  /** The system's file. */
  system?: readonly string[];
  alias?: string;
  /** The first file as it is in the end. */
  as?: (text: string) => string;
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
  'by an alias': { record: ['customer-1 <host>', 'customer-1 <gone>'], alias: 'customer-1', changes: true },
  'by an alias, hashed': {
    record: [`${hashHostName('customer-1', Buffer.alloc(20, 1))} <host>`],
    ...{ alias: 'customer-1', hash: true, changes: true },
  },
  'by an alias in capitals': { record: ['customer-1 <host>'], alias: 'Customer-1', changes: true },
  'by an alias, with the name capitals on record': {
    record: ['CUSTOMER-1 <host>', 'CUSTOMER-1 <gone>'],
    ...{ alias: 'customer-1', changes: true },
  },
  'by an alias, and a new key under the name': {
    record: ['customer-1 <host>', 'NAME <rsa>'],
    ...{ alias: 'customer-1', changes: false },
  },
  'by an alias, and the same key under the name': {
    record: ['customer-1 <host>', 'NAME <host>'],
    ...{ alias: 'customer-1', changes: false },
  },
  'lines that end as on Windows': {
    record: ['NAME <host> a comment', 'other <gone> b', 'NAME <gone> c'],
    ...{ as: (text) => text.replaceAll('\n', '\r\n'), changes: false },
  },
  'lines that end as on Windows, without comments': {
    record: ['NAME <host>', 'NAME <goneRsa>'],
    ...{ as: (text) => text.replaceAll('\n', '\r\n'), changes: true },
  },
  'a last line that does not end': {
    record: ['NAME <gone>', 'NAME <host>'],
    ...{ as: (text) => text.trimEnd(), changes: true },
  },
  'a last line, of another host, that does not end': {
    record: ['NAME <host>', 'other <gone>'],
    ...{ as: (text) => text.trimEnd(), changes: true },
  },
  'bytes that are no text': { record: ['NAME <host>', 'other <gone> \xff\xfe'], changes: true },
  'known to the system alone': { record: ['# none'], system: ['NAME <host>'], changes: false },
  'known to the system as well': { record: ['NAME <host>'], system: ['NAME <host>'], changes: true },
  'one that is gone, of the system': { record: ['NAME <host>'], system: ['NAME <gone>'], changes: true },
  'a new one, of the system': { record: ['NAME <host>'], system: ['NAME <rsa>'], changes: true },
  'a new one, of the system under another name': {
    record: ['NAME <host>'],
    ...{ system: ['other <rsa>'], changes: true },
  },
  'one that is gone, of the system under another name': {
    record: ['NAME <host>', 'NAME <gone>'],
    ...{ system: ['other <gone>'], changes: true },
  },
  'a revoked key of the system': { record: ['NAME <host>'], system: ['@revoked * <gone>'], changes: true },
  'a new key that is revoked for another host': {
    record: ['NAME <host>', '@revoked other <rsa>'],
    changes: false,
  },
  'a new key that is an authority elsewhere': {
    record: ['NAME <host>', '@cert-authority other <rsa>'],
    changes: false,
  },
  'a new key that is revoked here': { record: ['NAME <host>', '@revoked NAME <rsa>'], changes: false },
  'a marker that nobody knows': { record: ['NAME <host>', '@known NAME <gone>'], changes: true },
  'a key of ours that is damaged': { record: ['NAME <host>', 'NAME ssh-ed25519 AAAA'], changes: true },
  'a key of ours of another type than it says': {
    record: [
      'NAME <host>',
      'NAME ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    ],
    changes: true,
  },
  'a key of ours of a type that nobody knows': {
    record: ['NAME <host>', 'NAME ssh-new AAAAB3'],
    changes: true,
  },
  'the name twice in one line': { record: ['NAME,NAME <host>'], changes: true },
  'the name, twice, of a key that is gone': { record: ['NAME <host>', 'NAME,NAME <gone>'], changes: true },
  'the name refused': { record: ['NAME <host>', '!NAME,* <gone>'], changes: true },
  'an empty list of names': { record: ['NAME <host>', ', <gone>'], changes: true },
  'a tab between all': { record: ['NAME\t<host>', 'NAME\t<gone>\tcomment'], changes: true },
  'a sign of a pattern in the comment': { record: ['NAME <host> *,?,a', 'NAME <gone> *'], changes: true },
  'hashed and plain': { record: ['HASHED <host>', 'NAME <gone>', 'NAME <rsa>'], hash: true, changes: true },
  'hashed twice': { record: ['HASHED <host>', 'HASHED <host>', 'HASHED <gone>'], hash: true, changes: true },
  'hashed, and plain of another host': {
    record: ['HASHED <host>', 'other <rsa>'],
    hash: true,
    changes: false,
  },
  'hashed, and gone of another host, hashed': {
    record: ['HASHED <host>', 'HASHED <gone>', `${hashHostName('other', Buffer.alloc(20, 2))} <gone>`],
    ...{ hash: true, changes: false },
  },
  'hashed with a salt that is too short': {
    record: ['NAME <host>', `${hashHostName('other', Buffer.alloc(4, 2))} <rsa>`],
    changes: true,
  },
  'hashed in another way': { record: ['NAME <host>', '|2|abc|def <rsa>'], changes: true },
  'many neighbours': {
    record: [
      'NAME <gone>',
      ...Array.from({ length: 3_000 }, (_, at) => `host-${at} <goneRsa>`),
      'NAME <host>',
    ],
    changes: true,
  },
};

describe('the known_hosts files after a connection are those of ssh -o UpdateHostKeys=yes', () => {
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await server('host', 'p256', 'ec', 'rsa');
  });
  afterAll(() => sshd?.close());

  it.concurrent.each(Object.entries(cases))('%s', async (what, one) => {
    const { record, second, system, alias, hash = false, as = (text) => text, changes } = one;
    const write = async (who: string): Promise<Found> => {
      const at = (which: string) => join(folder.path, `${what}-${who}-${which}`);
      await writeFile(at('1'), as(await fill(record)), 'latin1');
      if (second) await writeFile(at('2'), await fill(second));
      if (system) await writeFile(at('system'), await fill(system));
      const files = second ? [at('1'), at('2')] : [at('1')];
      return { files, system: system && at('system'), alias, hash };
    };
    const result = ({ files, system: last }: Found) =>
      Promise.all([...files, last].flatMap((file) => (file ? [onRecord(file, alias)] : [])));
    const [ours, theirs] = [await write('ours'), await write('theirs')];
    const before = await result(theirs);
    await Promise.all([bySsh(sshd, theirs), byUs(sshd, ours)]);
    const expected = await result(theirs);
    expect(await result(ours)).toEqual(expected);
    expect(JSON.stringify(expected) !== JSON.stringify(before)).toBe(changes);
  });
});

it('where the first file is not there, ssh loses all keys of the host; here they are kept in the second', async () => {
  await using sshd = await server('host', 'p256');
  const after = async (who: string, login: typeof byUs) => {
    const files = [1, 2].map((at) => join(folder.path, `first-missing-${who}-${at}`));
    await writeFile(files[1]!, await fill(['NAME <host>', 'NAME <gone>']));
    await login(sshd, { files, hash: false });
    return onRecord(files[1]!);
  };
  expect(await after('theirs', bySsh)).toEqual([]);
  const ours = await after('ours', byUs);
  expect(ours).toEqual(['p256', 'host'].map((key) => `[127.0.0.1]:${port} ${lines[key]}`));
});

it('a rotation: the new key is learnt beside the old one, then the old one goes, and nobody is asked', async () => {
  const file = join(folder.path, 'rotation');
  await writeFile(file, await fill(['NAME <host>']));
  const after = async (...keys: string[]) => {
    await using sshd = await server(...keys);
    await byUs(sshd, { files: [file], hash: false });
    const found = (await onRecord(file)).map((line) => line.split(' ').slice(1).join(' '));
    return Object.keys(lines).filter((name) => found.includes(lines[name]!));
  };
  expect(await after('host', 'next')).toEqual(['host', 'next']);
  expect(await after('next', 'host')).toEqual(['host', 'next']);
  expect(await after('next', 'rsa')).toEqual(['next', 'rsa']);
  expect(await after('rsa')).toEqual(['rsa']);
});
