import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import * as errors from '../../src/errors/index.ts';

const { isSshError, SshError, SshTimeout, ConnectFailed } = errors;
type Phase = errors.Phase;

const output = { command: 'dir', stdout: 'out', stderr: 'err', durationMs: 5 };
const hostKey = { fingerprint: 'SHA256:x', keyType: 'ssh-ed25519', file: '/k', line: 3 };
const place = { host: 'gateway.example.com', port: 9012, hop: 'jump 1 of 1 (b:22)', hint: 'Try again.' };

interface Row {
  name: keyof typeof errors;
  code: string;
  phase: Phase;
  parents?: Array<keyof typeof errors>;
  details?: object;
  retryable?: boolean;
  fields?: object;
}

const timeout = {
  parents: ['SshTimeout'] as Row['parents'] & object,
  details: { timeoutMs: 7 },
  fields: { timeoutMs: 7 },
};

const rows: Row[] = [
  { name: 'TcpTimeout', code: 'SSH_TCP_TIMEOUT', phase: 'tcp', ...timeout },
  {
    ...timeout,
    name: 'BannerTimeout',
    code: 'SSH_BANNER_TIMEOUT',
    phase: 'banner',
    details: { timeoutMs: 7, received: '220 smtp' },
    fields: { timeoutMs: 7, received: '220 smtp' },
  },
  { name: 'HandshakeTimeout', code: 'SSH_HANDSHAKE_TIMEOUT', phase: 'handshake', ...timeout },
  { name: 'AuthTimeout', code: 'SSH_AUTH_TIMEOUT', phase: 'auth', ...timeout },
  { name: 'ChannelTimeout', code: 'SSH_CHANNEL_TIMEOUT', phase: 'channel', ...timeout },
  { name: 'TotalTimeout', code: 'SSH_TOTAL_TIMEOUT', phase: 'banner', ...timeout },
  {
    ...timeout,
    name: 'CommandTimeout',
    code: 'SSH_COMMAND_TIMEOUT',
    phase: 'command',
    details: { timeoutMs: 7, output, terminated: 'unknown' },
    fields: { timeoutMs: 7, ...output, terminated: 'unknown' },
  },
  {
    ...timeout,
    name: 'TransferStalled',
    code: 'SSH_TRANSFER_STALLED',
    phase: 'transfer',
    details: { timeoutMs: 7, path: '/a', transferred: 9 },
    fields: { timeoutMs: 7, path: '/a', transferred: 9 },
  },
  {
    name: 'ConnectFailed',
    code: 'SSH_CONNECT_FAILED',
    phase: 'tcp',
    details: { errno: 'EHOSTUNREACH' },
    fields: { errno: 'EHOSTUNREACH' },
  },
  { name: 'ConnectionRefused', code: 'SSH_CONNECTION_REFUSED', phase: 'tcp', parents: ['ConnectFailed'] },
  { name: 'HostNotFound', code: 'SSH_HOST_NOT_FOUND', phase: 'tcp', parents: ['ConnectFailed'] },
  {
    name: 'ProxyFailed',
    code: 'SSH_PROXY_FAILED',
    phase: 'route',
    parents: ['ConnectFailed'],
    details: { proxy: 'http://proxy:3128', status: 407 },
    fields: { proxy: 'http://proxy:3128', status: 407 },
  },
  {
    name: 'ProxyCommandFailed',
    code: 'SSH_PROXY_COMMAND_FAILED',
    phase: 'route',
    parents: ['ConnectFailed'],
    details: { exitCode: 1, signal: null, stderr: 'no' },
    fields: { exitCode: 1, signal: null, stderr: 'no' },
  },
  {
    name: 'BannerMissing',
    code: 'SSH_BANNER_MISSING',
    phase: 'banner',
    details: { silentMs: 4 },
    fields: { silentMs: 4 },
  },
  {
    name: 'BannerInvalid',
    code: 'SSH_BANNER_INVALID',
    phase: 'banner',
    details: { received: 'HTTP' },
    fields: { received: 'HTTP' },
  },
  {
    name: 'HandshakeFailed',
    code: 'SSH_HANDSHAKE_FAILED',
    phase: 'handshake',
    details: { reason: 'r' },
    fields: { reason: 'r' },
  },
  ...(['Unknown', 'Mismatch', 'Revoked'] as const).map(
    (what): Row => ({
      name: `HostKey${what}`,
      code: `SSH_HOST_KEY_${what.toUpperCase()}`,
      phase: 'handshake',
      // Whatever the caller says.
      details: { ...hostKey, retryable: true },
      retryable: false,
      fields: hostKey,
    }),
  ),
  {
    name: 'AuthenticationFailed',
    code: 'SSH_AUTHENTICATION_FAILED',
    phase: 'auth',
    details: { methodsTried: ['password'], methodsOffered: ['publickey'], retryable: true },
    retryable: false,
    fields: { methodsTried: ['password'], methodsOffered: ['publickey'] },
  },
  {
    name: 'ConnectionLost',
    code: 'SSH_CONNECTION_LOST',
    phase: 'session',
    details: { why: 'keepalive', reason: 'r', output },
    retryable: true,
    fields: { why: 'keepalive', reason: 'r', ...output },
  },
  {
    name: 'ChannelOpenFailed',
    code: 'SSH_CHANNEL_OPEN_FAILED',
    phase: 'channel',
    details: { reasonCode: 2, reason: 'open failed' },
    fields: { reasonCode: 2, reason: 'open failed' },
  },
  {
    name: 'PortForwardFailed',
    code: 'SSH_PORT_FORWARD_FAILED',
    phase: 'forward',
    details: { direction: 'remote', listenHost: 'localhost', listenPort: 9012, reason: 'taken' },
    fields: { direction: 'remote', listenHost: 'localhost', listenPort: 9012, reason: 'taken' },
  },
  {
    name: 'CommandFailed',
    code: 'SSH_COMMAND_FAILED',
    phase: 'command',
    details: { result: { ...output, exitCode: 1, signal: null, truncated: false } },
    fields: { ...output, exitCode: 1, signal: null, truncated: false },
  },
  {
    name: 'OutputLimitExceeded',
    code: 'SSH_OUTPUT_LIMIT_EXCEEDED',
    phase: 'command',
    details: { maxBuffer: 4, stream: 'stdout', output, terminated: true },
    fields: { maxBuffer: 4, stream: 'stdout', ...output, terminated: true },
  },
  ...(['JobConflict', 'JobAccessFailed'] as const).map(
    (name): Row => ({
      name,
      code: name === 'JobConflict' ? 'SSH_JOB_CONFLICT' : 'SSH_JOB_ACCESS_FAILED',
      phase: 'command',
      details: { id: 'j', reason: 'why' },
      fields: { id: 'j', reason: 'why' },
    }),
  ),
  {
    name: 'JobLost',
    code: 'SSH_JOB_LOST',
    phase: 'command',
    details: { id: 'j', reason: 'reboot' },
    fields: { id: 'j', reason: 'reboot' },
  },
  {
    name: 'SftpFailed',
    code: 'SSH_SFTP_FAILED',
    phase: 'transfer',
    details: { operation: 'open', path: '/a', status: 2, reason: 'no' },
    fields: { operation: 'open', path: '/a', status: 2, reason: 'no' },
  },
  {
    name: 'UnsafeRemotePath',
    code: 'SSH_UNSAFE_REMOTE_PATH',
    phase: 'transfer',
    details: { path: '../x', reason: 'leaves' },
    fields: { path: '../x', reason: 'leaves' },
  },
  {
    name: 'TransferFailed',
    code: 'SSH_TRANSFER_FAILED',
    phase: 'transfer',
    details: { path: '/a', transferred: 1, reason: 'cut' },
    fields: { path: '/a', transferred: 1, reason: 'cut' },
  },
];

