import { execFile } from 'node:child_process';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KeyFolder, keyFolder } from '../support/certificates.ts';
import { loginBySshConfig } from '../support/ssh-config-login.ts';

const run = promisify(execFile);
const host = 'pc.example.com';
const name = `[${host}]:9012`;
const valid = ['-V', '-1h:+1h'];
const right = ['-h', '-n', host, ...valid];
const expired = ['-h', '-n', host, '-V', '20200101:20200102'];

let folder: KeyFolder;
/** Keys that may stand in a known_hosts file: the authorities A and R (RSA), the stranger S. */
const lines: Record<string, string> = {};

beforeAll(async () => {
  folder = await keyFolder();
  await Promise.all([
    ...['A', 'S', 'me'].map((key) => folder.key(key)),
    folder.key('R', '-t', 'rsa', '-b', '2048'),
  ]);
  for (const key of ['A', 'S', 'R']) lines[key] = await publicLine(join(folder.path, key));
});
afterAll(() => folder?.[Symbol.asyncDispose]());

async function publicLine(path: string): Promise<string> {
  return (await folder.read(`${path}.pub`)).split(' ').slice(0, 2).join(' ').trim();
}

interface Row {
  title: string;
  /** Letters stand for keys: K is the certified one, C the certificate. */
  known: string;
  /** As options of `ssh-keygen`. */
  certificate?: readonly string[];
  authority?: 'A' | 'R';
  /** More lines of ssh_config. */
  config?: readonly string[];
  host?: string;
  port?: number;
}

const ca = (hosts: string, key = 'A') => `@cert-authority ${hosts} ${key}`;
const sha1 = [...right, '-t', 'ssh-rsa'];
const strict = (value: string) => [`StrictHostKeyChecking ${value}`];
const alias = (value: string) => [`HostKeyAlias ${value}`];

const patterns = [
  ...[name, host, '*', '[*.example.com]:*', 'PC.EXAMPLE.COM', `*,!${name}`, `!${host},*`, '[pc.example.com]'],
  ...['pc.example.com:9012', '*.example.com,!pc.*', '*.example.org'],
];
const principals = ['pc.*', '*', 'PC.EXAMPLE.COM', 'pc', name, `a,b,${host}`, `${host}.`];
const marked = ['A', 'K', 'C'].flatMap((key) => [`@revoked * ${key}`, `@revoked ${host} ${key}`]);

const rows: Row[] = [
  ...patterns.map((hosts) => ({ title: `authority of ${hosts}`, known: ca(hosts) })),
  ...[host, '[*.example.com]:*'].map((hosts) => ({
    title: `port 22, authority of ${hosts}`,
    known: ca(hosts),
    port: 22,
  })),
  ...marked.flatMap((line) => [
    { title: `authority, ${line}`, known: `${ca(name)}\n${line}` },
    { title: `plain key, ${line}`, known: `${name} K\n${line}` },
    { title: `authority without the port, ${line}`, known: `${ca(host)}\n${line}` },
  ]),
  ...principals.flatMap((names) => [
    { title: `for ${names}`, known: ca('*'), certificate: ['-h', '-n', names, ...valid] },
    {
      title: `for ${names}, key known`,
      known: `${ca('*')}\n${name} K`,
      certificate: ['-h', '-n', names, ...valid],
    },
  ]),
  { title: 'signed with SHA-1', known: ca('*', 'R'), authority: 'R', certificate: sha1 },
  {
    title: 'signed with SHA-1, key known',
    known: `${ca('*', 'R')}\n${name} K`,
    authority: 'R',
    certificate: sha1,
  },
  {
    title: 'signed with SHA-1, another key known',
    known: `${ca('*', 'R')}\n${name} S`,
    authority: 'R',
    certificate: sha1,
  },
  {
    title: 'signed with SHA-2',
    known: ca('*', 'R'),
    authority: 'R',
    certificate: [...right, '-t', 'rsa-sha2-256'],
  },
  { title: 'of a user', known: ca('*'), certificate: ['-n', host, ...valid] },
  { title: 'of a user, key known', known: `${name} K`, certificate: ['-n', host, ...valid] },
  { title: 'expired, another key known', known: `${ca('*')}\n${name} S`, certificate: expired },
  { title: 'right, another key known', known: `${ca('*')}\n${name} S` },
  { title: 'two authorities', known: `${ca('*', 'S')}\n${ca('*')}` },
  { title: 'forever', known: ca('*'), certificate: ['-h', '-n', host, '-V', 'always:forever'] },
  { title: 'critical option', known: ca('*'), certificate: [...right, '-O', 'critical:x=y'] },
  { title: 'no certificates asked for', known: ca('*'), config: ['HostKeyAlgorithms -*cert*'] },
  { title: 'no certificates, key known', known: `${name} K`, config: ['HostKeyAlgorithms -*cert*'] },
  {
    title: 'certificates only',
    known: ca('*'),
    config: ['HostKeyAlgorithms ssh-ed25519-cert-v01@openssh.com'],
  },
  {
    title: 'certificates only, key known',
    known: `${name} K`,
    config: ['HostKeyAlgorithms ssh-ed25519-cert-v01@openssh.com'],
  },
  ...['customer-12', 'other', 'Customer-12'].map((value) => ({
    title: `alias ${value}`,
    known: ca('*'),
    config: alias(value),
    certificate: ['-h', '-n', 'customer-12', ...valid],
  })),
  ...['accept-new', 'ask', 'no'].flatMap((value) => [
    { title: `${value}: unknown authority`, known: '', config: strict(value) },
    { title: `${value}: expired`, known: ca('*'), config: strict(value), certificate: expired },
    {
      title: `${value}: signed with SHA-1`,
      known: ca('*', 'R'),
      config: strict(value),
      authority: 'R' as const,
      certificate: sha1,
    },
    { title: `${value}: revoked authority`, known: `${ca('*')}\n@revoked * A`, config: strict(value) },
    { title: `${value}: another key known`, known: `${name} S`, config: strict(value) },
  ]),
  { title: 'CheckHostIP', known: ca('*'), config: ['CheckHostIP yes'] },
  { title: 'host in capitals', known: ca('*.example.com'), host: 'PC.Example.COM' },
  {
    title: 'host as an address',
    known: ca('127.0.0.1'),
    host: '127.0.0.1',
    certificate: ['-h', '-n', '127.0.0.1', ...valid],
  },
  { title: 'marker in capitals', known: '@CERT-AUTHORITY * A' },
  { title: 'two markers', known: '@cert-authority @revoked * A' },
  { title: 'damaged line before', known: `@cert-authority * ssh-ed25519 AAAA\n${ca('*')}` },
  { title: 'CRLF', known: `${ca('*')}\r` },
  { title: 'certificate as an authority', known: '@cert-authority * C' },
  { title: 'host key as an authority', known: '@cert-authority * K' },
];

