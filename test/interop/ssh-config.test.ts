import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromSshConfig } from '../../src/interop/from-ssh-config.ts';
import type { Route } from '../../src/route/route.ts';
import { identityFilesOfSsh, inWordsOfSsh, sshG, wordsOfSsh } from '../support/ssh-g.ts';

let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ssh-config-'));
  file = join(folder, 'config');
  await mkdir(join(folder, 'parts'));
  await writeFile(join(folder, 'parts', '10-a.conf'), 'Host inc\n  Port 3001\n');
  await writeFile(join(folder, 'parts', '20-b.conf'), 'Host inc\n  Port 3002\n  User from-b\n');
  await writeFile(join(folder, 'parts', '.hidden.conf'), 'Host inc\n  ConnectTimeout 99\n');
  await writeFile(join(folder, 'plain.conf'), 'Port 3100\n');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Title, alias, configuration; FOLDER stands for the folder with the files above. */
const table: [title: string, alias: string, config: string][] = [
  ['an empty file', 'pc', ''],
  ['HostName, Port and User', 'pc', 'Host pc\n HostName gw.example.com\n Port 9012\n User rpa'],
  ['a name that is not listed', 'other', 'Host pc\n HostName gw.example.com\n Port 9012'],
  ['the first value wins', 'pc', 'Host pc\n Port 1\nHost *\n Port 2\n User late'],
  ['settings before the first section', 'pc', 'Port 5\nHost pc\n Port 6\n User a'],
  ['wildcards', 'pc-12', 'Host pc-?\n Port 1\nHost pc-??\n Port 2\nHost pc*\n User w'],
  ['a negated pattern', 'pc', 'Host * !pc\n Port 1\nHost !other *\n Port 2'],
  ['a negated pattern alone, which matches nothing', 'pc', 'Host !other\n Port 1'],
  ['several patterns', 'b', 'Host a b c\n Port 7'],
  ['patterns are case-sensitive, keywords are not', 'PC', 'hOsT pc\n pOrT 1\nHOST PC\n PORT 2'],
  ['upper case in a host name', 'GW', 'Host GW\n HostName Gw.Example.COM'],
  ['equals signs and tabs', 'pc', 'Host=pc\n\tHostName = gw.example.com\n\tPort=9001\n\tUser\trpa'],
  ['quotes', 'pc', 'Host "pc"\n HostName "gw.example.com"\n User "domain user"'],
  ['comments and blank lines', 'pc', '# first\n\nHost pc # the PC\n  # inside\n\n  Port 8 # eight\n'],
  ['line ends of Windows', 'pc', 'Host pc\r\n  Port 9002\r\n  User rpa\r\n'],
  ['%h and %% in HostName', 'pc7', 'Host pc*\n HostName %h.rpa.example.com'],
  [
    'Match host, after HostName',
    'pc',
    'Host pc\n HostName gw.example.com\nMatch host *.example.com\n Port 9',
  ],
  [
    'Match host, before HostName',
    'pc',
    'Match host gw.example.com\n Port 9\nHost pc\n HostName gw.example.com',
  ],
  [
    'Match originalhost',
    'pc',
    'Host pc\n HostName gw\nMatch originalhost pc\n Port 1\nMatch host pc\n User no',
  ],
  ['Match user, after User', 'pc', 'Host pc\n User rpa\nMatch user rpa\n Port 1\nMatch user root\n Port 2'],
  ['Match user of this account', 'pc', 'Match user root\n Port 2'],
  ['Match localuser', 'pc', 'Match localuser nobody,root\n Port 2\n User x'],
  [
    'Match with several criteria',
    'pc',
    'Match host pc user nobody\n Port 1\nMatch host p*,q* user root\n Port 2',
  ],
  ['Match with a negated criterion', 'pc', 'Match !host pc\n Port 1\nMatch !host qc user root\n Port 2'],
  ['Match all', 'pc', 'Host x\n Port 1\nMatch all\n Port 2'],
  ['Match final', 'pc', 'Match final host gw\n Port 4\nHost pc\n HostName gw\nHost gw\n User second'],
  ['Match canonical', 'pc', 'Match canonical host gw\n Port 4\nHost pc\n HostName gw'],
  [
    'Match exec behind a criterion that fails',
    'pc',
    'Match host other exec "exit 0"\n Port 1\nHost pc\n Port 2',
  ],
  ['Include of one file', 'pc', 'Include FOLDER/plain.conf\nPort 1'],
  ['Include with wildcards, sorted, without hidden files', 'inc', 'Include FOLDER/parts/*.conf\nPort 1'],
  ['Include of several files in one line', 'inc', 'Include FOLDER/parts/20-b.conf FOLDER/plain.conf'],
  ['Include of what is not there', 'pc', 'Include FOLDER/none-*.conf FOLDER/nothing\nPort 1'],
  ['Include in a section that holds', 'inc', 'Host inc\n Include FOLDER/parts/*.conf\n ConnectTimeout 4'],
  ['Include in a section that does not hold', 'pc', 'Host inc\n Include FOLDER/plain.conf\nHost pc\n User a'],
  [
    'a file included in a section that does not hold, with sections',
    'inc',
    'Host no\n Include FOLDER/parts/*.conf',
  ],
  ['ConnectTimeout in seconds', 'pc', 'ConnectTimeout 30\nConnectionAttempts 4'],
  ['ConnectTimeout in words', 'pc', 'ConnectTimeout 1m30s'],
  ['ConnectTimeout none', 'pc', 'ConnectTimeout none\nConnectionAttempts 1'],
  ['ServerAlive', 'pc', 'ServerAliveInterval 2m\nServerAliveCountMax 5'],
  ['ServerAlive turned off', 'pc', 'ServerAliveInterval 0\nServerAliveCountMax 5'],
  ['StrictHostKeyChecking yes', 'pc', 'StrictHostKeyChecking yes'],
  ['StrictHostKeyChecking ask', 'pc', 'StrictHostKeyChecking ask'],
  ['StrictHostKeyChecking accept-new', 'pc', 'StrictHostKeyChecking accept-new'],
  ['StrictHostKeyChecking no', 'pc', 'StrictHostKeyChecking NO'],
  [
    'StrictHostKeyChecking off, nothing remembered',
    'pc',
    'StrictHostKeyChecking off\nUserKnownHostsFile /dev/null',
  ],
  ['known_hosts files', 'pc', 'UserKnownHostsFile /a/one "/b/t wo"\nGlobalKnownHostsFile /c/three'],
  ['one list of known_hosts files', 'pc', 'UserKnownHostsFile ~/.ssh/rpa_hosts'],
  ['the other list of known_hosts files', 'pc', 'GlobalKnownHostsFile /etc/rpa_hosts'],
  ['no known_hosts files of the user', 'pc', 'UserKnownHostsFile none\nGlobalKnownHostsFile /etc/rpa_hosts'],
  [
    'tokens in known_hosts files',
    'pc',
    'UserKnownHostsFile /x/%h-%n-%p-%r-%u-%%\nHostName gw\nPort 9\nUser me',
  ],
  ['HostKeyAlias and %k', 'pc', 'HostKeyAlias customer-12\nUserKnownHostsFile /x/%k'],
  ['%k without HostKeyAlias', 'pc', 'HostName gw\nUserKnownHostsFile /x/%k'],
  ['Ciphers', 'pc', 'Ciphers aes256-ctr,chacha20-poly1305@openssh.com,aes128-cbc'],
  ['MACs', 'pc', 'MACs umac-128@openssh.com,hmac-sha2-512,hmac-sha1'],
  [
    'KexAlgorithms, unknown ones left out',
    'pc',
    'KexAlgorithms sntrup761x25519-sha512@openssh.com,curve25519-sha256',
  ],
  ['HostKeyAlgorithms', 'pc', 'HostKeyAlgorithms rsa-sha2-512,ssh-ed25519-cert-v01@openssh.com,ssh-ed25519'],
  ['Compression', 'pc', 'Compression yes'],
  ['ProxyJump', 'pc', 'Host pc\n ProxyJump bastion'],
  ['ProxyJump with user and port', 'pc', 'Host pc\n ProxyJump me@bastion:2222'],
  [
    'ProxyJump to a host with settings',
    'pc',
    'Host pc\n ProxyJump b\nHost b\n HostName gw\n User jumper\n Port 22022',
  ],
  [
    'ProxyJump whose user and port win',
    'pc',
    'Host pc\n ProxyJump u@b:7\nHost b\n HostName gw\n User jumper\n Port 8',
  ],
  ['ProxyJump through two hosts', 'pc', 'Host pc\n ProxyJump a:1,z@b\nHost b\n HostName gw\n Port 2'],
  ['ProxyJump of a jump host', 'pc', 'Host pc\n ProxyJump a\nHost a\n ProxyJump b\nHost b\n HostName gw'],
  [
    'ProxyJump of a jump host, overruled',
    'pc',
    'Host pc\n ProxyJump c,a\nHost a\n ProxyJump b\nHost b\n HostName gw',
  ],
  ['ProxyJump to an IPv6 address', 'pc', 'Host pc\n ProxyJump me@[::1]:2222'],
  ['ProxyJump as a URI', 'pc', 'Host pc\n ProxyJump ssh://me@bastion:2222'],
  ['ProxyJump none keeps a later one out', 'pc', 'Host pc\n ProxyJump none\nHost *\n ProxyJump bastion'],
  [
    'ProxyCommand keeps a later ProxyJump out',
    'pc',
    'Host pc\n ProxyCommand none\nHost *\n ProxyJump bastion',
  ],
  ['Match user sees the user of a ProxyJump', 'pc', 'Host pc\n ProxyJump ann@b\nMatch user ann\n Port 77'],
  [
    'unrelated settings',
    'pc',
    'ForwardAgent yes\nLocalForward 1 localhost:2\nSendEnv LANG LC_*\nLogLevel ERROR',
  ],
];