type AnyClass = new (message: string, details: object) => errors.SshError & Record<string, unknown>;
const byName = new Map(Object.entries(errors));
const classOf = (name: keyof typeof errors) => byName.get(name) as unknown as AnyClass;

function make({ name, phase, details }: Row, more: object = {}) {
  return new (classOf(name))('It went wrong', { ...place, phase, ...details, ...more });
}

describe.each(rows)('$name', (row) => {
  it('has its own name and code, on the instance and for JSON', () => {
    const error = make(row);
    expect(error.name).toBe(row.name);
    expect(error.code).toBe(row.code);
    expect(String(error)).toBe(`${row.name}: It went wrong`);
    expect(error.constructor.name).toBe(row.name);
  });

  it('is an Error, an SshError, and what its class extends', () => {
    const error = make(row);
    for (const parent of [Error, SshError, ...(row.parents ?? []).map(classOf)])
      expect(error).toBeInstanceOf(parent);
    expect(error instanceof SshTimeout).toBe(row.parents?.includes('SshTimeout') ?? false);
    expect(error instanceof ConnectFailed).toBe(
      row.name === 'ConnectFailed' || !!row.parents?.includes('ConnectFailed'),
    );
    expect(isSshError(error)).toBe(true);
  });

  it('carries where it happened, and its own fields', () => {
    expect(make(row)).toMatchObject({ ...place, phase: row.phase, ...row.fields });
  });

  it('is retryable only if given, or by its class', () => {
    expect(make(row).retryable).toBe(row.retryable ?? false);
    expect(make(row, { retryable: true }).retryable).toBe(row.retryable ?? true);
  });

  it('becomes one flat record for JSON', () => {
    const cause = Object.assign(new Error('below'), { code: 'ECONNRESET' });
    const record = JSON.parse(JSON.stringify(make(row, { cause })));
    expect(record).toMatchObject({
      name: row.name,
      code: row.code,
      message: 'It went wrong',
      phase: row.phase,
    });
    expect(record).toMatchObject({ ...place, ...row.fields, cause: 'Error: below' });
    expect(record).not.toHaveProperty('stack');
  });

  it('shows name, message, stack, code, fields and cause when inspected', () => {
    const text = inspect(make(row, { cause: new Error('below') }), { depth: 10 });
    expect(text).toMatch(new RegExp(`^${row.name}: It went wrong\n +at `));
    expect(text).toContain(`code: '${row.code}'`);
    expect(text).toContain("hint: 'Try again.'");
    expect(text).toContain('[cause]: Error: below');
  });

  it('leaves absent fields absent', () => {
    const error = new (classOf(row.name))('m', {
      phase: row.phase,
      methodsTried: [],
      result: {},
      ...row.details,
    });
    for (const field of ['host', 'port', 'hop', 'hint', 'cause', 'attempts'])
      expect(error).not.toHaveProperty(field);
  });
});