/** `StrictHostKeyChecking no` still refuses these: `fromSshConfig` says so. */
const meant = ['no: revoked authority', 'no: another key known'];

interface Server {
  config: string;
  keys: Record<string, string>;
}

async function serverOf(number: number, { certificate = right, authority = 'A' }: Row): Promise<Server> {
  const key = await folder.key(`host${number}`);
  const path = await folder.certify(key, join(folder.path, authority), ...certificate);
  const config = `${key}.conf`;
  const login = `AuthorizedKeysFile ${join(folder.path, 'me')}.pub\nStrictModes no\nPermitRootLogin yes`;
  await writeFile(config, `HostKey ${key}\nHostCertificate ${path}\nUsePAM no\n${login}\n`);
  const shown = (await folder.read(path)).split(' ').slice(0, 2).join(' ');
  return { config, keys: { ...lines, K: await publicLine(key), C: shown } };
}

async function opensshAccepts(config: string): Promise<boolean> {
  const trial = run('ssh', ['-F', config, '-v', '-o', 'BatchMode=yes', 'pc', 'true'], { timeout: 60_000 });
  const { stderr } = await trial.catch((error: { stderr: string }) => error);
  const isIn = /Authenticated to/.test(stderr);
  if (!isIn && !/Host key verification failed|no matching host key type/.test(stderr))
    throw new Error(stderr);
  return isIn;
}

async function weAccept(file: string): Promise<{ isIn: boolean; words: string }> {
  const { isIn, refusal } = await loginBySshConfig(
    file,
    ({ code = '', message }) => code.startsWith('SSH_HOST_KEY') || /no common/i.test(message),
  );
  return { isIn, words: refusal.message };
}

describe('a connection to a server with a host certificate', () => {
  const words = new Map<string, string>();

  it('is made where ssh makes it, nowhere else, and records what ssh records', async () => {
    const verdicts: { title: string; ssh: boolean; ours: boolean; records: boolean }[] = [];
    const queue = [...rows.entries()];
    const worker = async () => {
      for (let next = queue.shift(); next; next = queue.shift()) {
        const [number, row] = next;
        const { config, keys } = await serverOf(number, row);
        const known = join(folder.path, `known${number}`);
        await writeFile(known, `${row.known.replace(/(?<= )[ARSKC]$/gm, (letter) => keys[letter]!)}\n`);
        await copyFile(known, `${known}.ours`);
        const configFor = async (path: string) => {
          const where = [`HostName ${row.host ?? host}`, `Port ${row.port ?? 9012}`, 'User root'];
          const who = [`IdentityFile ${join(folder.path, 'me')}`, 'IdentityAgent none'];
          const files = [`UserKnownHostsFile ${path}`, 'GlobalKnownHostsFile /dev/null', 'UpdateHostKeys no'];
          const via = `ProxyCommand /usr/sbin/sshd -i -f ${config}`;
          const all = ['Host pc', ...where, via, ...who, ...files, ...(row.config ?? strict('yes')), ''];
          await writeFile(`${path}.conf`, all.join('\n'));
          return `${path}.conf`;
        };
        const ssh = await opensshAccepts(await configFor(known));
        const ours = await weAccept(await configFor(`${known}.ours`));
        words.set(row.title, ours.words);
        const [theirs, own] = await Promise.all(
          [known, `${known}.ours`].map((path) => readFile(path, 'utf8')),
        );
        verdicts.push({ title: row.title, ssh, ours: ours.isIn, records: theirs === own });
      }
    };
    await Promise.all(Array.from({ length: 4 }, worker));
    const accepted = verdicts.filter(({ ssh }) => ssh).length;
    console.log(`${verdicts.length} connections: ssh makes ${accepted}`);
    const differ = verdicts.filter(({ ssh, ours, records }) => ssh !== ours || !records);
    expect(differ.map(({ title }) => title).sort()).toEqual([...meant].sort());
    expect(verdicts.length).toBeGreaterThanOrEqual(80);
    expect(accepted).toBeGreaterThan(25);
  }, 600_000);

  it.each([
    ['signed with SHA-1', /its authority signed it with SHA-1, which no longer proves anything/],
    ['signed with SHA-1, another key known', /has another key for it/],
    ['plain key, @revoked * A', /revokes its authority/],
    ['for pc.*', /it is for pc\.\*, not for pc\.example\.com/],
    ['critical option', /it carries the critical option x, which is not known/],
    ['of a user', /it is a user certificate, not a host certificate/],
    ['alias other', /it is for customer-12, not for other/],
  ])('is refused truly: %s', (title, said) => {
    expect(words.get(title)).toMatch(said);
  });
});