describe('fromSshConfig agrees with ssh -G', () => {
  it.each(table)('on %s', async (_title, alias, config) => {
    await writeFile(file, `${config.replaceAll('FOLDER', folder)}\n`);
    const ours = await inWordsOfSsh(await fromSshConfig(alias, { file }));
    expect(ours).toEqual(await wordsOfSsh(file, alias, ours));
  });

  it('on random sections', async () => {
    const pattern = fc.constantFrom('a', 'b', 'ab', 'a*', '*b', '?', '??', '*', '!a', '!b*', 'A');
    const host = fc.array(pattern, { minLength: 1, maxLength: 3 }).map((list) => `Host ${list.join(' ')}`);
    const criterion = fc.constantFrom('host', '!host', 'originalhost', 'user', '!user');
    const match = fc
      .array(fc.tuple(criterion, fc.array(pattern, { minLength: 1, maxLength: 2 })), {
        minLength: 1,
        maxLength: 2,
      })
      .map((list) => `Match ${list.map(([name, patterns]) => `${name} ${patterns.join(',')}`).join(' ')}`);
    const setting = fc.constantFrom(
      'HostName ab',
      'HostName b',
      'User a',
      'User b',
      'Port 1',
      'Port 2',
      'Port 3',
    );
    const section = fc.tuple(fc.oneof(host, match), fc.array(setting, { minLength: 1, maxLength: 3 }));
    const config = fc.array(section, { minLength: 1, maxLength: 5 });
    const alias = fc.constantFrom('a', 'b', 'ab', 'c');
    await fc.assert(
      fc.asyncProperty(config, alias, async (sections, name) => {
        await writeFile(file, sections.map(([head, lines]) => `${head}\n ${lines.join('\n ')}\n`).join(''));
        const ours = await inWordsOfSsh(await fromSshConfig(name, { file }));
        expect(ours).toEqual(await wordsOfSsh(file, name, ours));
      }),
      { numRuns: 150 },
    );
  });
});

