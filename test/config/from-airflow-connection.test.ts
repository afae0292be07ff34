import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import { type AirflowConnection, fromAirflowConnection } from '../../src/interop/from-airflow-connection.ts';
import { startMockServer } from '../../src/mock-server/index.ts';
import type { ConnectOptions, LogRecord } from '../../src/options/types.ts';
import { validateConnectOptions } from '../../src/options/validate.ts';
import { algorithmNames } from '../../src/ssh2/handshake/algorithms.ts';
import { openSshKey } from '../support/private-keys.ts';

/** What SSHHook 7.0.1 answered; see test/airflow/hook_answers.py. */
interface HookAnswer {
  error?: string;
  host: string;
  port: number;
  username: string;
  password: string | null;
  key_file: string | null;
  private_key: string | null;
  conn_timeout: number | null;
  look_for_keys: boolean;
  disabled_algorithms: Record<string, string[]> | null;
  ciphers: string[] | null;
  host_keys: string;
}

const table = new URL('./airflow/', import.meta.url);
const read = async (name: string) => JSON.parse(await readFile(new URL(name, table), 'utf8'));
const connections: AirflowConnection[] = await read('connections.json');
const answers: HookAnswer[] = await read('hook-answers.json');

const plainKey = openSshKey().private;
const lockedKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .privateKey.export({ type: 'sec1', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'secret' })
  .toString();

/** The table has no keys in it. */
function withKeys(connection: AirflowConnection): AirflowConnection {
  const quoted = (key: string) => JSON.stringify(key).slice(1, -1);
  const extra = connection.extra as string | undefined;
  if (extra === undefined) return connection;
  return {
    ...connection,
    extra: extra.replace('PLAIN_KEY', quoted(plainKey)).replace('LOCKED_KEY', quoted(lockedKey)),
  };
}

/** Our options in the hook's words. */
function inWordsOfHook(options: ConnectOptions): Partial<HookAnswer> {
  const { host, username, password = null, privateKey, hostKey, timeouts } = options;
  const type = privateKey === undefined ? null : keyType(options);
  return {
    ...{ host, username, password, port: options.port ?? 22 },
    key_file: (options.privateKeyPath as string | undefined) ?? null,
    private_key: type,
    conn_timeout: timeouts?.tcp === undefined ? null : timeouts.tcp / 1_000,
    host_keys: hostKeysOf(hostKey),
  };
}

function keyType({ privateKey, passphrase }: ConnectOptions): string {
  const key = ssh2.utils.parseKey(privateKey!, passphrase);
  if (key instanceof Error) throw key;
  return key.type;
}

function hostKeysOf(hostKey: ConnectOptions['hostKey']): string {
  if (hostKey === 'insecure-accept-any') return 'anything';
  if (hostKey === undefined) return 'known only';
  if ('key' in hostKey) return `only ${hostKey.key}`;
  return 'onUnknown' in hostKey && hostKey.onUnknown === 'accept-new'
    ? 'known, unknown accepted'
    : 'known only';
}

beforeEach(() => {
  // No keys of the machine that runs the test.
  vi.stubEnv('HOME', '/nonexistent');
  vi.stubEnv('SSH_AUTH_SOCK', undefined);
  return () => vi.unstubAllEnvs();
});

describe('agrees with SSHHook', () => {
  const cases = connections.map((connection, at): [string, AirflowConnection, HookAnswer] => [
    JSON.stringify(connection.extra ?? connection).slice(0, 110),
    withKeys(connection),
    answers[at]!,
  ]);

  it('on a table of connections', () => {
    expect(answers).toHaveLength(connections.length);
    expect(connections.length).toBeGreaterThan(45);
  });

  it.each(cases)('on %s', (_title, connection, answer) => {
    if (answer.error) return expect(() => fromAirflowConnection(connection)).toThrow(TypeError);
    const options = fromAirflowConnection(connection);
    validateConnectOptions(options);
    const { port, host, username, password, key_file, private_key, host_keys } = answer;
    // Dropped by the hook and kept here: `timeout` is what conn_timeout was called.
    const conn_timeout = connection.extra === '{"timeout": 7}' ? 7 : answer.conn_timeout;
    const expected = { port, host, username, password, key_file, private_key, host_keys, conn_timeout };
    expect(inWordsOfHook(options)).toEqual(expected);
    expect(options.algorithms?.cipher ?? null).toEqual(ciphersOf(answer));
  });

  function ciphersOf({ ciphers, disabled_algorithms: disabled }: HookAnswer): string[] | null {
    if (!ciphers && !disabled?.['ciphers']) return null;
    const list = ciphers ?? algorithmNames('cipher').offered;
    return list.filter((name) => !disabled?.['ciphers']?.includes(name));
  }

  it('on extra as an object and as JSON', () => {
    const extra = { conn_timeout: '20', no_host_key_check: 'true' };
    const fields = { host: 'gw', login: 'rpa' };
    expect(fromAirflowConnection({ ...fields, extra })).toEqual(
      fromAirflowConnection({ ...fields, extra: JSON.stringify(extra) }),
    );
  });
});

