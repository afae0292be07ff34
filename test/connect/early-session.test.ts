import { describe, expect, it } from 'vitest';
// So that it is there when the first login is over, as it is in a build.
import '../../src/connection.ts';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import { startMockServer } from '../../src/mock-server/index.ts';
import type { ConnectOptions } from '../../src/options/types.ts';
import { jumpHost } from '../../src/route/jump-host.ts';
import { switchedOff } from '../../src/ssh2/insides/registry/look.ts';
import { connectTo, optionsFor } from '../support/connect.ts';
import { fakeAgent } from '../support/fake-agent.ts';
import {
  confirmation,
  failure,
  follow,
  type LoginScript,
  refusal,
  success,
  unimplemented,
} from '../support/login-script.ts';
import { failureOf, pause, until } from '../support/outcome.ts';
import { keygen } from '../support/private-keys.ts';
import { newHostKey, payload, publicLine, type RawServer, startRawServer } from '../support/raw-server.ts';

const key = newHostKey();

interface Scripted extends RawServer {
  options: ConnectOptions;
}

async function serve(script: LoginScript = {}, identification?: string): Promise<Scripted> {
  const answer = follow(script);
  const named = identification === undefined ? {} : { identification: `SSH-2.0-${identification}` };
  const server = await startRawServer({ key, strict: true, script: { answer }, ...named });
  const options = {
    ...{ host: '127.0.0.1', port: server.port, username: 'rpa', password: 'rpa' },
    ...{ hostKey: { key: publicLine(key) }, retry: false as const },
  };
  return Object.assign(server, { options });
}

const typesOf = ({ connections }: RawServer, n = 0) => connections[n]?.received.map(({ type }) => type) ?? [];
/** Requests for channels before and after the answer to the last login request. */
const countOf = (server: RawServer, type: number, n = 0) =>
  typesOf(server, n).filter((each) => each === type).length;
/** Whether a channel is requested right behind the first login request. */
const isEarly = (server: RawServer, n = 0) => {
  const types = typesOf(server, n);
  return types[types.indexOf(50) + 1] === 90;
};

const { privateKey } = await keygen('-t', 'ed25519', '-N', '');