describe('key files', () => {
  it.each([
    ['a path', 'IdentityFile FOLDER/key'],
    ['tokens', 'IdentityFile FOLDER/%n.%h.%p.%r.%u\nHostName gw\nPort 7\nUser me'],
    ['home and local names', 'IdentityFile FOLDER/%i-%l-%L%%'],
    ['a home folder', 'IdentityFile %d/FILE'],
    ['a tilde', 'IdentityFile ~/FILE'],
    ['double quotes', 'IdentityFile "FOLDER/a key#1"'],
    ['single quotes', "IdentityFile 'FOLDER/a key'"],
    ['an environment variable', `IdentityFile FOLDER/\${LOGNAME_OF_TEST}`],
  ])('are found as ssh finds them, with %s', async (_title, config) => {
    process.env['LOGNAME_OF_TEST'] = 'kim';
    const unique = `.ssh-config-test-${process.pid}`;
    await writeFile(
      file,
      `IdentityAgent none\n${config.replaceAll('FOLDER', folder).replaceAll('FILE', unique)}\n`,
    );
    const [path] = await identityFilesOfSsh(file, 'pc');
    await writeFile(path!, pem());
    try {
      expect((await fromSshConfig('pc', { file })).privateKeyPath).toBe(path);
    } finally {
      await rm(path!);
    }
  });

  it('are the first that is there', async () => {
    const key = join(folder, 'second');
    await writeFile(key, pem());
    await writeFile(file, `IdentityFile ${folder}/first\nIdentityFile ${key}\nIdentityAgent none\n`);
    expect(await identityFilesOfSsh(file, 'pc')).toEqual([`${folder}/first`, key]);
    expect((await fromSshConfig('pc', { file })).privateKeyPath).toBe(key);
  });
});