const fields = { id: 'c12', type: 'ssh', schema: null, host: 'gw.example.com', login: 'rpa' };
const from = (extra: object, more: object = {}) =>
  fromAirflowConnection({ ...fields, ...more, extra: { ...extra } });

it("accepts Airflow's values for empty fields", () => {
  const empty = { ...fields, password: null, port: null, extra: null };
  expect(fromAirflowConnection(empty)).toEqual({ host: 'gw.example.com', username: 'rpa' });
  expect(fromAirflowConnection({ ...empty, login: null, extra: '' }).username).toBe(userInfo().username);
});

it("also reads the hook's arguments from extra", () => {
  const options = from({ banner_timeout: 45, auth_timeout: '15', keepalive_interval: 10 });
  expect(options).toMatchObject({
    timeouts: { banner: 45_000, auth: 15_000 },
    keepalive: { interval: 10_000 },
  });
  expect(from({ keepalive_interval: 0 }).keepalive).toBe(false);
  expect(from({ host_proxy_cmd: 'cloudflared access ssh --hostname %h' }).via).toMatchObject({
    kind: 'proxy-command',
  });
});

it('prefers conn_timeout to its old name timeout', () => {
  expect(from({ conn_timeout: 5, timeout: 9 }).timeouts).toEqual({ tcp: 5_000 });
});

it('compresses only if requested', () => {
  expect(from({}).algorithms).toBeUndefined();
  expect(from({ compress: 'true' }).algorithms?.compress).toEqual(['zlib@openssh.com', 'zlib', 'none']);
});

it('removes disabled algorithms from every list', () => {
  const { algorithms } = from({
    disabled_algorithms: { kex: ['curve25519-sha256'], keys: ['ssh-ed25519'], macs: ['hmac-sha2-256'] },
  });
  expect(algorithms?.kex).not.toContain('curve25519-sha256');
  expect(algorithms?.kex).toContain('ecdh-sha2-nistp256');
  expect(algorithms?.serverHostKey).not.toContain('ssh-ed25519');
  expect(algorithms?.hmac).not.toContain('hmac-sha2-256');
});

describe('keys of the home directory', () => {
  const own = (name: string) => join(home, '.ssh', name);
  let home: string;

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'home-'));
    await mkdir(join(home, '.ssh'));
    vi.stubEnv('HOME', home);
    return () => rm(home, { recursive: true });
  });

  it('are offered beside agent and password, unless a key is named', async () => {
    await writeFile(own('id_ed25519'), plainKey);
    vi.stubEnv('SSH_AUTH_SOCK', '/run/agent.sock');
    const found = { privateKeyPath: own('id_ed25519'), agentFirst: true };
    expect(from({})).toMatchObject({ agent: '/run/agent.sock', ...found });
    expect(from({}, { password: 'pw' })).toMatchObject({
      agent: '/run/agent.sock',
      password: 'pw',
      ...found,
    });
    expect(from({ key_file: '/keys/a' })).not.toHaveProperty('agentFirst');
    expect(from({ key_file: '/keys/a' }).privateKeyPath).toBe('/keys/a');
    expect(from({ private_key: plainKey })).not.toHaveProperty('privateKeyPath');
    for (const more of [{}, { password: 'pw' }])
      expect(from({ look_for_keys: 'false' }, more)).not.toHaveProperty('privateKeyPath');
  });

  it("are all tried if they need no passphrase, in paramiko's order", async () => {
    await writeFile(own('id_ed25519'), plainKey);
    await writeFile(own('id_ecdsa'), lockedKey);
    await writeFile(own('id_rsa'), plainKey);
    const both = [own('id_rsa'), own('id_ed25519')];
    expect(from({}).privateKeyPath).toEqual(both);
    expect(from({}, { password: 'pw' }).privateKeyPath).toEqual(both);
  });

  it('with a passphrase are left to the agent, and named if nothing else can authenticate', async () => {
    await writeFile(own('id_ecdsa'), lockedKey);
    await writeFile(own('id_ed25519'), lockedKey);
    expect(from({}).privateKeyPath).toBe(own('id_ecdsa'));
    expect(from({}, { password: 'pw' })).not.toHaveProperty('privateKeyPath');
    vi.stubEnv('SSH_AUTH_SOCK', '/run/agent.sock');
    expect(from({})).not.toHaveProperty('privateKeyPath');
  });

  it('must be files and keys', async () => {
    execFileSync('mkfifo', [own('id_rsa')]);
    await mkdir(own('id_ecdsa'));
    await writeFile(own('id_ed25519'), 'not a key');
    expect(from({})).not.toHaveProperty('privateKeyPath');
  });

  it('authenticate if the server accepts no password, as with the hook', async () => {
    await using server = await startMockServer();
    const { host, port, clientKey, hostKey } = server;
    await writeFile(own('id_ed25519'), clientKey.privateKey);
    const connection = { ...fields, host, port, password: 'of something else' };
    const options = fromAirflowConnection({ ...connection, extra: { host_key: hostKey.publicKey } });
    await using pc = await connectViaGateway({ ...options, retry: false });
    expect(pc.hostKeyFingerprint).toBe(hostKey.fingerprint);
  });
});

