import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { fromSshConfig } from '../../src/interop/from-ssh-config.ts';
import { validateConnectOptions } from '../../src/options/validate.ts';
import { openSshKey } from '../support/private-keys.ts';

let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ssh-config-'));
  file = join(folder, 'config');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

beforeEach(() => {
  vi.stubEnv('HOME', folder);
  vi.stubEnv('SSH_AUTH_SOCK', undefined);
  return () => vi.unstubAllEnvs();
});

async function read(config: string, alias = 'pc') {
  await writeFile(file, config);
  const options = await fromSshConfig(alias, { file });
  validateConnectOptions(options);
  return options;
}

it('returns options that connectViaGateway accepts', async () => {
  const options = await read(
    'Host pc\nHostName gw.example.com\nPort 9012\nUser rpa\nConnectTimeout 20\nServerAliveInterval 15\nConnectionAttempts 3',
  );
  expect(options).toEqual({
    host: 'gw.example.com',
    port: 9012,
    username: 'rpa',
    timeouts: { tcp: 20_000, banner: 20_000, handshake: 20_000 },
    keepalive: { interval: 15_000 },
    retry: { attempts: 3 },
  });
});

it('puts keys of IdentityFile before those of the agent, and default keys after them', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await mkdir(join(folder, '.ssh'));
  const own = join(folder, '.ssh', 'id_ecdsa');
  await writeFile(own, privateKey.export({ type: 'sec1', format: 'pem' }));
  try {
    const agent = 'IdentityAgent /run/agent';
    expect(await read(agent)).toMatchObject({ privateKeyPath: own, agent: '/run/agent', agentFirst: true });
    const named = await read(`${agent}\nIdentityFile ${own}`);
    expect(named).toMatchObject({ privateKeyPath: own, agent: '/run/agent' });
    expect(named).not.toHaveProperty('agentFirst');
    expect(await read('')).not.toHaveProperty('agentFirst');
  } finally {
    await rm(join(folder, '.ssh'), { recursive: true });
  }
});

it('uses defaults for what the configuration does not set', async () => {
  expect(await read('', 'rpa@gw')).toEqual({ host: 'gw', username: 'rpa' });
});

it('turns one attempt into no retry, and no probes into no keepalive', async () => {
  expect(await read('ConnectionAttempts 1\nServerAliveInterval 0')).toMatchObject({
    retry: false,
    keepalive: false,
  });
});

it('never gives up on a silent peer with ServerAliveCountMax 0', async () => {
  const options = await read('ServerAliveInterval 10\nServerAliveCountMax 0');
  expect(options.keepalive).toEqual({ interval: 10_000, countMax: 1_000 });
});

it('does not disable host key checking with StrictHostKeyChecking no alone', async () => {
  expect((await read('StrictHostKeyChecking no')).hostKey).toEqual({ onUnknown: 'accept-new' });
  expect((await read('StrictHostKeyChecking no\nHashKnownHosts yes')).hostKey).toEqual({
    onUnknown: 'accept-new',
    hash: true,
  });
  const nothing = await read('StrictHostKeyChecking no\nUserKnownHostsFile /dev/null');
  expect(nothing.hostKey).toBe('insecure-accept-any');
});

it('lets servers update their host keys only with UpdateHostKeys yes', async () => {
  expect((await read('UpdateHostKeys yes')).hostKey).toEqual({ update: true });
  expect((await read('UpdateHostKeys true\nHashKnownHosts yes\nHostKeyAlias pc')).hostKey).toEqual({
    ...{ alias: 'pc', hash: true, update: true },
  });
  const files = 'UserKnownHostsFile /a /b\nGlobalKnownHostsFile /c';
  expect((await read(`UpdateHostKeys yes\n${files}`)).hostKey).toEqual({
    ...{ knownHosts: ['/a', '/b', '/c'], update: ['/a', '/b'] },
  });
  for (const no of ['no', 'false', 'ask']) {
    expect((await read(`UpdateHostKeys ${no}`)).hostKey, no).toBeUndefined();
  }
  await expect(read('UpdateHostKeys perhaps')).rejects.toThrow(/UpdateHostKeys.*yes, no or ask/);
});

