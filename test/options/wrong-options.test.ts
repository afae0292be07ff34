import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import type { ConnectOptions } from '../../src/options/types.ts';

type Loose = { [option in keyof ConnectOptions]?: unknown } & Record<string, unknown>;
type Row = [what: string, wrong: Loose, names: string, kind?: typeof TypeError | typeof RangeError];

const noop = () => {};
const pin = `SHA256:${'A'.repeat(43)}`;

const rows: Row[] = [
  ['no host', { host: undefined }, 'host'],
  ['a host that is a number', { host: 5 }, 'host'],
  ['an empty host', { host: '' }, 'host', RangeError],
  ['a host with its user', { host: 'rpa@gateway' }, 'host', RangeError],
  ['a host with a scheme', { host: 'ssh://gateway' }, 'host', RangeError],
  ['a host with a blank', { host: 'gate way' }, 'host', RangeError],
  ['a host with NUL', { host: 'gateway\0' }, 'host', RangeError],
  ['a host that looks like an option', { host: '-oProxyCommand=x' }, 'host', RangeError],
  ['a host with its port', { host: 'gateway:9012' }, 'host', RangeError],
  ['a host in brackets', { host: '[::1]' }, 'host', RangeError],
  ['an address in brackets with its port', { host: '[::1]:9012' }, 'host', RangeError],
  ['a port that is a string', { port: '22' }, 'port'],
  ['port 0', { port: 0 }, 'port', RangeError],
  ['a port below zero', { port: -1 }, 'port', RangeError],
  ['a port beyond 65535', { port: 65_536 }, 'port', RangeError],
  ['half a port', { port: 22.5 }, 'port', RangeError],
  ['a port that is not a number', { port: Number.NaN }, 'port', RangeError],
  ['no username', { username: undefined }, 'username'],
  ['an empty username', { username: '' }, 'username', RangeError],
  ['a username that is null', { username: null }, 'username'],
  ['a private key that is an object', { privateKey: {} }, 'privateKey'],
  ['an empty private key', { privateKey: '' }, 'privateKey'],
  ['a private key that is none', { privateKey: 'hello' }, 'privateKey'],
  [
    'a public key as private key',
    {
      privateKey: `ssh-ed25519 ${Buffer.from('\0\0\0\x0bssh-ed25519\0\0\0\x20'.padEnd(51, 'x'), 'latin1').toString('base64')}`,
    },
    'privateKey',
  ],
  ['a path that is an array', { privateKeyPath: ['x'] }, 'privateKeyPath'],
  ['an empty path', { privateKeyPath: '' }, 'privateKeyPath', RangeError],
  ['a key as its path', { privateKeyPath: '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n' }, 'privateKeyPath'],
  ['a key file that is not there', { privateKeyPath: '/nonexistent/key' }, 'privateKeyPath'],
  ['a key file that is a folder', { privateKeyPath: tmpdir() }, 'privateKeyPath'],
  ['two private keys', { privateKey: 'x', privateKeyPath: 'y' }, 'privateKey and privateKeyPath'],
  ['a passphrase that is a number', { passphrase: 1234 }, 'passphrase'],
  ['an empty passphrase', { passphrase: '' }, 'passphrase'],
  ['a password that is a number', { password: 1234 }, 'password'],
  ['a password that is null', { password: null }, 'password'],
  ['an agent that is false', { agent: false }, 'agent'],
  ['an empty agent path', { agent: '' }, 'agent', RangeError],
  ['an agent from an environment without one', { agent: true }, 'agent', RangeError],
  ['answers that are no function', { keyboardInteractive: ['1234'] }, 'keyboardInteractive'],
  ['a hostKey that is a fingerprint alone', { hostKey: pin }, 'hostKey'],
  ['a hostKey that is false', { hostKey: false }, 'hostKey'],
  ['a misspelt hostKey kind', { hostKey: { fingerPrint: pin } }, 'hostKey.fingerPrint'],
  ['two kinds of hostKey', { hostKey: { fingerprint: pin, verify: noop } }, 'hostKey.verify'],
  [
    'an MD5 fingerprint',
    { hostKey: { fingerprint: '16:27:ac:a5:76:28:2d:36' } },
    'hostKey.fingerprint',
    RangeError,
  ],
  ['a cut fingerprint', { hostKey: { fingerprint: 'SHA256:AAAA' } }, 'hostKey.fingerprint', RangeError],
  ['no fingerprint at all', { hostKey: { fingerprint: [] } }, 'hostKey.fingerprint'],
  ['a fingerprint that is undefined', { hostKey: { fingerprint: undefined } }, 'hostKey.fingerprint'],
  ['a key that is a fingerprint', { hostKey: { key: pin } }, 'hostKey.key', RangeError],
  [
    'a key of another type than it says',
    { hostKey: { key: 'ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAA' } },
    'hostKey.key',
    RangeError,
  ],
  ['verify that is true', { hostKey: { verify: true } }, 'hostKey.verify'],
  ['known_hosts that is a number', { hostKey: { knownHosts: 3 } }, 'hostKey.knownHosts'],
  ['no known_hosts at all', { hostKey: { knownHosts: [] } }, 'hostKey.knownHosts'],
  ['an alias with a wildcard', { hostKey: { alias: 'customer-*' } }, 'hostKey.alias', RangeError],
  ['onUnknown that accepts everything', { hostKey: { onUnknown: 'accept' } }, 'hostKey.onUnknown'],
  ['timeouts that are one number', { timeouts: 30_000 }, 'timeouts'],
  ['a timeout of zero', { timeouts: { tcp: 0 } }, 'timeouts.tcp', RangeError],
  ['a timeout below zero', { timeouts: { banner: -1 } }, 'timeouts.banner', RangeError],
  ['a timeout that is a string', { timeouts: { auth: '30s' } }, 'timeouts.auth'],
  ['a timeout that is not a number', { timeouts: { total: Number.NaN } }, 'timeouts.total', RangeError],
  ['a misspelt timeout', { timeouts: { connect: 1 } }, 'timeouts.connect'],
  ['retry that is a number', { retry: 3 }, 'retry'],
  ['retry that is true', { retry: true }, 'retry'],
  ['no attempts', { retry: { attempts: 0 } }, 'retry.attempts', RangeError],
  ['one and a half attempts', { retry: { attempts: 1.5 } }, 'retry.attempts', RangeError],
  ['a delay below zero', { retry: { minDelay: -1 } }, 'retry.minDelay', RangeError],
  ['a delay without end', { retry: { maxDelay: Number.POSITIVE_INFINITY } }, 'retry.maxDelay', RangeError],
  ['a factor below one', { retry: { factor: 0.5 } }, 'retry.factor', RangeError],
  ['a jitter beyond one', { retry: { jitter: 2 } }, 'retry.jitter', RangeError],
  ['quiet that is a string', { retry: { quiet: '45s' } }, 'retry.quiet'],
  ['shouldRetry that is a value', { retry: { shouldRetry: true } }, 'retry.shouldRetry'],
  ['onRetry that is a value', { retry: { onRetry: 'log' } }, 'retry.onRetry'],
  ['a name of another library', { retry: { retries: 3 } }, 'retry.retries'],
  ['keepalive that is true', { keepalive: true }, 'keepalive'],
  ['a keepalive interval of zero', { keepalive: { interval: 0 } }, 'keepalive.interval', RangeError],
  ['a keepalive that gives up at once', { keepalive: { countMax: 0 } }, 'keepalive.countMax', RangeError],
  ['via that is a string', { via: 'bastion' }, 'via'],
  ['via that is connect options', { via: { host: 'bastion', username: 'x' } }, 'via'],
  ['a signal that is a controller', { signal: new AbortController() }, 'signal'],
  ['algorithms that are an array', { algorithms: ['aes128-ctr'] }, 'algorithms'],
  ['a misspelt kind of algorithm', { algorithms: { ciphers: ['aes128-ctr'] } }, 'algorithms.ciphers'],
  ['no cipher at all', { algorithms: { cipher: [] } }, 'algorithms.cipher'],
  ['an unknown cipher', { algorithms: { cipher: ['rot13'] } }, 'algorithms.cipher', RangeError],
  ['a kex as cipher', { algorithms: { cipher: ['curve25519-sha256'] } }, 'algorithms.cipher', RangeError],
  ['an algorithm that is null', { algorithms: { hmac: [null] } }, 'algorithms.hmac'],
  ['no sessions at all', { maxSessions: 0 }, 'maxSessions', RangeError],
  ['sessions without end', { maxSessions: Number.POSITIVE_INFINITY }, 'maxSessions', RangeError],
  ['a login banner that is a value', { onLoginBanner: true }, 'onLoginBanner'],
  ['a log that is a console', { log: console }, 'log'],
  ['an option of ssh2', { readyTimeout: 20_000 }, 'readyTimeout'],
  ['a misspelt option', { userName: 'rpa' }, 'userName'],
];