describe('warns', () => {
  const warnings = (extra: object) => {
    const log = vi.fn<(record: LogRecord) => void>();
    const options = fromAirflowConnection({ ...fields, port: 9012, extra: { ...extra } }, { log });
    expect(options.log).toBe(log);
    return log.mock.calls.flat();
  };

  it('of host keys that are not checked', () => {
    const at = { level: 'warn', event: 'host-key-unchecked', host: 'gw.example.com', port: 9012 };
    expect(warnings({ no_host_key_check: true })).toEqual([
      { ...at, message: expect.stringContaining('no_host_key_check is set') },
    ]);
    expect(warnings({ allow_host_key_change: true })).toEqual([
      { ...at, message: expect.stringContaining('allow_host_key_change is set') },
    ]);
    expect(warnings({ no_host_key_check: false })).toEqual([]);
  });

  it('of extras that have no effect', () => {
    const messages = warnings({ disabled_algorithms: { pubkeys: ['rsa-sha2-512'] }, key_fil: '/x' });
    expect(messages.map(({ message }) => message)).toEqual([
      'Airflow connection: extra.key_fil is not known and has no effect',
      'Airflow connection: disabled_algorithms.pubkeys has no counterpart and is ignored',
    ]);
  });
});

describe('refuses', () => {
  it.each([
    [{ host: '' }, 'connection.host'],
    [{ extra: '{"private_key": "oops' }, 'text that is not JSON'],
    [{ extra: '[1]' }, 'connection.extra'],
    [{ extra: { key_file: 5 } }, 'extra.key_file'],
    [{ extra: { conn_timeout: -1 } }, 'extra.conn_timeout'],
    [{ extra: { ciphers: ['none-such'] } }, 'extra.ciphers'],
    [{ extra: { ciphers: 5 } }, 'extra.ciphers'],
    [{ extra: { disabled_algorithms: [] } }, 'extra.disabled_algorithms'],
    [{ extra: { host_proxy_cmd: 'a | b' } }, /^option extra.host_proxy_cmd: \|, which needs a shell/],
  ])('%j', (more, named) => {
    expect(() => fromAirflowConnection({ ...fields, ...more })).toThrow(named);
  });

  it('without showing a secret', () => {
    const secrets = [
      { extra: `{"private_key": "TOP${'SECRET'}` },
      { extra: { private_key: 'TOPSECRET' } },
      { extra: { private_key: { TOPSECRET: 1 } } },
      { extra: { key_file: 'a', private_key: 'TOPSECRET\nx' } },
    ];
    for (const more of secrets) {
      expect(() => fromAirflowConnection({ ...fields, ...more })).toThrow(/^(?!.*TOPSECRET)/s);
    }
  });
});

it('connects', async () => {
  await using server = await startMockServer();
  const { host, port, clientKey, hostKey } = server;
  const extra = { private_key: clientKey.privateKey, host_key: hostKey.publicKey, compress: 'true' };
  const connection = { ...fields, host, port, extra: JSON.stringify(extra) };
  await using pc = await connectViaGateway({ ...fromAirflowConnection(connection), retry: false });
  expect(pc.hostKeyFingerprint).toBe(hostKey.fingerprint);
});