describe('algorithm lists', () => {
  it('change the default list by +, - and ^', async () => {
    const found = await read('Ciphers -aes128*,chacha20*\nMACs +hmac-sha1\nKexAlgorithms ^ecdh-*');
    const algorithms = found.algorithms as Record<string, string[]>;
    expect(algorithms['cipher']).toEqual(['aes256-gcm@openssh.com', 'aes192-ctr', 'aes256-ctr']);
    expect(algorithms['hmac']?.at(-1)).toBe('hmac-sha1');
    expect(algorithms['hmac']).toContain('hmac-sha2-256');
    expect(algorithms['kex']?.slice(0, 4)).toEqual([
      'ecdh-sha2-nistp256',
      'ecdh-sha2-nistp384',
      'ecdh-sha2-nistp521',
      'curve25519-sha256',
    ]);
  });

  it('that leave nothing are rejected', async () => {
    await expect(read('KexAlgorithms sntrup761x25519-sha512')).rejects.toThrow(
      /KexAlgorithms sntrup.*curve25519/,
    );
  });
});

describe('credentials', () => {
  const key = (passphrase?: string) => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const lock = passphrase === undefined ? {} : { cipher: 'aes-128-cbc', passphrase };
    return privateKey.export({ type: 'pkcs1', format: 'pem', ...lock }).toString();
  };

  it('name a missing key, so that connecting can report it', async () => {
    expect((await read('IdentityFile ~/missing')).privateKeyPath).toBe(join(folder, 'missing'));
  });

  it('leave a missing key to the agent', async () => {
    vi.stubEnv('SSH_AUTH_SOCK', '/run/agent.sock');
    const options = await read('IdentityFile ~/missing');
    expect(options).toMatchObject({ agent: '/run/agent.sock' });
    expect(options).not.toHaveProperty('privateKeyPath');
  });

  it('leave a key with a passphrase to the agent, if there is one', async () => {
    const path = join(folder, 'locked');
    await writeFile(path, key('secret'));
    expect((await read('IdentityFile ~/locked')).privateKeyPath).toBe(path);
    vi.stubEnv('SSH_AUTH_SOCK', '/run/agent.sock');
    expect(await read('IdentityFile ~/locked')).not.toHaveProperty('privateKeyPath');
  });

  it('detect a passphrase in OpenSSH keys too', async () => {
    vi.stubEnv('SSH_AUTH_SOCK', '/run/agent.sock');
    await writeFile(join(folder, 'openssh-plain'), openSshKey().private);
    await writeFile(join(folder, 'openssh-locked'), openSshKey({ passphrase: 'secret' }).private);
    const options = await read('IdentityFile ~/openssh-locked\nIdentityFile ~/openssh-plain');
    expect(options.privateKeyPath).toBe(join(folder, 'openssh-plain'));
  });

  it('exclude the agent with IdentitiesOnly, and both with PubkeyAuthentication no', async () => {
    await writeFile(join(folder, 'open'), key());
    vi.stubEnv('SSH_AUTH_SOCK', '/run/agent.sock');
    expect(await read('IdentityFile ~/open')).toHaveProperty('agent');
    expect(await read('IdentityFile ~/open\nIdentitiesOnly yes')).not.toHaveProperty('agent');
    const none = await read('IdentityFile ~/open\nPubkeyAuthentication no');
    expect(none).toEqual({ host: 'pc', username: expect.any(String) });
  });

  it.each([
    ['none', undefined],
    ['SSH_AUTH_SOCK', '/run/agent.sock'],
    ['$MY_AGENT', '/run/mine.sock'],
    ['~/agent-%n', `HOME/agent-pc`],
  ])('find the agent of IdentityAgent %s', async (value, expected) => {
    vi.stubEnv('SSH_AUTH_SOCK', '/run/agent.sock');
    vi.stubEnv('MY_AGENT', '/run/mine.sock');
    expect((await read(`IdentityAgent ${value}`)).agent).toBe(expected?.replace('HOME', folder));
  });
});

