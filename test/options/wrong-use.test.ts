import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/connection.ts';
import {
  connectToCustomer,
  connectViaGateway,
  endGatewayTunnel,
  fromAirflowConnection,
  fromSshConfig,
  httpProxy,
  jobId,
  jumpHost,
  keepReverseTunnel,
  listGatewayTunnels,
  loadCustomers,
  lookupHostKey,
  proxyCommand,
  quote,
  runJob,
  socksProxy,
  sshConnect,
} from '../../src/index.ts';
import type { MockServer } from '../../src/mock-server/index.ts';
import type { SftpClient } from '../../src/sftp/client/client-types.ts';
import { startServed } from './served.ts';

/** What is wrong, and the option or argument that the error must name. */
type Wrong = readonly [given: unknown, names: string];
type Entry = readonly [name: string, call: (options: never) => unknown, wrongs: readonly Wrong[]];

let server: MockServer;
let connection: Connection;
let sftp: SftpClient;
let before = 0;
let close: () => Promise<void>;

beforeAll(async () => {
  ({ server, connection, sftp, before, close } = await startServed());
});
afterAll(() => close());

const signal: Wrong[] = [
  [{ signal: {} }, 'signal'],
  [{ signal: new AbortController() }, 'signal'],
  [{ sginal: undefined }, 'sginal'],
  [{ signal: null }, 'signal'],
];
const noOptions: Wrong[] = [
  [null, 'options'],
  [5, 'options'],
  [[], 'options'],
  // What was meant for an option of them, or is not there yet.
  [new AbortController().signal, 'options'],
  [Promise.resolve({}), 'options'],
  [new Map([['timeout', 5]]), 'options'],
  [new Date(0), 'options'],
];
/** Of which even the name cannot be asked. */
const throwsWhenLookedAt = Object.defineProperty([], 'constructor', {
  get: () => {
    throw new Error('looked at');
  },
});
const exec: Wrong[] = [
  ...signal,
  ...noOptions,
  [{ timeout: 0 }, 'timeout'],
  [{ timeout: '5s' }, 'timeout'],
  [{ timeout: Number.NaN }, 'timeout'],
  [{ maxBuffer: -1 }, 'maxBuffer'],
  [{ maxBuffer: 0.5 }, 'maxBuffer'],
  [{ encoding: 'cp94' }, 'encoding'],
  [{ encoding: 949 }, 'encoding'],
  [{ env: new Map([['A', 'b']]) }, 'env'],
  [{ env: Promise.resolve({}) }, 'env'],
  [{ cwd: '' }, 'cwd'],
  [{ cwd: 5 }, 'cwd'],
  [{ env: 'A=b' }, 'env'],
  [{ env: { A: 1 } }, 'env.A'],
  [{ env: ['A=b'] }, 'env'],
  [{ shell: 'bash' }, 'shell'],
  [{ pty: 'yes' }, 'pty'],
  [{ pty: { cols: 0 } }, 'pty.cols'],
  [{ pty: { columns: 80 } }, 'pty.columns'],
  [{ onStdout: 'x' }, 'onStdout'],
  [{ onStderr: {} }, 'onStderr'],
  [{ onOutput: () => {} }, 'onOutput'],
  [{ reject: 'no' }, 'reject'],
  [{ stdin: 5 }, 'stdin'],
  [{ stdin: null }, 'stdin'],
];
const transfer: Wrong[] = [
  ...signal,
  ...noOptions,
  [{ verify: 'md5' }, 'verify'],
  [{ verify: true }, 'verify'],
  [{ concurrency: 0 }, 'concurrency'],
  [{ concurrency: Number.POSITIVE_INFINITY }, 'concurrency'],
  [{ stallTimeout: 0 }, 'stallTimeout'],
  [{ stallTimeout: Number.NaN }, 'stallTimeout'],
  [{ atomic: 1 }, 'atomic'],
  [{ resume: 'yes' }, 'resume'],
  [{ preserve: null }, 'preserve'],
  [{ filter: /x/ }, 'filter'],
  [{ onProgress: true }, 'onProgress'],
  [{ progress: () => {} }, 'progress'],
];
const job = { id: 'j' };
const jobs: Wrong[] = [
  ...noOptions,
  [{}, 'id'],
  [{ id: '../x' }, 'id'],
  [{ ...job, dir: '' }, 'dir'],
  [{ ...job, dir: 'a\nb' }, 'dir'],
  [{ ...job, signal: {} }, 'signal'],
  [{ ...job, shell: 'sh' }, 'shell'],
  [{ ...job, env: { A: null } }, 'env.A'],
  [{ ...job, interactive: 'yes' }, 'interactive'],
  [{ ...job, interactive: { runLevel: 'root' } }, 'interactive.runLevel'],
  [{ ...job, encoding: 'x' }, 'encoding'],
  [{ ...job, cdw: '/' }, 'cdw'],
];
const target = { host: 'h', port: 1 };
const publicKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIN19YEA2mmDDdqRDhqoP7SoxTgYpbnhuA1eVsjAZDOCu';
const login = { host: 'gw', username: 'rpa' };
const jump = { host: 'j', username: 'u' };
const fingerprint = `SHA256:${'A'.repeat(43)}`;
const query = { host: 'pc', key: publicKey };
const forward: Wrong[] = [
  ...noOptions,
  [{}, 'host'],
  [{ ...target, port: 70_000 }, 'port'],
  [{ host: 'h:1', port: 1 }, 'host'],
  [{ host: 'h' }, 'port'],
  [{ ...target, socketPath: '/x' }, 'socketPath'],
  [{ socketPath: '' }, 'socketPath'],
  [{ ...target, listenPort: -1 }, 'listenPort'],
  [{ ...target, listenPort: '1' }, 'listenPort'],
  [{ ...target, listenPath: '/x', listenPort: 1 }, 'listenPath'],
  [{ ...target, listenHost: 5, listenPort: 1 }, 'listenHost'],
  [{ ...target, listenPort: 1, signal: {} }, 'signal'],
  [{ ...target, listenPort: 1, onConnectionError: 5 }, 'onConnectionError'],
  [{ ...target, listenport: 1 }, 'listenport'],
];
const tunnel = { gateway: { host: 'gw', username: 'u' }, listenPort: 9001, target };
const wrongTunnels: Wrong[] = [
  { gateway: 'gw', names: 'gateway' },
  { gateway: { host: 'gw' }, names: 'gateway.username' },
  { gateway: { ...tunnel.gateway, signal: {} }, names: 'gateway.signal' },
  { retry: { shouldRetry: 5 }, names: 'retry.shouldRetry' },
  { retry: { attempts: 1.5 }, names: 'retry.attempts' },
  { retry: { maxDelay: Infinity }, names: 'retry.maxDelay' },
  { retry: { retries: 1 }, names: 'retry.retries' },
  { onEvent: 5, names: 'onEvent' },
  { signal: {}, names: 'signal' },
  { reclaim: 1, names: 'reclaim' },
  { reclaim: { answerTimeout: Number.NaN }, names: 'reclaim.answerTimeout' },
  { checkInterval: '1m', names: 'checkInterval' },
  { target: 'h:1', names: 'target' },
  { target: { host: 'h', port: 0 }, names: 'target.port' },
  { listenPort: 0, names: 'listenPort' },
  { listnPort: 1, names: 'listnPort' },
].map(({ names, ...wrong }): Wrong => [{ ...tunnel, ...wrong }, names]);
const streams: Wrong[] = [
  ...noOptions,
  [{ start: -1 }, 'start'],
  [{ start: '0' }, 'start'],
  [{ strat: 0 }, 'strat'],
];