let server: Server;
let connects = 0;
const via = vi.fn(() => {
  throw new Error('must not be called');
});

beforeAll(async () => {
  vi.stubEnv('SSH_AUTH_SOCK', undefined);
  server = createServer((socket) => {
    connects++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
beforeEach(() => {
  connects = 0;
});
afterAll(() => {
  vi.unstubAllEnvs();
  server.close();
});

const right = () => ({
  host: '127.0.0.1',
  port: (server.address() as { port: number }).port,
  username: 'rpa',
  hostKey: 'insecure-accept-any',
  retry: false,
});

async function refusal(options: unknown): Promise<Error> {
  const given = connectViaGateway(options as ConnectOptions);
  return given.then(
    () => expect.unreachable('it connected'),
    (error) => error,
  );
}

describe('connectViaGateway rejects, before anything opens,', () => {
  it('in more than sixty ways', () => {
    expect(rows.length).toBeGreaterThan(60);
  });

  it.each(rows)('%s', async (_what, wrong, names, kind = TypeError) => {
    const error = await refusal({ ...right(), ...wrong });
    expect(error).toBeInstanceOf(kind);
    expect(error.constructor.name).toBe(kind.name);
    expect(error.message).toMatch(/would be right|no such option/);
    expect(error.message).toContain(`${names.includes(' and ') ? 'options' : 'option'} ${names}`);
    // Where a socket would have been opened, also through a route of its own.
    await refusal({ ...right(), via, ...wrong });
    await new Promise(setImmediate);
    expect(via).not.toHaveBeenCalled();
    expect(connects).toBe(0);
  });

  it.each([undefined, null, 'ssh rpa@gateway', 5, [], Buffer.from('x')])(
    'options that are %o',
    async (options) => {
      expect(await refusal(options)).toBeInstanceOf(TypeError);
      expect(connects).toBe(0);
    },
  );

  it('but connects to the same server with valid options', async () => {
    expect(await refusal(right())).toMatchObject({ code: 'SSH_BANNER_MISSING' });
    expect(connects).toBe(1);
  });
});

describe('the rejection of a host', () => {
  it.each([
    ['gateway:9012', "'gateway' here and 9012 in port would be right"],
    ['[::1]:9012', "'::1' here and 9012 in port would be right"],
    ['[::1]', "'::1', without brackets, would be right"],
    ['ssh://rpa@gateway', 'a host name or address alone, without user, would be right'],
  ])('says what is valid: %s', async (host, right) => {
    expect((await refusal({ host, username: 'rpa' })).message).toContain(right);
  });
});

describe('the rejection of a secret', () => {
  it.each([
    { host: 'rpa:987654321@gateway' },
    { hostKey: { key: '-----BEGIN OPENSSH PRIVATE KEY-----987654321' } },
    { privateKeyPath: '-----BEGIN OPENSSH PRIVATE KEY-----\n987654321\n-----END' },
    { password: 987_654_321 },
    { passphrase: 987_654_321 },
    { privateKey: 987_654_321 },
    { privateKey: '987654321' },
    { privateKey: '-----BEGIN OPENSSH PRIVATE KEY-----\n987654321\n-----END OPENSSH PRIVATE KEY-----' },
  ])('does not show it: %o', async (wrong) => {
    const error = await refusal({ ...right(), ...wrong });
    expect(error.constructor.name).toMatch(/^(Type|Range)Error$/);
    expect(error.message).toContain('would be right');
    expect(`${error.message}${error.stack}${String(error.cause)}`).not.toContain('987654321');
  });

  it('does not show the content of a file that is not a key', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'svg-options-'));
    await writeFile(join(folder, 'key'), 'my secret notes');
    const error = await refusal({ ...right(), privateKeyPath: join(folder, 'key') });
    await rm(folder, { recursive: true });
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).not.toContain('secret');
  });
});
