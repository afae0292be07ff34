import { inspect } from 'node:util';
import debug from 'debug';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Connection } from '../../src/connection.ts';
import { type MockServerOptions, startMockServer } from '../../src/mock-server/index.ts';
import type { ConnectOptions, LogRecord } from '../../src/options/types.ts';
import { connectTo } from '../support/connect.ts';
import { keygen } from '../support/private-keys.ts';

const password = 'Passw0rd-4-nobody';
const passphrase = 'Passphrase-4-nobody';
const answer = 'Answer-4-nobody';

/** Whatever the library writes while a test runs, by any way. */
let written: string[];
let restore: Array<() => void>;
beforeEach(() => {
  written = [];
  debug.enable('*');
  vi.stubEnv('DEBUG', '*');
  const take = (chunk: unknown) => {
    written.push(String(chunk));
    return true;
  };
  const spies = [
    vi.spyOn(process.stderr, 'write').mockImplementation(take as never),
    vi.spyOn(process.stdout, 'write').mockImplementation(take as never),
  ];
  const former = debug.log;
  debug.log = (...parts: unknown[]) =>
    void written.push(parts.map((part) => inspect(part, { depth: 10 })).join(' '));
  restore = [
    ...spies.map((spy) => () => spy.mockRestore()),
    () => {
      debug.log = former;
    },
  ];
});
afterEach(() => {
  for (const undo of restore) undo();
  vi.unstubAllEnvs();
  debug.disable();
});

function everythingOf(value: unknown): string {
  const json = (() => {
    try {
      return JSON.stringify(value);
    } catch {
      return '';
    }
  })();
  return [
    String(value),
    json,
    (value as Error | undefined)?.stack,
    inspect(value),
    inspect(value, {
      depth: 10,
      showHidden: true,
      getters: true,
      maxStringLength: null,
      maxArrayLength: null,
    }),
    inspect(value, {
      depth: 10,
      showHidden: true,
      customInspect: false,
      maxStringLength: null,
      maxArrayLength: null,
    }),
  ].join('\n');
}

/** Also as bytes, as inspect shows them, and in base64. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [
    secret,
    bytes.toString('base64').slice(0, -4),
    bytes.toString('hex'),
    [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' '),
    [...bytes].join(', '),
  ];
}

const users = async () => {
  const { privateKey, publicKey } = await keygen('-t', 'ed25519', '-a', '1', '-N', passphrase);
  const [, body = ''] = privateKey.split('\n');
  return { privateKey, publicKey, secrets: [password, passphrase, answer, body] };
};

interface Row {
  what: string;
  server: MockServerOptions;
  options: Partial<ConnectOptions>;
}

const interactive = { prompts: ['Code: '], answers: ['something else'] };
const withPassword = { privateKey: undefined as never, password };
const rows: Row[] = [
  { what: 'a refused password', server: {}, options: withPassword },
  {
    what: 'a login that hangs',
    server: { faults: { auth: { hang: true } } },
    options: { password, timeouts: { auth: 60 } },
  },
  { what: 'a cut in the login', server: { faults: { auth: { disconnect: 'rst' } } }, options: { password } },
  {
    what: 'a goodbye in the login',
    server: { faults: { auth: { disconnect: 'message' } } },
    options: { password },
  },
  {
    what: 'a refused answer',
    server: { users: [{ username: 'rpa', keyboardInteractive: interactive }] },
    options: { privateKey: undefined as never, keyboardInteractive: async () => [answer] },
  },
  {
    what: 'too many answers',
    server: { users: [{ username: 'rpa', keyboardInteractive: interactive }] },
    options: { privateKey: undefined as never, keyboardInteractive: async () => [answer, answer] },
  },
  {
    what: 'a mute server',
    server: { faults: { banner: 'mute' } },
    options: { password, timeouts: { banner: 60, total: 100 }, retry: { attempts: 3, quiet: 1 } },
  },
  {
    what: 'a wrong host key',
    server: {},
    options: { password, hostKey: { fingerprint: `SHA256:${'A'.repeat(43)}` } },
  },
  { what: 'a wrong passphrase', server: {}, options: { passphrase: answer } },
  { what: 'a wrong option', server: {}, options: { password, timeouts: { tcp: -1 } } },
  { what: 'an option that does not exist', server: {}, options: { password, passwort: password } as never },
];

function expectNoSecret(secrets: string[], shown: string): void {
  for (const form of secrets.flatMap(formsOf)) expect(shown.includes(form), `shows ${form}`).toBe(false);
}

describe('no secret is shown', () => {
  it.each(rows)(
    'in the error, the log or the debug output of $what',
    async ({ server: settings, options }) => {
      const { privateKey, publicKey, secrets } = await users();
      await using server = await startMockServer({
        users: [{ username: 'rpa', publicKeys: [publicKey], password: 'rpa' }],
        ...settings,
      });
      const records: LogRecord[] = [];
      const error = await connectTo(server, {
        privateKey,
        passphrase,
        log: (record) => records.push(record),
        ...options,
      }).then(
        (connection) => connection.close(),
        (reason: unknown) => reason,
      );
      expectNoSecret(secrets, everythingOf(error) + everythingOf(records) + written.join('\n'));
    },
  );

  it('by an open connection, a command on it, a lost one, or their errors', async () => {
    const { privateKey, publicKey, secrets } = await users();
    await using server = await startMockServer({
      users: [{ username: 'rpa', publicKeys: [publicKey], password, requires: ['publickey', 'password'] }],
    });
    const records: LogRecord[] = [];
    const connection: Connection = await connectTo(server, {
      privateKey,
      passphrase,
      password,
      log: (record) => records.push(record),
    });
    const command = connection.exec('sleep 60');
    const shown = [everythingOf(connection), everythingOf(command)];
    await server.waitFor('exec');
    server.dropAll('rst');
    shown.push(everythingOf(await Promise.resolve(command).catch((error: unknown) => error)));
    shown.push(
      everythingOf(await connection.closed),
      everythingOf(connection),
      everythingOf(records),
      written.join('\n'),
    );
    expect(inspect(connection)).toMatch(/^Connection \{ 127\.0\.0\.1:\d+, OpenSSH_9\.9 mock, closed \}$/);
    expectNoSecret(secrets, shown.join('\n'));
  });

  it('is proven by a search that would find one', () => {
    expect(() => expectNoSecret([password], everythingOf(new Error(`with ${password}`)))).toThrow(/shows/);
    expect(() => expectNoSecret([password], everythingOf({ deep: { key: Buffer.from(password) } }))).toThrow(
      /shows/,
    );
  });
});