const entries: readonly Entry[] = [
  ['exec', (options) => connection.exec('x', options), exec],
  [
    'exec of a command',
    (command) => connection.exec(command),
    [
      ['', 'command'],
      [5, 'command'],
      [[], 'argv'],
      [[''], 'argv[0]'],
    ],
  ],
  [
    'powershell',
    (options) => connection.powershell('x', options),
    [...signal, ...noOptions, [{ shell: 'cmd' }, 'shell'], [{ timeout: -1 }, 'timeout']],
  ],
  ['upload', (options) => connection.upload(Buffer.of(1), '/x', options), transfer],
  [
    'upload of something',
    (source) => connection.upload(source, '/x'),
    [
      [5, 'source'],
      [{}, 'source'],
      ['', 'source'],
    ],
  ],
  [
    'upload to somewhere',
    (path) => connection.upload(Buffer.of(1), path),
    [
      [5, 'remotePath'],
      ['', 'remotePath'],
      ['a\0', 'remotePath'],
    ],
  ],
  ['download', (options) => connection.download('/file', '/tmp/never', options), transfer],
  [
    'download to somewhere',
    (path) => connection.download('/file', path),
    [
      [5, 'localPath'],
      ['', 'localPath'],
    ],
  ],
  [
    'sftp',
    (options) => connection.sftp(options),
    [
      ...signal,
      ...noOptions.slice(0, 2),
      [{ requestTimeout: -1 }, 'requestTimeout'],
      [{ timeout: '5' }, 'timeout'],
    ],
  ],
  [
    'shell',
    (options) => connection.shell(options),
    [
      [{ term: 'x'.repeat(256) }, 'term'],
      ...signal,
      ...noOptions.slice(0, 2),
      [{ rows: 0 }, 'rows'],
      [{ columns: 1.5 }, 'columns'],
      [{ term: '' }, 'term'],
      [{ timeout: '5' }, 'timeout'],
    ],
  ],
  ['stat', (options) => sftp.stat('/file', options), [...signal, ...noOptions]],
  [
    'list',
    (path) => sftp.list(path),
    [
      [5, 'path'],
      ['', 'path'],
    ],
  ],
  [
    'rename',
    (to) => sftp.rename('/file', to),
    [
      [undefined, 'to'],
      ['', 'to'],
    ],
  ],
  [
    'hardLink',
    (existing) => sftp.hardLink(existing, '/second'),
    [
      [undefined, 'existing'],
      ['', 'existing'],
    ],
  ],
  [
    'hardLink to a path',
    (path) => sftp.hardLink('/file', path),
    [
      [5, 'path'],
      ['', 'path'],
    ],
  ],
  [
    'mkdir',
    (options) => sftp.mkdir('/d', options),
    [...signal, ...noOptions, [{ recursive: 1 }, 'recursive'], [{ mode: '755' }, 'mode']],
  ],
  [
    'remove',
    (options) => sftp.remove('/d', options),
    [...signal, ...noOptions, [{ recurse: true }, 'recurse']],
  ],
  [
    'createReadStream',
    (options) => sftp.createReadStream('/file', options),
    [...streams, [{ end: 0.5 }, 'end']],
  ],
  [
    'createWriteStream',
    (options) => sftp.createWriteStream('/file', options),
    [...streams, [{ flags: 'rw' }, 'flags']],
  ],
  ['forwardLocal', (options) => connection.forwardLocal(options), forward],
  [
    'forwardRemote',
    (options) => connection.forwardRemote(options),
    [...forward, [{ ...target, listenPort: 1, connectTimeout: 0 }, 'connectTimeout']],
  ],
  [
    'openStream',
    (wrong) => connection.openStream(wrong),
    [
      [{}, 'target.host'],
      [{ host: 'h', prot: 1 }, 'target.prot'],
      [null, 'target'],
      [{ host: 'h' }, 'target.port'],
    ],
  ],
  [
    'openStream to a port',
    (port) => connection.openStream('h', port),
    [
      [0, 'port'],
      ['22', 'port'],
      [undefined, 'port'],
    ],
  ],
  ['startJob', (options) => connection.startJob('x', options), jobs],
  [
    'job of an id',
    (id) => connection.job(id),
    [
      [undefined, 'id'],
      ['', 'id'],
      ['../j', 'id'],
      [5, 'id'],
    ],
  ],
  [
    'job',
    (options) => connection.job('j', options),
    [...noOptions, [{ encoding: 'x' }, 'encoding'], [{ dir: '' }, 'dir']],
  ],
  ...(['status', 'kill', 'remove', 'output'] as const).map(
    (call): Entry => [
      `job.${call}`,
      (options) => connection.job('j')[call](options),
      [...noOptions.slice(0, 2), [{ signal: {} }, 'signal'], [{ sginal: undefined }, 'sginal']],
    ],
  ),
  [
    'runJob',
    (options) => runJob({ host: '127.0.0.1', port: server.port, username: 'rpa' }, 'x', options),
    [
      ...jobs,
      [{ ...job, keep: 'yes' }, 'keep'],
      [{ ...job, onStdout: () => {} }, 'onStdout'],
      [{ ...job, pollInterval: 0 }, 'pollInterval'],
    ],
  ],
  [
    'removeJobs',
    (options) => connection.removeJobs(options),
    [...noOptions, [{}, 'olderThan'], [{ olderThan: '1d' }, 'olderThan']],
  ],
  ['keepReverseTunnel', (options) => keepReverseTunnel(options), [...noOptions, ...wrongTunnels]],
  [
    'listGatewayTunnels',
    (options) => listGatewayTunnels(connection, options),
    [
      ...signal,
      [{ ports: 5 }, 'ports'],
      [{ ports: [0] }, 'ports[0]'],
      [{ ports: { from: 1 } }, 'ports.to'],
      [{ check: 1 }, 'check'],
    ],
  ],
  [
    'endGatewayTunnel',
    (port) => endGatewayTunnel(connection, port),
    [
      [0, 'port'],
      ['9001', 'port'],
    ],
  ],
  [
    'connectViaGateway',
    (options) => connectViaGateway(options),
    [
      ...noOptions,
      [{}, 'host'],
      [{ host: 'gw:9012', username: 'u' }, 'host'],
      [{ host: 'gw', user: 'rpa' }, 'user'],
      [{ ...login, readyTimeout: 5 }, 'readyTimeout'],
      [{ ...login, keyPath: '~/.ssh/id' }, 'keyPath'],
      [{ ...login, privateKey: '~/.ssh/id' }, 'privateKey'],
      [{ ...login, privateKey: 'C:\\keys\\id' }, 'privateKey'],
      [{ ...login, hostKey: { fingerprint, alias: 'customer-12' } }, 'hostKey.alias'],
      [{ ...login, hostKey: { fingerprint: 'MD5:aa:bb' } }, 'hostKey.fingerprint'],
      [{ ...login, hostKey: { onUnknown: 'accept' } }, 'hostKey.onUnknown'],
      [{ ...login, hostKey: { hash: 'yes' } }, 'hostKey.hash'],
      [{ ...login, hostKey: { update: 'yes' } }, 'hostKey.update'],
      [{ ...login, hostKey: { update: [] } }, 'hostKey.update'],
      [{ ...login, hostKey: { update: [''] } }, 'hostKey.update[0]'],
      [{ ...login, hostKey: 'insecure' }, 'hostKey'],
      [{ ...login, hostKey: { fingerprint: [] } }, 'hostKey.fingerprint'],
      [Object.create(login), 'options'],
      [Object.assign(Object.create({ password: 'secret' }), login), 'password'],
      [{ ...login, hostKey: Promise.resolve({ fingerprint }) }, 'hostKey'],
      [{ ...login, timeouts: new Map([['tcp', 5]]) }, 'timeouts'],
      [{ ...login, timeouts: throwsWhenLookedAt }, 'timeouts'],
      [{ ...login, host: 'x'.repeat(1_025) }, 'host'],
      [{ ...login, username: 'x'.repeat(1_025) }, 'username'],
      [{ ...login, privateKeyPath: 'x'.repeat(32_768) }, 'privateKeyPath'],
      [{ ...login, retry: true }, 'retry'],
      [{ ...login, retry: { retries: 3 } }, 'retry.retries'],
      [{ ...login, timeouts: { tcp: '30s' } }, 'timeouts.tcp'],
      [{ ...login, timeouts: 30 }, 'timeouts'],
      [{ ...login, algorithms: { ciphers: ['aes128-ctr'] } }, 'algorithms.ciphers'],
      [{ ...login, algorithms: { cipher: ['aes999'] } }, 'algorithms.cipher'],
      [{ ...login, algorithms: { kex: { apend: [] } } }, 'algorithms.kex.apend'],
      [{ ...login, keepalive: 30 }, 'keepalive'],
      [{ ...login, keepalive: { countMax: 0 } }, 'keepalive.countMax'],
      [{ ...login, via: { host: 'gw' } }, 'via'],
      [{ ...login, agent: false }, 'agent'],
      [{ ...login, agent: '' }, 'agent'],
      [{ ...login, onLoginBanner: 'x' }, 'onLoginBanner'],
      [{ ...login, log: {} }, 'log'],
      [{ ...login, maxSessions: 0 }, 'maxSessions'],
    ],
  ],
  [
    'proxyCommand',
    (command) => proxyCommand(command),
    [
      ['', 'command'],
      [5, 'command'],
      [[], 'command'],
    ],
  ],
  [
    'httpProxy',
    (url) => httpProxy(url),
    [
      ['ftp://x', 'url'],
      [{ url: 'x' }, 'url'],
      ['', 'url'],
    ],
  ],
  [
    'socksProxy',
    (url) => socksProxy(url),
    [
      ['socks9://a:1', 'url'],
      [undefined, 'url'],
    ],
  ],
  [
    'jobId',
    (part) => jobId('billing', part),
    [
      [undefined, 'parts'],
      ['', 'parts'],
      [Number.NaN, 'parts'],
    ],
  ],
  [
    'loadCustomers',
    (file) => loadCustomers(file),
    [
      [5, 'file'],
      ['', 'file'],
    ],
  ],
  [
    'sshConnect',
    (options) => sshConnect({ ip: '127.0.0.1', username: 'u' }, options),
    [
      ...noOptions,
      [{ retryNum: 0 }, 'retryNum'],
      [{ logger: 5 }, 'logger'],
      [{ retries: 3 }, 'retries'],
      [{ signal: {} }, 'signal'],
    ],
  ],
  [
    'sshConnect of an instance',
    (changes) => sshConnect({ ip: '127.0.0.1', username: 'u', ...(changes as object) }),
    [
      [{ signal: {} }, 'signal'],
      [{ timeouts: null }, 'timeouts'],
      [{ timeouts: Number.NaN }, 'timeouts'],
      [{ timeouts: { tpc: 5 } }, 'timeouts.tpc'],
      [{ retry: { attempts: 3 } }, 'instance.retry'],
    ],
  ],
  [
    'quote.posix',
    (argv) => quote.posix(argv),
    [
      ['ls', 'argv'],
      [[], 'argv'],
      [['a', 1], 'argv[1]'],
    ],
  ],
  [
    'quote.cmd',
    (argv) => quote.cmd(argv),
    [
      [null, 'argv'],
      [['', 'a'], 'argv[0]'],
    ],
  ],
  [
    'forwardDynamic',
    (options) => connection.forwardDynamic(options),
    [
      ...noOptions,
      ...signal,
      [{ listenPort: 70_000 }, 'listenPort'],
      [{ listenPath: '' }, 'listenPath'],
      [{ listenPath: '/x', listenPort: 1 }, 'listenPath'],
      [{ listenHost: 5 }, 'listenHost'],
      [{ onConnectionError: 5 }, 'onConnectionError'],
      [{ host: 'h' }, 'host'],
    ],
  ],
  [
    'lookupHostKey',
    (options) => lookupHostKey(options),
    [
      ...noOptions,
      [{ key: publicKey }, 'host'],
      [{ host: 'pc' }, 'key'],
      [{ ...query, host: 'a b' }, 'host'],
      [{ ...query, port: 0 }, 'port'],
      [{ ...query, alias: '' }, 'alias'],
      [{ ...query, knownHosts: '' }, 'knownHosts'],
      [{ ...query, knownHosts: ['a', 5] }, 'knownHosts[1]'],
      [{ ...query, key: 'SHA256:x' }, 'key'],
      [{ ...query, key: Buffer.of(0, 0, 0, 1) }, 'key'],
      [{ ...query, keys: publicKey }, 'keys'],
    ],
  ],
  [
    'fromSshConfig',
    (options) => fromSshConfig('pc', options),
    [...noOptions, [{ file: '' }, 'file'], [{ file: 5 }, 'file'], [{ flie: 'x' }, 'flie']],
  ],
  [
    'fromSshConfig of a host',
    (alias) => fromSshConfig(alias),
    [
      ['', 'alias'],
      [5, 'alias'],
    ],
  ],
  [
    'fromAirflowConnection with options',
    (options) => fromAirflowConnection({ host: 'gw' }, options),
    [...noOptions, [{ log: 'warn' }, 'log'], [{ logger: () => {} }, 'logger']],
  ],
  [
    'fromAirflowConnection',
    (airflow) => fromAirflowConnection(airflow),
    [
      [null, 'connection'],
      [Promise.resolve(), 'connection'],
      [{ host: 'gw', extra: Promise.resolve() }, 'connection.extra'],
      [{ host: 'gw', extra: new Map() }, 'connection.extra'],
      [{ host: 'gw', extra: { disabled_algorithms: new Map() } }, 'extra.disabled_algorithms'],
      [{}, 'connection.host'],
      [{ host: 'gw', port: '22' }, 'connection.port'],
      [{ host: 'gw', port: 70_000 }, 'connection.port'],
      [{ host: 'gw', login: 5 }, 'connection.login'],
      [{ host: 'gw', password: 5 }, 'connection.password'],
      [{ host: 'gw', extra: 5 }, 'connection.extra'],
      [{ host: 'gw', extra: '{' }, 'connection.extra'],
      [{ host: 'gw', extra: { key_file: 5 } }, 'extra.key_file'],
      [{ host: 'gw', extra: { conn_timeout: 'soon' } }, 'extra.conn_timeout'],
      [{ host: 'gw', extra: { private_key: 'x' } }, 'extra.private_key'],
    ],
  ],
  [
    'connectToCustomer',
    (options) => connectToCustomer('acme', options),
    [
      ...noOptions,
      ...signal,
      [{ customers: '' }, 'customers'],
      [{ customers: 5 }, 'customers'],
      [{ customers: {} }, 'customers'],
      [{ customers: Promise.resolve() }, 'customers'],
      [{ cusotmers: 'x' }, 'cusotmers'],
      [{ port: 0 }, 'port'],
      [{ timeouts: { tpc: 5 } }, 'timeouts.tpc'],
    ],
  ],
  [
    'connectToCustomer of a code',
    (code) => connectToCustomer(code),
    [
      ['', 'code'],
      [undefined, 'code'],
    ],
  ],
  [
    'loadCustomers',
    (file) => loadCustomers(file),
    [
      ['', 'file'],
      [5, 'file'],
      ['a\0', 'file'],
    ],
  ],
  [
    'proxyCommand',
    (command) => proxyCommand(command),
    [
      [undefined, 'command'],
      ['', 'command'],
      [' ', 'command'],
      [[], 'command'],
      [['nc', 5], 'command[1]'],
      [['nc', 'a\0'], 'command[1]'],
      ["nc '%h", 'command'],
      ['nc %q', 'command'],
      ['a | b', 'command'],
    ],
  ],
  ...[httpProxy, socksProxy].map(
    (proxy): Entry => [
      proxy.name,
      (url) => proxy(url),
      [
        [undefined, 'url'],
        [{}, 'url'],
        ['', 'url'],
        ['p:1', 'url'],
        ['ftp://p', 'url'],
        ['socks5://u:%@p', 'url'],
      ],
    ],
  ),
  [
    'jumpHost',
    (options) => jumpHost(options),
    [
      [undefined, 'options'],
      [{ ...jump, hostKey: { fingerprint: 5 } }, 'hostKey.fingerprint'],
      [{ ...jump, via: 'ssh gw' }, 'via'],
      [{ ...jump, timeouts: { baner: 5 } }, 'timeouts.baner'],
      [{ ...jump, privateKey: 'x', privateKeyPath: 'y' }, 'privateKeyPath'],
      [{ ...jump, keepalive: { interval: 0 } }, 'keepalive.interval'],
      [{ ...jump, retry: false }, 'retry'],
      [{ ...jump, signal: {} }, 'signal'],
      [{ ...jump, timeouts: { total: 5 } }, 'timeouts.total'],
      [{ host: 'j' }, 'username'],
      [{ host: 'j:22', username: 'u' }, 'host'],
      [{ host: 'j', username: 'u', prot: 1 }, 'prot'],
      [{ host: 'j', username: 'u', socketPath: '' }, 'socketPath'],
    ],
  ],
];

