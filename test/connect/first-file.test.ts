import { afterEach, describe, expect, it, vi } from 'vitest';
// So that it is there when the first login is over, as it is in a build.
import '../../src/connection.ts';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import type { ConnectOptions } from '../../src/options/types.ts';
import { switchedOff } from '../../src/ssh2/insides/registry/look.ts';
import { confirmation, follow, type LoginScript } from '../support/login-script.ts';
import { failureOf, pause, until } from '../support/outcome.ts';
import { newHostKey, payload, publicLine, startRawServer } from '../support/raw-server.ts';

// Each part of the code for files is loaded once in this process: the tests take them in turn.
const loading = vi.hoisted(() => ({ up: async () => {}, client: async () => {} }));
vi.mock('../../src/sftp/up/index.ts', async (original) => {
  await loading.up();
  return original<object>();
});
vi.mock('../../src/sftp/client/index.ts', async (original) => {
  await loading.client();
  return original<object>();
});

afterEach(() => switchedOff.clear());

const key = newHostKey();
/** Names of message types as the server sees them. */
const names: Record<number, string> = { 90: 'session', 98: 'subsystem', 94: 'data', 96: 'eof', 97: 'close' };

/** As OpenSSH confirms a session: with a window of 0, and after the login if it was requested before. */
const opened: NonNullable<LoginScript['open']> = (raw, channel, _count, isEarly) =>
  void setTimeout(() => raw.send(payload(91, channel, channel + 7_000, 0, 32_768)), isEarly ? 120 : 0);

/** A server whose sessions stay silent after the request for SFTP, and what it has been sent on them. */
async function serve(
  script: LoginScript & { request?: (channel: number) => Buffer[] } = {},
  name = 'OpenSSH_9.9',
) {
  const answer = follow({ open: opened, ...script });
  const server = await startRawServer({
    ...{ key, strict: true, identification: `SSH-2.0-${name}` },
    script: {
      answer: (raw, message) => {
        // The requests for the login service, whose answer shows how far the server is, and for the login.
        if (message[0] === 5 || message[0] === 50) return void setTimeout(() => answer(raw, message), 40);
        if (message[0] !== 98) return answer(raw, message);
        for (const reply of script.request?.(message.readUInt32BE(1) - 7_000) ?? []) raw.send(reply);
      },
    },
  });
  const options: ConnectOptions = {
    ...{ host: '127.0.0.1', port: server.port, username: 'rpa', password: 'rpa', retry: false },
    hostKey: { key: publicLine(key) },
  };
  const seen = () =>
    (server.connections[0]?.received ?? []).flatMap(({ type }) => (names[type] ? [names[type]] : []));
  const connection = await connectViaGateway(options);
  const dispose = async () => {
    server[Symbol.dispose]();
    await connection.close();
  };
  return { connection, seen, [Symbol.asyncDispose]: dispose };
}

const gone = { signal: AbortSignal.abort('enough') };

describe('the session for the first file', () => {
  it.each<[string, (connection: Awaited<ReturnType<typeof connectViaGateway>>) => Promise<unknown>]>([
    ['options', (connection) => connection.upload(Buffer.from('x'), '/x', { verify: 'md5' as 'sha256' })],
    ['a path', (connection) => connection.download('/x', '')],
    ['options of sftp()', (connection) => connection.sftp({ timeout: -1 })],
    ['a name for bytes', (connection) => connection.upload(Buffer.from('x'), '/x/')],
    ['a local file that is not there', (connection) => connection.upload('/no/such/file', '/x')],
    ['an aborted signal', (connection) => connection.upload(Buffer.from('x'), '/x', gone)],
  ])('is not requested with wrong arguments: %s', async (_what, call) => {
    await using server = await serve();
    await expect(call(server.connection)).rejects.toBeDefined();
    await pause(30);
    expect(server.seen()).toEqual(['session']);
  });

  it('is closed if the code cannot be loaded', async () => {
    loading.client = () => Promise.reject(new Error('damaged'));
    await using server = await serve();
    const { error } = await failureOf(server.connection.sftp());
    expect(String(error.cause ?? error)).toContain('damaged');
    await until(() => server.seen().includes('close'));
    expect(server.seen()).toEqual(['session', 'subsystem', 'data', 'close']);
  });

  it('is the one that was requested with the login, and SFTP begins on it before the code is loaded', async () => {
    await using server = await serve();
    let before: string[] = [];
    loading.up = async () => {
      await pause(100);
      before = server.seen();
    };
    const abort = new AbortController();
    const failed = failureOf(server.connection.upload(Buffer.from('x'), '/x', { signal: abort.signal }));
    await until(() => server.seen().length > 3);
    expect(before).toEqual(['session', 'subsystem', 'data']);
    // The first requests of the upload, still before any answer.
    expect(server.seen()).toEqual(['session', 'subsystem', 'data', 'data']);
    abort.abort('enough');
    expect((await failed).error).toBe('enough');
  });
});

describe('SFTP on the session that was requested with the login', () => {
  const upload = (server: Awaited<ReturnType<typeof serve>>) =>
    failureOf(server.connection.upload(Buffer.from('x'), '/x', { stallTimeout: 200 }));

  it('is refused as on any other, which is closed', async () => {
    await using server = await serve({ request: (channel) => [payload(100, channel)] });
    const { error } = await upload(server);
    expect(error).toMatchObject({
      code: 'SSH_CHANNEL_OPEN_FAILED',
      reason: 'Unable to start subsystem: sftp',
    });
    await until(() => server.seen().includes('close'));
    expect(server.seen().filter((name) => name === 'session')).toHaveLength(1);
  });

  it('is not requested if the server has said something on it', async () => {
    await using server = await serve({
      open: (raw, channel, count, isEarly) =>
        void setTimeout(
          () => {
            raw.send(confirmation(channel));
            if (count === 1) raw.send(payload(94, channel, 'boo'));
          },
          isEarly ? 120 : 0,
        ),
    });
    await pause(200);
    void upload(server);
    await until(() => server.seen().includes('subsystem'));
    expect(server.seen().slice(0, 4)).toEqual(['session', 'close', 'session', 'subsystem']);
  });

  it('is not requested where the round trip is unknown, as without the early login', async () => {
    switchedOff.add('session behind the login');
    await using server = await serve();
    expect(server.seen()).toEqual([]);
    void upload(server);
    await until(() => server.seen().includes('subsystem'));
    expect(server.seen().slice(0, 2)).toEqual(['session', 'subsystem']);
  });

  it.each(['dropbear_2022.83', 'AsyncSSH_2.14.2', 'Cisco (OpenSSH_8.4)', 'OpenSSH_for_Windows_9.5'])(
    'has no session to take from %s',
    async (name) => {
      await using server = await serve({}, name);
      expect(server.seen()).toEqual([]);
      void upload(server);
      await until(() => server.seen().includes('subsystem'));
      await pause(30);
      const begins = name.startsWith('OpenSSH') ? ['session', 'subsystem', 'data'] : ['session', 'subsystem'];
      expect(server.seen().slice(0, 3)).toEqual(begins);
    },
  );
});
