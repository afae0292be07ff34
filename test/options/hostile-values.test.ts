import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/connection.ts';
import {
  type AirflowConnection,
  type AttachJobOptions,
  type ConnectOptions,
  type ConnectToCustomerOptions,
  connectToCustomer,
  connectViaGateway,
  type ExecOptions,
  type FollowOptions,
  type FromSshConfigOptions,
  fromAirflowConnection,
  fromSshConfig,
  type JumpHostOptions,
  jumpHost,
  keepReverseTunnel,
  type ListTunnelsOptions,
  type LookupHostKeyOptions,
  listGatewayTunnels,
  lookupHostKey,
  type ReadStreamOptions,
  type RemoteForwardOptions,
  type RemoveJobsOptions,
  type ReverseTunnelOptions,
  type RunJobOptions,
  runJob,
  type SftpOptions,
  type ShellOptions,
  type SshConnectOptions,
  sshConnect,
  type TransferOptions,
  type WriteStreamOptions,
} from '../../src/index.ts';
import {
  type Faults,
  type MockGateway,
  type MockPcOptions,
  type MockServer,
  type MockServerOptions,
  startMockGateway,
  startMockServer,
} from '../../src/mock-server/index.ts';
import type { SftpClient } from '../../src/sftp/client/client-types.ts';
import { startServed } from './served.ts';

/** Every option of a type, also those of the objects in it: one that is forgotten does not compile. */
type All<T> = { [K in keyof T]-?: Exclude<T[K], undefined> };
type Entry = readonly [name: string, call: (options: never) => unknown, right: object, whole?: string];

let server: MockServer;
let gateway: MockGateway;
let connection: Connection;
let sftp: SftpClient;
let before = 0;
let close: () => Promise<void>;

beforeAll(async () => {
  ({ server, connection, sftp, before, close } = await startServed());
  gateway = await startMockGateway();
});
afterAll(async () => {
  await gateway.close();
  await close();
});

const nothing = () => {};
const { signal } = new AbortController();
const names = { append: 'x', prepend: ['x'], remove: 'x' };
const publicKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIN19YEA2mmDDdqRDhqoP7SoxTgYpbnhuA1eVsjAZDOCu';
const timeouts = { tcp: 1, banner: 1, handshake: 1, auth: 1, channel: 1 };
const hop: All<Omit<ConnectOptions, 'retry' | 'signal' | 'timeouts'>> = {
  host: '127.0.0.1',
  port: 1,
  username: 'rpa',
  privateKey: 'x',
  privateKeyPath: ['/x'],
  passphrase: 'x',
  certificate: 'x',
  certificatePath: '/x',
  agentKeys: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f',
  agentFirst: true,
  password: 'x',
  agent: '/x',
  keyboardInteractive: () => [],
  hostKey: { knownHosts: ['/x'], alias: 'x', onUnknown: 'reject', hash: true, update: true },
  keepalive: { interval: 1, countMax: 1 },
  via: nothing as never,
  algorithms: {
    kex: names,
    serverHostKey: names,
    cipher: ['x'],
    hmac: names,
    compress: names,
    publicKey: names,
  },
  maxSessions: 1,
  onLoginBanner: nothing,
  log: nothing,
};
/** Every check passes: the tunnel's other options are looked at after its gateway. */
const { privateKeyPath: _path, certificatePath: _certificatePath, ...hopWithKey } = hop;
const backoff = { attempts: 1, minDelay: 1, factor: 1, maxDelay: 1, jitter: 1, shouldRetry: () => false };
const connect: All<ConnectOptions> = {
  ...hop,
  signal,
  timeouts: { ...timeouts, total: 1 },
  retry: { ...backoff, quiet: 1, onRetry: nothing },
};
const { retry: _retry, host: _ip, ...instance } = connect;
const exec: All<ExecOptions> = {
  stdin: 'x',
  cwd: '/',
  env: { A: 'b' },
  shell: 'posix',
  encoding: 'utf8',
  timeout: 1,
  signal,
  maxBuffer: 1,
  pty: { cols: 1, rows: 1, term: 'xterm' },
  onStdout: nothing,
  onStderr: nothing,
  reject: true,
};
const transfer: All<TransferOptions> = {
  atomic: true,
  resume: true,
  verify: 'size',
  preserve: true,
  onProgress: nothing,
  concurrency: 1,
  filter: () => true,
  stallTimeout: 1,
  writesInOrder: true,
  signal,
};
const listen = { listenHost: 'x', listenPort: 1 };
const attach: All<AttachJobOptions> = { dir: '/x', encoding: 'utf8' };
const run: All<RunJobOptions> = {
  ...attach,
  id: 'j',
  signal,
  shell: 'posix',
  cwd: '/',
  env: { A: 'b' },
  interactive: { runLevel: 'limited', executionTimeLimit: 1 },
  onOutput: nothing,
  onErrorOutput: nothing,
  pollInterval: 1,
  timeout: 1,
  maxBuffer: 1,
  reject: true,
  keep: true,
  killOnAbort: true,
};
const { onOutput, onErrorOutput, pollInterval, timeout, maxBuffer, reject, keep, killOnAbort, ...start } =
  run;