const rows = entries.flatMap(([name, call, wrongs]) =>
  wrongs.map(([given, names]) => [name, given, names, call] as const),
);

async function errorOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('wrong use', () => {
  it('is tried in more than 400 ways', () => {
    expect(rows.length).toBeGreaterThan(400);
  });

  it.each(rows)('of %s with %o names %s', async (_name, given, names, call) => {
    const error = (await errorOf(async () => call(given as never))) as Error;
    expect([TypeError, RangeError]).toContain(error?.constructor);
    expect(error.message).toMatch(/would be right|no such option/);
    const named = error.message.slice(0, error.message.indexOf(':'));
    expect(named.split(' ')).toContain(names);
  });

  const changed =
    'The words below have changed. If that is meant: npx vitest run --update=all test/options/wrong-use.test.ts';

  /** So that a reader of a change sees what it does to the words. */
  it('is told in these words', async () => {
    const words = await Promise.all(
      rows.map(async ([name, given, , call]) => {
        const error = (await errorOf(async () => call(given as never))) as Error;
        return `${name}: ${error.name}: ${error.message}\n`;
      }),
    );
    await expect(words.join(''), changed).toMatchFileSnapshot('wrong-use.words.txt');
  });

  it('has reached no server', () => {
    expect(server.journal.slice(before)).toEqual([]);
  });
});