describe('the first session', () => {
  it.each([
    ['a password', {}],
    ['a key', { privateKey, password: undefined }],
  ])(
    'is requested right behind a login with %s, and the command is sent only to the confirmed one',
    async (_by, by) => {
      using server = await serve();
      await using connection = await connectViaGateway({ ...server.options, ...by } as ConnectOptions);
      expect(isEarly(server)).toBe(true);
      expect(countOf(server, 98)).toBe(0);
      expect((await connection.exec('true')).exitCode).toBe(0);
      expect(countOf(server, 90)).toBe(1);
    },
  );

  it('saves one of two flights of a first command', async () => {
    using server = await serve();
    await using connection = await connectViaGateway(server.options);
    await pause(20);
    const before = countOf(server, 90);
    await connection.exec('true');
    expect(countOf(server, 90) - before).toBe(0);
  });

  it.each([
    'OpenSSH_for_Windows_7.7',
    'OpenSSH_for_Windows_9.5',
    'dropbear_2022.83',
    'TinySSH',
    'AsyncSSH_2.14.2',
    'Go',
    'libssh_0.10.6',
    'paramiko_3.4.0',
    'ssh2js1.17.0',
    'Cisco (OpenSSH_8.4)',
  ])('is not requested early from %s', async (identification) => {
    using server = await serve({}, identification);
    await using connection = await connectViaGateway(server.options);
    expect(countOf(server, 90)).toBe(0);
    expect((await connection.exec('true')).exitCode).toBe(0);
  });

  it('is not requested behind a login that needs a further request', async () => {
    using server = await serve();
    const { password: _, ...rest } = server.options;
    await using agent = await fakeAgent({ keys: [privateKey] });
    for (const how of [{ agent: agent.path }, { keyboardInteractive: () => ['rpa'] }, {}]) {
      await using connection = await connectViaGateway({ ...rest, ...how });
      expect(countOf(server, 90, server.connections.length - 1)).toBe(0);
      expect((await connection.exec('true')).exitCode).toBe(0);
    }
    expect(server.connections).toHaveLength(3);
  });

  it.each(['session behind the login', 'early login'] as const)(
    'is not requested early without "%s" in ssh2',
    async (name) => {
      switchedOff.add(name);
      using server = await serve();
      const options = { ...server.options, password: undefined, privateKey } as ConnectOptions;
      const connecting = connectViaGateway(options);
      await using connection = await connecting.finally(() => switchedOff.clear());
      expect(countOf(server, 90)).toBe(0);
      expect((await connection.exec('true')).exitCode).toBe(0);
    },
  );

  it('is not requested early where only one may be open, nor from a jump host', async () => {
    using only = await serve();
    await using connection = await connectViaGateway({ ...only.options, maxSessions: 1 });
    expect(countOf(only, 90)).toBe(0);
    expect((await connection.exec('true')).exitCode).toBe(0);
    await using server = await startMockServer();
    using gateway = await serve({ open: (raw, channel) => raw.send(refusal(channel)) });
    const { retry: _, ...jump } = gateway.options;
    await failureOf(connectTo(server, { via: jumpHost(jump) }));
    expect(countOf(gateway, 50)).toBe(1);
    expect(isEarly(gateway)).toBe(false);
  });

  it('is closed soon if nobody needs it', async () => {
    using server = await serve();
    await using _connection = await connectViaGateway(server.options);
    await pause(1_200);
    expect(countOf(server, 97)).toBe(1);
  });

  it('is for one command; others that begin meanwhile open theirs', async () => {
    using server = await serve({
      open: (raw, channel, _count, early) =>
        void setTimeout(() => raw.send(confirmation(channel)), early ? 150 : 0),
    });
    await using connection = await connectViaGateway(server.options);
    const [waiting, own] = [connection.exec('true'), connection.exec('true')];
    await own;
    expect(countOf(server, 98)).toBe(1);
    await waiting;
    expect(countOf(server, 98)).toBe(2);
    expect(countOf(server, 90)).toBe(2);
  });

  it('can be waited for until the command is aborted, and is then for the next one', async () => {
    using server = await serve({
      open: (raw, channel) => void setTimeout(() => raw.send(confirmation(channel)), 150),
    });
    await using connection = await connectViaGateway(server.options);
    const stop = new AbortController();
    const aborted = connection.exec('true', { signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    expect(countOf(server, 98)).toBe(0);
    expect((await connection.exec('true')).exitCode).toBe(0);
    expect(countOf(server, 90)).toBe(1);
  });

  it('does not hold up a close, and its loss fails who waits for it', async () => {
    using server = await serve({ open: () => {} });
    const closing = await connectViaGateway(server.options);
    const waiting = closing.exec('true');
    waiting.catch(() => {});
    const startedAt = performance.now();
    // The scripted server says no goodbye.
    setTimeout(() => server.connections[0]?.end(), 20);
    await closing.close();
    expect(performance.now() - startedAt).toBeLessThan(400);
    await expect(waiting).rejects.toMatchObject({ code: 'SSH_CONNECTION_LOST' });
    const lost = await connectViaGateway(server.options);
    const failed = failureOf(lost.exec('true'));
    server.connections[1]?.destroy();
    expect((await failed).error.code).toBe('SSH_CONNECTION_LOST');
  });
});

describe('a server that refuses the login', () => {
  const second = (raw: Parameters<NonNullable<LoginScript['login']>>[0], count: number) =>
    raw.send(count === 1 ? failure : success);

  it('is asked for a session when another one has succeeded', async () => {
    using server = await serve({ login: second });
    await using connection = await connectViaGateway({ ...server.options, privateKey });
    expect(isEarly(server)).toBe(true);
    expect((await connection.exec('true')).exitCode).toBe(0);
    expect(countOf(server, 90)).toBe(2);
    // It bears with it: the next connection asks early, too.
    await using _next = await connectViaGateway(server.options);
    expect(isEarly(server, 1)).toBe(true);
  });

  it('and opens the session all the same has it closed', async () => {
    const early: number[] = [];
    using server = await serve({
      login: (raw, count) => {
        second(raw, count);
        if (count > 1) for (const channel of early) raw.send(confirmation(channel));
      },
      open: (raw, channel, count) =>
        void (count === 1 ? early.push(channel) : raw.send(confirmation(channel))),
    });
    await using connection = await connectViaGateway({ ...server.options, privateKey });
    expect((await connection.exec('true')).exitCode).toBe(0);
    expect(countOf(server, 90)).toBe(2);
    // That of the command has been closed by both.
    await until(() => countOf(server, 97) === 2);
  });

  it('and ends the connection over the request behind it is not sent one again', async () => {
    using server = await serve({
      login: (raw, count) => {
        if (countOf(server, 90, server.connections.indexOf(raw)) === 0) return second(raw, count);
        raw.send(failure);
        raw.send(payload(1, 2, 'unexpected message', ''));
        raw.end();
      },
    });
    const options = { ...server.options, privateKey };
    await failureOf(connectViaGateway(options));
    await using connection = await connectViaGateway(options);
    expect(isEarly(server, 1)).toBe(false);
    expect((await connection.exec('true')).exitCode).toBe(0);
  });

  it('for good says so as before, and is asked early again', async () => {
    using server = await serve({ login: (raw) => raw.send(failure) });
    for (let n = 0; n < 3; n++) {
      const { error } = await failureOf(connectViaGateway(server.options));
      expect(error.code).toBe('SSH_AUTHENTICATION_FAILED');
      expect(isEarly(server, n)).toBe(true);
    }
  });
});

describe('a hostile or odd server', () => {
  it('that opens the session before the login has succeeded is out of turn, and not asked early again', async () => {
    using server = await serve({
      open: (raw, channel) => raw.send(confirmation(channel)),
      login: (raw) => raw.send(success),
    });
    const { error } = await failureOf(connectViaGateway(server.options));
    expect(error.message).toContain('SSH_MSG_CHANNEL_OPEN_CONFIRMATION (91)');
    await using connection = await connectViaGateway(server.options);
    expect(isEarly(server, 1)).toBe(false);
    expect((await connection.exec('true')).exitCode).toBe(0);
  });

  it('that confirms twice opens one session', async () => {
    using server = await serve({
      open: (raw, channel) => {
        const twice = () => {
          raw.send(confirmation(channel));
          raw.send(confirmation(channel));
        };
        setTimeout(twice, 50);
      },
    });
    await using connection = await connectViaGateway(server.options);
    expect((await connection.exec('true')).exitCode).toBe(0);
    expect((await connection.exec('true')).exitCode).toBe(0);
  });

  it('that closes it at once leaves the command one of its own', async () => {
    using server = await serve({
      open: (raw, channel, count) =>
        void setTimeout(() => {
          raw.send(confirmation(channel));
          if (count === 1) raw.send(payload(97, channel));
        }, 40),
    });
    await using connection = await connectViaGateway(server.options);
    await pause(60);
    expect((await connection.exec('true')).exitCode).toBe(0);
    expect(countOf(server, 90)).toBe(2);
  });

  it('that never answers the request is asked again after half a second, and a late answer is closed', async () => {
    let answerLate = () => {};
    using server = await serve({
      open: (raw, channel, _count, early) => {
        if (early) answerLate = () => raw.send(confirmation(channel));
        else raw.send(confirmation(channel));
      },
    });
    await using connection = await connectViaGateway(server.options);
    const startedAt = performance.now();
    expect((await connection.exec('true')).exitCode).toBe(0);
    const took = performance.now() - startedAt;
    expect(took).toBeGreaterThan(400);
    expect(took).toBeLessThan(1_500);
    await until(() => countOf(server, 97) === 1);
    answerLate();
    await until(() => countOf(server, 97) === 2);
    expect((await connection.exec('true')).exitCode).toBe(0);
  });

  it('that says it does not know the message is asked again at once', async () => {
    using server = await serve({
      login: (raw) => {
        raw.send(unimplemented);
        raw.send(success);
      },
      open: (raw, channel, _count, early) => {
        if (!early) raw.send(confirmation(channel));
      },
    });
    await using connection = await connectViaGateway(server.options);
    const startedAt = performance.now();
    expect((await connection.exec('true')).exitCode).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(400);
    expect(countOf(server, 90)).toBe(2);
  });

  it.each([
    ['ends the connection', (raw: { end(): void }) => raw.end()],
    ['falls silent', () => {}],
  ])('that %s over the request fails one connect, and not the next', async (_what, hurt) => {
    using server = await serve({
      login: (raw) => {
        if (countOf(server, 90, server.connections.indexOf(raw)) > 0) hurt(raw);
        else raw.send(success);
      },
      open: (raw, channel, _count, early) => {
        if (!early) raw.send(confirmation(channel));
      },
    });
    const options = { ...server.options, timeouts: { auth: 300 } };
    const { error } = await failureOf(connectViaGateway(options));
    expect(['SSH_CONNECTION_LOST', 'SSH_AUTH_TIMEOUT']).toContain(error.code);
    // No login is tried again unasked.
    expect(server.connections).toHaveLength(1);
    await using connection = await connectViaGateway(options);
    expect(isEarly(server, 1)).toBe(false);
    expect((await connection.exec('true')).exitCode).toBe(0);
  });

  it('that ends the connection once the login has succeeded is not asked early again, but ahead', async () => {
    using server = await serve({
      login: (raw) => {
        raw.send(success);
        if (server.connections.indexOf(raw) === 0) setTimeout(() => raw.end(), 50);
      },
      open: (raw, channel, _count, early) => {
        if (!early) raw.send(confirmation(channel));
      },
    });
    const lost = await connectViaGateway(server.options);
    expect(await lost.closed).toMatchObject({ code: 'SSH_CONNECTION_LOST' });
    await using connection = await connectViaGateway(server.options);
    expect(isEarly(server, 1)).toBe(false);
    for (let n = 0; n < 4; n++) await connection.exec('true');
    // One session more than there are commands: the next one's.
    expect(countOf(server, 90, 1)).toBe(5);
  });

  it('that refuses sessions says so to the command, and is not asked early again', async () => {
    using server = await serve({
      open: (raw, channel) => void setTimeout(() => raw.send(refusal(channel)), 40),
    });
    await using connection = await connectViaGateway(server.options);
    const { error } = await failureOf(connection.exec('true'));
    expect(error).toMatchObject({ code: 'SSH_CHANNEL_OPEN_FAILED', reasonCode: 2 });
    await using _next = await connectViaGateway(server.options);
    expect(countOf(server, 90, 1)).toBe(0);
  });
});

describe('with the mock server', () => {
  it('two methods one after the other, and SFTP first', async () => {
    const pair = await keygen('-t', 'ed25519', '-N', '');
    const user = { username: 'rpa', password: 'rpa', publicKeys: [pair.publicKey] };
    await using server = await startMockServer({ users: [{ ...user, requires: ['publickey', 'password'] }] });
    await using connection = await connectTo(server, { privateKey: pair.privateKey, password: 'rpa' });
    await using sftp = await connection.sftp();
    await sftp.writeFile('a.txt', 'content');
    expect((await connection.exec('echo in')).stdout).toBe('in\n');
  });

  it.each([1, 2])('within MaxSessions %i', async (maxSessions) => {
    await using server = await startMockServer({ maxSessions });
    await using connection = await connectViaGateway(optionsFor(server));
    await using sftp = await connection.sftp();
    await sftp.writeFile('a.txt', 'content');
    await sftp.close();
    await Promise.all(Array.from({ length: 5 }, () => connection.exec('true')));
  });
});