const follow: All<FollowOptions> = { signal, pollInterval: 1, from: { stdout: 1, stderr: 1 } };
const { pollInterval: _notOfOutput, ...output } = follow;
const target = { host: 'h', port: 1 };
const forward: Omit<All<RemoteForwardOptions>, 'listenPath' | 'socketPath'> = {
  ...target,
  ...listen,
  signal,
  onConnectionError: nothing,
  connectTimeout: 1,
};
const { connectTimeout, ...localForward } = forward;
const { host: _h, port: _p, ...dynamicForward } = localForward;
const tunnel: Omit<All<ReverseTunnelOptions>, 'listenPath'> = {
  ...listen,
  gateway: { ...hopWithKey, timeouts: { ...timeouts, total: 1 } },
  target,
  reclaim: { unnoted: 'keep', answerTimeout: 100, quiet: 1, backOff: 1 },
  retry: backoff,
  checkInterval: 1,
  onEvent: nothing,
  signal,
};
const command = { stdout: 'x', stderr: 'x', exitCode: 1, signal: 'TERM', delayMs: 1, echoStdin: true };
const moment = { phase: 'kex', afterMs: 1 } as const;
const faults: All<Faults> = {
  connections: 1,
  skip: 1,
  banner: {
    delayMs: 1,
    splitBytes: 1,
    intervalMs: 1,
    garbage: 'x',
    thenClose: true,
    close: 'fin',
    afterMs: 1,
    preLines: ['x'],
    endless: true,
  },
  cut: { direction: 'toClient', atByte: 1, how: 'fin' },
  freeze: moment,
  handshake: { closeInKex: 'fin', hang: true, hostKeyChangesAtRekey: true },
  auth: { delayMs: 1, refuse: true, hang: true, disconnect: 'fin' },
  channel: { refuse: true, reason: 1, text: 'x', hang: true, secondSession: 'fin' },
  keepalive: 'ignore',
  exec: {
    noExitStatus: true,
    exitBeforeData: true,
    hang: true,
    closeEarly: true,
    unlimitedOutput: true,
    refuse: true,
  },
  job: { lost: true, accessFailed: true },
  window: 'dropped',
  disconnect: { ...moment, code: 1, message: 'x' },
  throttle: { bytesPerSecond: 1 },
  latencyMs: 1,
  sftp: {
    lieNames: ['x'],
    lieSize: 1,
    endlessReaddir: true,
    duplicateReplies: true,
    unaskedReplies: true,
    shortReads: 1,
    shortWrites: 1,
    writesInOrder: 'refuse',
    failOp: { op: 'OPEN', status: 1, nth: 1, message: 'x' },
    hangOp: { op: 'OPEN', nth: 1 },
    symlinkLoop: true,
    hugeName: true,
    noVersion: true,
    statWithoutSize: true,
    refuseSetstat: true,
    noLimits: true,
    garbagePacket: true,
  },
};
const mock: All<MockServerOptions> = {
  host: '127.0.0.1',
  port: 0,
  ident: 'x',
  hostKeys: ['x'],
  algorithms: { kex: ['x'], serverHostKey: ['x'], cipher: ['x'], hmac: ['x'], compress: ['x'] },
  users: [
    {
      username: 'x',
      password: 'x',
      publicKeys: ['x'],
      keyboardInteractive: { prompts: [{ prompt: 'x', echo: true }], answers: ['x'] },
      requires: ['password'],
    },
  ],
  maxAuthTries: 1,
  exec: { dir: command, ver: nothing },
  shell: nothing,
  sftp: { root: '/x' },
  jobs: true,
  sftpExtensions: { 'copy-data': true },
  maxSessions: 1,
  forwarding: { local: true, remote: true },
  unixSockets: { bindUnlink: true },
  windows: {
    version: '7.7',
    account: 'standard',
    languageMode: 'FullLanguage',
    codePage: 949,
    atomicRename: true,
  },
  loginBanner: 'x',
  greeting: 'x',
  faults,
};
const pc: All<MockPcOptions> = { port: 0, server: mock };
const address = { host: '127.0.0.1', port: 1, username: 'u' };

