import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import { type MockServerOptions, startMockServer } from '../../src/mock-server/index.ts';
import type { ConnectOptions, LogRecord } from '../../src/options/types.ts';
import { connectTo } from '../support/connect.ts';
import { type Failure, failureOf, until } from '../support/outcome.ts';
import {
  friendlyAnswer,
  newHostKey,
  payload,
  type RawConnection,
  startRawServer,
} from '../support/raw-server.ts';

const control = '\u001b]0;pwned\u0007\u001b[2J\r\u202e\u0000';
const megabyte = `${control}${'A'.repeat(1 << 20)}`;
/** What SSH lets through in one packet of ssh2. */
const long = `${control}${'A'.repeat(30_000)}`;
const raw = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/;

function expectTame(error: Failure, records: LogRecord[]): void {
  const shown = {
    message: error.message,
    hint: error.hint ?? '',
    stack: error.stack ?? '',
    json: JSON.stringify(error),
    log: records.map(({ message }) => message).join('\n'),
    logs: JSON.stringify(records),
    inspected: inspect(error, { depth: 10, showHidden: true, maxStringLength: null }),
    attempts: JSON.stringify(error.attempts ?? []),
  };
  for (const [where, text] of Object.entries(shown)) {
    expect(text, where).not.toMatch(raw);
    expect(text.length, where).toBeLessThan(12_000);
  }
  expect(error.message.length).toBeLessThan(1_500);
}

interface Row {
  what: string;
  server: MockServerOptions;
  options?: Partial<ConnectOptions>;
  code: string;
}

const rows: Row[] = [
  {
    what: 'a megabyte instead of the identification line',
    server: { faults: { banner: { garbage: `${megabyte}\r\n` } } },
    code: 'SSH_BANNER_INVALID',
  },
  {
    what: 'escapes instead of it, then the end',
    server: { faults: { banner: { garbage: `${control}\r\n`, thenClose: true } } },
    code: 'SSH_BANNER_INVALID',
  },
  {
    what: 'escapes, then silence',
    server: { faults: { banner: { garbage: control } } },
    code: 'SSH_BANNER_TIMEOUT',
  },
  {
    what: 'escapes in the lines before it, then silence',
    server: { faults: { banner: { preLines: [control, long] }, handshake: { hang: true } } },
    code: 'SSH_HANDSHAKE_TIMEOUT',
  },
  {
    what: 'escapes in the identification line',
    server: { ident: 'Evil_1.0 \u001b]0;pwned\u0007\u001b[2J', faults: { auth: { hang: true } } },
    code: 'SSH_AUTH_TIMEOUT',
  },
  {
    what: 'a long goodbye in the key exchange',
    server: { faults: { disconnect: { phase: 'ident', message: long } } },
    code: 'SSH_HANDSHAKE_FAILED',
  },
  {
    what: 'a long goodbye in the login',
    server: { faults: { disconnect: { phase: 'kex', message: long }, auth: { hang: true } } },
    code: 'SSH_CONNECTION_LOST',
  },
  {
    what: 'a long goodbye by application',
    server: { faults: { disconnect: { phase: 'kex', code: 11, message: long }, auth: { hang: true } } },
    code: 'SSH_CONNECTION_LOST',
  },
];

describe('hostile text from a server', () => {
  it.each(rows)(
    'is escaped and truncated wherever it is shown: $what',
    async ({ server: settings, options, code }) => {
      await using server = await startMockServer(settings);
      const records: LogRecord[] = [];
      const timeouts = { banner: 300, handshake: 300, auth: 300 };
      const log = (record: LogRecord) => records.push(record);
      const { error } = await failureOf(connectTo(server, { timeouts, log, ...options }));
      expect(error.code).toBe(code);
      expect(records.length).toBeGreaterThan(1);
      expectTame(error, records);
    },
  );

  it('is escaped and truncated in a disconnect of an open connection', async () => {
    await using server = await startMockServer({
      faults: { disconnect: { phase: 'ready', afterMs: 50, message: long } },
    });
    const connection = await connectTo(server);
    const error = (await connection.closed) as Failure;
    expect(error).toMatchObject({ code: 'SSH_CONNECTION_LOST', why: 'server-disconnect' });
    expectTame(error, []);
  });

  it('is escaped and truncated in the refusal of a channel', async () => {
    await using server = await startMockServer({
      faults: { channel: { refuse: true, reason: 1, text: long } },
    });
    await using connection = await connectTo(server);
    const { error } = await failureOf(connection.openStream('example.com', 80));
    expect(error.code).toBe('SSH_CHANNEL_OPEN_FAILED');
    expectTame(error, []);
  });

  it('is escaped and truncated in the login banner, which keeps its lines', async () => {
    await using server = await startMockServer({ loginBanner: `Only for\r\nauthorised ${long}\n` });
    const notices: string[] = [];
    await using _connection = await connectTo(server, { onLoginBanner: (notice) => notices.push(notice) });
    await until(() => notices.length > 0);
    expect(notices[0]).toMatch(/^Only for\nauthorised \\x1b\]0;pwned/);
    expect(notices[0]).not.toMatch(raw);
    expect(notices[0]?.length).toBeLessThan(10_000);
  });

  it('is escaped in the version of an open connection', async () => {
    await using server = await startMockServer({ ident: 'Evil \u001b[31m\u0007' });
    await using connection = await connectTo(server);
    expect(connection.serverVersion).toBe('Evil \\x1b[31m\\x07');
    expect(connection.serverVersion).not.toMatch(raw);
    expect(inspect(connection)).not.toMatch(raw);
  });

  it('is escaped in the name of a signal', async () => {
    const name = `T${control}${'A'.repeat(1_000)}`;
    const answer = (raw: RawConnection, message: Buffer) => {
      if (message[0] === 90) return raw.send(payload(91, message.readUInt32BE(12), 0, 100_000, 32_768));
      friendlyAnswer(raw, message);
      if (message[0] !== 98) return;
      for (const one of [payload(99, 0), payload(98, 0, 'exit-signal', false, name, false, control, '')])
        raw.send(one);
      for (const type of [96, 97]) raw.send(payload(type, 0));
    };
    using server = await startRawServer({ key: newHostKey(), strict: true, script: { answer } });
    await using connection = await connectViaGateway({
      ...{ host: '127.0.0.1', port: server.port, username: 'rpa', password: 'rpa', retry: false },
      hostKey: 'insecure-accept-any',
    });
    const { error } = await failureOf(connection.exec('x'));
    expectTame(error, []);
    expect(error).toMatchObject({ signal: expect.stringMatching(/^SIGT\\x1b/) });
  });

  it('is escaped in prompts', async () => {
    const prompts = [`Code ${control}:`];
    await using server = await startMockServer({
      users: [{ username: 'rpa', keyboardInteractive: { prompts, answers: ['1'] } }],
    });
    const seen: string[] = [];
    await using _connection = await connectTo(server, {
      privateKey: undefined as never,
      keyboardInteractive: (asked, { name, instructions }) => {
        seen.push(...asked.map(({ prompt }) => prompt), name, instructions);
        return ['1'];
      },
    });
    expect(seen[0]).toMatch(/^Code \\x1b\]0;pwned/);
    expect(seen.join('')).not.toMatch(raw);
  });
});

describe('a login banner whose callback fails', () => {
  it('does not affect the connection', async () => {
    await using server = await startMockServer({ loginBanner: 'hello' });
    const onLoginBanner = () => {
      throw new Error('of the program');
    };
    await using connection = await connectTo(server, { onLoginBanner });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(inspect(connection)).toContain('open');
  });
});