describe('ProxyCommand', () => {
  it.each([
    ['plain words', '--host %h --port %p --user %r --percent %%'],
    ['the name that was asked for', '%n:%p'],
    ['quotes', `"two words" 'and three words' a"b c"d`],
    ['equals signs', '-o Key=value== a = b --token=abc='],
    ['spaces in a row within quotes', `sh -c 'echo  a   b'`],
    ['a word in quotes with escaped quotes', '"say \\"%h\\""'],
    ['a hash sign in a word', 'a#b'],
  ])('starts the same program as ssh, with %s', async (_title, args) => {
    const out = join(folder, 'argv.json');
    const script = join(folder, 'dump.mjs');
    await writeFile(
      script,
      `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(out)}, JSON.stringify(process.argv.slice(2)));`,
    );
    await writeFile(
      file,
      `Host pc\n HostName gw.example.com\n Port 9012\n User rpa\n ProxyCommand ${process.execPath} ${script} ${args}\n`,
    );
    await promisify(execFile)('ssh', ['-F', file, '-o', 'BatchMode=yes', 'pc']).catch(() => {});
    const bySsh = await readFile(out, 'utf8');
    await rm(out);

    const { via, host, port = 22, username } = await fromSshConfig('pc', { file });
    const context = {
      host,
      port,
      username,
      timeout: 9_000,
      log: () => {},
      signal: new AbortController().signal,
    };
    const { stream, dispose } = await (via as Route).open({ ...context, connect: () => Promise.reject() });
    stream.resume();
    await new Promise((resolve) => stream.once('close', resolve));
    await dispose?.();
    expect(await readFile(out, 'utf8')).toBe(bySsh);
  });
});

it('names the jump host circle that ssh refuses as well', async () => {
  await writeFile(file, 'Host *\n ProxyJump b\n');
  await expect(sshG(file, 'b')).rejects.toThrow('jumphost loop');
  await expect(fromSshConfig('b', { file })).rejects.toThrow('ProxyJump goes in a circle');
});

it('reads the files of the user and of the system without a file option', async () => {
  const { stdout } = await promisify(execFile)('ssh', ['-G', 'nobody.example.com']);
  expect(stdout).toContain('hostname nobody.example.com');
  expect((await fromSshConfig('nobody.example.com')).username).toBe(/^user (.*)$/m.exec(stdout)?.[1]);
});

function pem(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'sec1', format: 'pem' }).toString();
}