const entries: Entry[] = [
  ['connectViaGateway', (options) => connectViaGateway(options), connect],
  [
    'connectToCustomer',
    (options) => connectToCustomer('acme', options),
    { ...connect, customers: '/x' } satisfies All<ConnectToCustomerOptions>,
  ],
  [
    'jumpHost',
    (options) => jumpHost(options),
    { ...hop, timeouts, socketPath: '/x' } satisfies All<JumpHostOptions>,
  ],
  [
    'sshConnect',
    (options) => sshConnect({ ip: '127.0.0.1', port: 1, username: 'u' }, options),
    {
      retryNum: 1,
      retryDelay: 1,
      logger: { info: nothing, warn: nothing },
      signal,
    } satisfies All<SshConnectOptions>,
  ],
  ['sshConnect of an instance', (given) => sshConnect(given), { ...instance, ip: 'x' }, 'instance'],
  [
    'fromSshConfig',
    (options) => fromSshConfig('pc', options),
    { file: '/x' } satisfies All<FromSshConfigOptions>,
  ],
  ['fromAirflowConnection with options', (o) => fromAirflowConnection({ host: 'h' }, o), { log: nothing }],
  [
    'fromAirflowConnection',
    (given) => fromAirflowConnection(given),
    // What extra may be is in wrong-use.test.ts: its own names are Airflow's.
    { host: 'h', port: 1, login: 'x', password: 'x' } satisfies Partial<All<AirflowConnection>>,
    'connection',
  ],
  ['exec', (options) => connection.exec('x', options), exec],
  ['powershell', (options) => connection.powershell('x', options), { ...exec, shell: 'powershell' }],
  [
    'shell',
    (options) => connection.shell(options),
    { term: 'x', rows: 1, columns: 1, timeout: 1, signal } satisfies All<ShellOptions>,
  ],
  ['upload', (options) => connection.upload(Buffer.of(1), '/x', options), transfer],
  ['download', (options) => connection.download('/file', '/tmp/never/here', options), transfer],
  [
    'sftp',
    (options) => connection.sftp(options),
    { timeout: 1, requestTimeout: 1, signal } satisfies All<SftpOptions>,
  ],
  ['sftp.readFile', (options) => sftp.readFile('/file', options), { encoding: 'utf8', signal }],
  ['sftp.writeFile', (o) => sftp.writeFile('/file', 'x', o), { encoding: 'utf8', mode: 1, signal }],
  ['sftp.stat', (options) => sftp.stat('/file', options), { signal }],
  ['sftp.mkdir', (options) => sftp.mkdir('/d', options), { recursive: true, mode: 1, signal }],
  ['sftp.remove', (options) => sftp.remove('/d', options), { recursive: true, signal }],
  [
    'sftp.createReadStream',
    (options) => sftp.createReadStream('/file', options),
    { start: 1, end: 1, highWaterMark: 1 } satisfies All<ReadStreamOptions>,
  ],
  [
    'sftp.createWriteStream',
    (options) => sftp.createWriteStream('/file', options),
    { flags: 'w', mode: 1, start: 1, writesInOrder: true } satisfies All<WriteStreamOptions>,
  ],
  ['forwardLocal', (options) => connection.forwardLocal(options), localForward],
  ['forwardRemote', (options) => connection.forwardRemote(options), forward],
  ['forwardDynamic', (options) => connection.forwardDynamic(options), dynamicForward],
  ['openStream', (options) => connection.openStream('h', 1, options), { signal, timeout: 1 }],
  ['openStream to a target', (given) => connection.openStream(given), target, 'target'],
  ['startJob', (options) => connection.startJob('x', options), start],
  ['runJob', (options) => runJob(address, 'x', options), run],
  ['job', (options) => connection.job('j', options), attach],
  ['job.status', (options) => connection.job('j').status(options), { signal }],
  ['job.kill', (options) => connection.job('j').kill(options), { signal, grace: 1 }],
  ['job.remove', (options) => connection.job('j').remove(options), { signal }],
  ['job.output', (options) => connection.job('j').output(options), output],
  ['job.follow', (options) => connection.job('j').follow(options).next(), follow],
  [
    'removeJobs',
    (options) => connection.removeJobs(options),
    { dir: '/x', olderThan: 1, signal } satisfies All<RemoveJobsOptions>,
  ],
  ['jobs', (options) => connection.listJobs(options), { dir: '/x', signal }],
  ['keepReverseTunnel', (options) => keepReverseTunnel(options), tunnel],
  [
    'listGatewayTunnels',
    (options) => listGatewayTunnels(connection, options),
    { ports: { from: 1, to: 2 }, check: true, answerTimeout: 1, signal } satisfies All<ListTunnelsOptions>,
  ],
  [
    'lookupHostKey',
    (options) => lookupHostKey(options),
    {
      host: 'h',
      port: 1,
      alias: 'x',
      key: publicKey,
      knownHosts: ['/x'],
    } satisfies All<LookupHostKeyOptions>,
  ],
  ['startMockServer', (options) => startMockServer(options), mock],
  ['startMockGateway', (options) => startMockGateway(options), mock],
  ['addPc', (options) => gateway.addPc(options), pc],
  ['setFaults', (options) => server.setFaults(options), faults, 'faults'],
  ['waitFor', (options) => server.waitFor('auth', options), { timeoutMs: 1 }],
];