describe('refuses', () => {
  it.each([
    ['Match exec that would decide', 'Match host pc exec "true"\nPort 1', '"Match exec" is not supported'],
    ['an unknown criterion', 'Match planet mars\nPort 1', '"Match planet" is not supported'],
    ['a criterion without its value', 'Match host\nPort 1', 'host'],
    ['CanonicalizeHostname', 'CanonicalizeHostname yes', 'canonicalizehostname yes is not supported'],
    ['RevokedHostKeys', 'RevokedHostKeys /etc/revoked', 'revokedhostkeys /etc/revoked is not supported'],
    ['a port that is none', 'Port 99999', 'Port 99999: a whole number from 1 to 65535 would be right'],
    [
      'a time that is none',
      'ConnectTimeout soon',
      'ConnectTimeout soon: seconds, or a time as 1m30s would be right',
    ],
    ['a check that is none', 'StrictHostKeyChecking perhaps', 'yes, ask, accept-new or no would be right'],
    ['an unknown token', 'UserKnownHostsFile /x/%Q', '%Q is not supported'],
    ['an unknown token in HostName', 'HostName %p', '%p is not known'],
    ['a variable that is not set', `UserKnownHostsFile /x/\${NOT_SET_HERE}`, 'NOT_SET_HERE is not set'],
    ['a setting without a value', 'Port\nUser rpa', 'Port has no value'],
    ['a hash sign in a word', 'IdentityFile ~/a#b', 'put double quotes around'],
    ['an open quote', 'User "rpa', 'cannot be read'],
    [
      'a ProxyCommand for a shell',
      'ProxyCommand nc %h %p 2>/dev/null',
      'fromSshConfig: ProxyCommand: 2>/dev/null, which needs a shell',
    ],
    ['a ProxyJump that is none', 'ProxyJump a:b:c', '[user@]host[:port]'],
    ['files that include each other', 'Include FILE', 'Include is nested too deeply'],
  ])('%s', async (_title, config, message) => {
    const error = await read(config.replace('FILE', file)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toContain(message);
  });

  it('a missing file that was named', async () => {
    await expect(fromSshConfig('pc', { file: join(folder, 'no') })).rejects.toThrow(
      'cannot be read (ENOENT)',
    );
  });

  it.each(['', '-oProxyCommand=id', 'a b', '$(id)', 'a%h', 'x;id>y;', 'x&id', 'x|id', 'a<b', '{a,b}'])(
    'the name %j',
    async (alias) => {
      await writeFile(file, '');
      await expect(fromSshConfig(alias, { file })).rejects.toThrow(/alias/);
    },
  );

  it.each(['u;id', 'u$(id)', '-l', 'u`id`', 'u -oX'])('the user name %j', async (user) => {
    await writeFile(file, '');
    await expect(fromSshConfig(`${user}@pc`, { file })).rejects.toThrow(/user .* would be right/);
  });

  it('a user name of the configuration that a jump host would pass to a shell', async () => {
    await writeFile(file, 'Host pc\n ProxyJump u;id@jump\n');
    await expect(fromSshConfig('pc', { file })).rejects.toThrow(/user u;id/);
    await writeFile(file, 'Host pc\n ProxyJump jump;id\n');
    await expect(fromSshConfig('pc', { file })).rejects.toThrow(/alias jump;id/);
  });

  it('options that do not exist', async () => {
    await expect(fromSshConfig('pc', { path: file } as object)).rejects.toThrow('there is no such option');
  });
});