describe('the family of errors', () => {
  const classes = Object.entries(errors).filter(
    ([, value]) => (value as { prototype?: unknown }).prototype instanceof Error,
  );

  it('is covered by the table above, class by class', () => {
    const abstract = ['SshError', 'SshTimeout', 'HostKeyRefused'];
    const all = classes.map(([name]) => name).filter((name) => !abstract.includes(name));
    const inTable = new Set<string>(rows.map((row) => row.name));
    const missing = all.filter((name) => !inTable.has(name));
    expect(missing, 'give each of these classes a row of `rows`').toEqual([]);
    expect(rows.length).toBe(all.length);
  });

  it('is in the error tree of README.md and README.ko.md, class by class', () => {
    for (const page of ['README.md', 'README.ko.md']) {
      const text = readFileSync(join(import.meta.dirname, '../..', page), 'utf8');
      const tree = text.match(/^ {4}[├└]─.*$/gm)?.join(' ') ?? '';
      const named = new Set(tree.match(/[A-Z]\w+/g));
      const missing = rows.map(({ name }) => name).filter((name) => !named.has(name));
      expect(missing, `name these in the tree under the heading of errors in ${page}`).toEqual([]);
    }
  });

  it('has unique codes that match the names', () => {
    expect(new Set(rows.map((row) => row.code)).size).toBe(rows.length);
    for (const { name, code } of rows) {
      expect(code).toBe(`SSH_${name.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()}`);
    }
  });

  it('is distinguished from other errors by isSshError, also across two copies of the library', () => {
    for (const other of [new Error('x'), null, undefined, 'SSH_ERROR', { code: 'SSH_ERROR' }])
      expect(isSshError(other)).toBe(false);
    const brand = Symbol.for('ssh-via-gateway.SshError');
    expect(isSshError(Object.assign(new Error('of the other copy'), { [brand]: true }))).toBe(true);
  });

  it('shows a cause that is not an Error without inspecting it deeply', () => {
    const error = new errors.HandshakeFailed('m', {
      phase: 'handshake',
      cause: { deep: { secret: { x: 1 } } },
    });
    expect(error.toJSON()['cause']).toBe('{ deep: [Object] }');
  });
});