const thrower = (): never => {
  throw new Error('looked at');
};
const traps = Object.fromEntries(
  Object.getOwnPropertyNames(Reflect).map((trap) => [trap, thrower]),
) as ProxyHandler<object>;
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
class Settings {
  readonly zeal = 5;
}
class Empty {}

const throwingGetter = 'a getter that throws';
/** What stands in the place of an option: its value, or a getter. */
const values: [what: string, make: () => PropertyDescriptor][] = (
  [
    ['null', () => null],
    ['a Map', () => new Map([['port', 5]])],
    ['an empty Map', () => new Map()],
    ['a Set', () => new Set([1])],
    ['a Promise', () => Promise.resolve({})],
    ['a Date', () => new Date(0)],
    ['a RegExp', () => /x/],
    ['an Error', () => new Error('x')],
    ['an ArrayBuffer', () => new ArrayBuffer(8)],
    ['an instance of a class', () => new Settings()],
    ['an instance of an empty class', () => new Empty()],
    ['a boxed string', () => new String('x')],
    ['a boxed number', () => new Number(5)],
    ['a symbol', () => Symbol('x')],
    ['a bigint', () => 5n],
    ['a function', () => nothing],
    ['a class', () => Settings],
    ['a sparse array', () => new Array(3)],
    ['an array of symbols', () => [Symbol('x')]],
    [
      'an object with a getter that throws',
      () => Object.defineProperty({}, 'port', { get: thrower, enumerable: true }),
    ],
    ['a revoked Proxy', revoked],
    ['a Proxy of which nothing can be asked', () => new Proxy({}, traps)],
    ['a Proxy of a function that throws', () => new Proxy(() => {}, { ...traps, apply: thrower })],
  ] satisfies [string, () => unknown][]
).map(([what, make]) => [what, () => ({ value: make() })]);
values.push([throwingGetter, () => ({ get: thrower })]);
/** Where a function is right although this table has something else. */
const orFunction = /^(?:server\.)?(?:exec(?:\.dir|\.ver)?|(?:faults\.)?sftp\.lieSize|shell|via)$/;
const isFunction = (what: string) => /function|class$/.test(what) && !what.startsWith('an instance');

