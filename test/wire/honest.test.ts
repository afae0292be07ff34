import { once } from 'node:events';
import { connect as dial } from 'node:net';
import { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import { startMockServer } from '../../src/mock-server/index.ts';
import { optionsFor } from '../support/connect.ts';
import {
  friendlyAnswer,
  newHostKey,
  payload,
  publicLine,
  type RawConnection,
  startRawServer,
} from '../support/raw-server.ts';
import { messages } from '../support/wire-matrix.ts';

/** A stream to a port whose bytes arrive in pieces of this length. */
async function inPieces(port: number, piece: number): Promise<Duplex> {
  const socket = dial(port, '127.0.0.1');
  await once(socket, 'connect');
  const stream = new Duplex({
    read() {},
    write: (chunk, _encoding, done) => void socket.write(chunk, done),
    final: (done) => void socket.end(done),
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  socket.on('error', (error) => stream.destroy(error));
  socket.on('end', () => stream.push(null));
  socket.on('data', (bytes) => {
    for (let at = 0; at < bytes.length; at += piece) stream.push(bytes.subarray(at, at + piece));
  });
  return stream;
}

const key = newHostKey();
const line = publicLine(key);
/** Each lets this key through, sooner or later. */
const policies = [
  { key: line },
  { verify: () => true },
  { verify: () => sleep(5, true) },
  'insecure-accept-any',
] as const;

describe('a server that sends EXT_INFO after its NEWKEYS', () => {
  it.each([true, false])('works, however its bytes arrive, strict key exchange %s', async (strict) => {
    const script = { message: messages.EXT_INFO, position: 'glued' as const, answer: friendlyAnswer };
    using server = await startRawServer({ key, strict, script });
    const pieces = [1, 2, 3, 5, 7, 8, 13, 16, 17, 31, 64, 100, 150, 231, 300, 400, 500, 700, 1_000];
    let count = 0;
    const connects = pieces.flatMap((piece) =>
      policies.map(async (hostKey) => {
        const connection = await connectViaGateway({
          ...{ host: '127.0.0.1', port: server.port, username: 'rpa', password: 'rpa', retry: false },
          hostKey,
          via: () => inPieces(server.port, piece),
        });
        await connection.close();
        count++;
      }),
    );
    await Promise.all(connects);
    expect(count).toBe(pieces.length * policies.length);
  });

  it.each([
    ['IGNORE', payload(2, 'noise')],
    ['DEBUG', payload(4, false, 'words', '')],
    ['UNIMPLEMENTED', payload(3, 0)],
  ])('may also send %s there', async (_name, message) => {
    const script = { message, position: 'glued' as const, answer: friendlyAnswer };
    using server = await startRawServer({ key, strict: true, script });
    const connection = await connectViaGateway({
      ...{ host: '127.0.0.1', port: server.port, username: 'rpa', password: 'rpa', retry: false },
      hostKey: { verify: () => sleep(5, true) },
    });
    await connection.close();
  });
});

it('waits for a slow host key check with a server that sends everything it may, then works', async () => {
  await using server = await startMockServer({ loginBanner: 'welcome' });
  const shown: string[] = [];
  const connection = await connectViaGateway(
    optionsFor(server, {
      hostKey: { verify: () => sleep(60, true) },
      onLoginBanner: (text) => shown.push(text),
    }),
  );
  await using _ = connection;
  expect((await connection.exec('echo hello')).stdout).toBe('hello\n');
  expect(shown.join('')).toContain('welcome');
});

/** Answers the request for the service, and the login, with what a test says. */
const answers = (toService: Buffer[], toLogin: Buffer[]) => ({
  answer: (server: Parameters<typeof friendlyAnswer>[0], message: Buffer) => {
    const reply = message[0] === 5 ? toService : message[0] === 50 ? toLogin : [];
    for (const one of reply) server.send(one);
  },
});

describe('an accepted server that sends messages out of order', () => {
  it.each([
    ['a second SERVICE_ACCEPT', [messages.SERVICE_ACCEPT, messages.SERVICE_ACCEPT], [], 'login'],
    ['a success without accepting the service', [messages.USERAUTH_SUCCESS], [], 'authentication service'],
    ['a banner without accepting the service', [messages.BANNER], [], 'authentication service'],
    ['a channel during the login', [messages.SERVICE_ACCEPT], [messages.CHANNEL_OPEN], 'during the login'],
    ['a global request in place of an answer', [messages.SERVICE_ACCEPT], [messages.GLOBAL_REQUEST], 'login'],
    ['keys that nobody exchanges', [payload(21)], [], 'authentication service'],
  ])('is disconnected with a typed error that says so: %s', async (_what, toService, toLogin, when) => {
    using server = await startRawServer({ key, strict: true, script: answers(toService, toLogin) });
    let shown = 0;
    const connecting = connectViaGateway({
      ...{ host: '127.0.0.1', port: server.port, username: 'rpa', password: 'rpa', retry: false },
      hostKey: { key: line },
      onLoginBanner: () => shown++,
    });
    await expect(connecting).rejects.toMatchObject({
      code: 'SSH_HANDSHAKE_FAILED',
      retryable: false,
      message: expect.stringContaining(when),
      reason: expect.stringContaining('out of turn'),
    });
    expect(shown).toBe(0);
  });

  it('ends an established connection', async () => {
    const late = answers([messages.SERVICE_ACCEPT], [messages.USERAUTH_SUCCESS, messages.USERAUTH_FAILURE]);
    using server = await startRawServer({ key, strict: true, script: late });
    const connection = await connectViaGateway({
      ...{ host: '127.0.0.1', port: server.port, username: 'rpa', password: 'rpa', retry: false },
      hostKey: { key: line },
    }).catch((error) => ({ closed: Promise.resolve(error) }));
    expect(await connection.closed).toMatchObject({
      code: 'SSH_HANDSHAKE_FAILED',
      reason: 'SSH_MSG_USERAUTH_FAILURE (51) out of turn, after the login',
    });
  });
});

describe('a server that starts another key exchange and does not complete it', () => {
  it.each([
    ['in the session, with noise that keeps the keepalive content', 52],
    ['in silence', 0],
  ])('is disconnected within the handshake timeout: %s', async (_how, noise) => {
    const timers: NodeJS.Timeout[] = [];
    const answer = (connection: RawConnection, message: Buffer) => {
      friendlyAnswer(connection, message);
      if (message[0] !== 90) return;
      connection.rekey();
      if (noise > 0) timers.push(setInterval(() => connection.send(payload(2, 'noise')), 50));
    };
    // With a strict key exchange ssh2 takes no noise in any.
    using server = await startRawServer({ key, strict: false, script: { answer, endlessRekey: true } });
    const connection = await connectViaGateway({
      ...{ host: '127.0.0.1', port: server.port, username: 'rpa', password: 'rpa', retry: false },
      ...{ hostKey: { key: line }, timeouts: { handshake: 600 } },
    });
    connection.openStream('nobody', 1).catch(() => {});
    expect(await connection.closed).toMatchObject({
      ...{ code: 'SSH_CONNECTION_LOST', why: 'protocol' },
      message: expect.stringMatching(
        /began another key exchange and did not finish it within 600 ms \(option timeouts.handshake\)/,
      ),
    });
    for (const timer of timers) clearInterval(timer);
  });

  it('is distinguished from one that rekeys again and again', async () => {
    await using server = await startMockServer();
    await using connection = await connectViaGateway(optionsFor(server, { timeouts: { handshake: 300 } }));
    for (let round = 0; round < 3; round++) await server.rekey();
    await sleep(700);
    expect((await connection.exec('echo hello')).stdout).toBe('hello\n');
  });
});