type Path = readonly (string | number)[];

/** The place of each value in what is right, objects and lists included. */
function pathsOf(value: unknown, path: Path = []): Path[] {
  const isBag = typeof value === 'object' && value !== null && !(value instanceof AbortSignal);
  if (!isBag) return [path];
  const inside = Array.isArray(value)
    ? value.flatMap((each, index) => pathsOf(each, [...path, index]))
    : Object.entries(value).flatMap(([key, each]) =>
        each === undefined ? [] : pathsOf(each, [...path, key]),
      );
  return [path, ...inside];
}

/** A copy with another value in one place. */
function withAt(right: unknown, [key, ...rest]: Path, property: PropertyDescriptor): unknown {
  if (key === undefined) return property.value;
  const copy = Array.isArray(right) ? [...right] : { ...(right as object) };
  const inside = (right as Record<string | number, unknown>)[key as string];
  const value = rest.length > 0 ? { value: withAt(inside, rest, property) } : property;
  return Object.defineProperty(copy, key!, { ...value, enumerable: true, configurable: true });
}

const at = (right: object, path: Path) =>
  path.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key as string], right);

async function errorOf(call: () => unknown): Promise<unknown> {
  try {
    const given = await call();
    return `nothing: it was taken (${typeof given})`;
  } catch (error) {
    return error;
  }
}

/** What is wrong with what is said of a value in this place: nothing, or a line. */
async function complaint(call: Entry[1], wrong: unknown, names: Path): Promise<string | undefined> {
  const error = await errorOf(() => call(wrong as never));
  if (!(error instanceof TypeError || error instanceof RangeError)) return String(error);
  if (!/would be right|there is no such option/.test(error.message)) return error.message;
  const named = error.message.slice(0, error.message.indexOf(':'));
  return names.length === 0 || names.some((key) => named.includes(String(key)))
    ? undefined
    : `names ${named}`;
}

describe('every option of', () => {
  for (const [name, call, right, whole = 'options'] of entries) {
    it(`${name} refuses what it cannot be, and names it`, { timeout: 60_000 }, async () => {
      const wrongs: string[] = [];
      for (const path of pathsOf(right)) {
        const mayBeFunction = typeof at(right, path) === 'function' || orFunction.test(path.join('.'));
        // None in Python.
        const mayBeNull = name === 'fromAirflowConnection' && path.length > 0;
        for (const [what, make] of values) {
          if ((mayBeFunction && isFunction(what)) || (mayBeNull && what === 'null')) continue;
          if (what === throwingGetter && path.length === 0) continue;
          const names = what === throwingGetter ? [whole, ...path] : path;
          const said = await complaint(call, withAt(right, path, make()), names);
          if (said !== undefined) wrongs.push(`${path.join('.')}: ${what}: ${said}`);
        }
      }
      expect(wrongs).toEqual([]);
    });
  }

  it('no wrong one has reached a server', () => {
    expect(server.journal.slice(before)).toEqual([]);
  });
});
