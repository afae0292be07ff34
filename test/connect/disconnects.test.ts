import { describe, expect, it } from 'vitest';
import { type FaultPhase, startMockServer } from '../../src/mock-server/index.ts';
import { connectTo } from '../support/connect.ts';
import { failureOf } from '../support/outcome.ts';

const noAuth = { auth: { hang: true } } as const;

describe('a disconnect by the server', () => {
  const rows: Array<[phase: FaultPhase, code: number, message: string, wanted: object]> = [
    ['ident', 2, 'too busy', { code: 'SSH_HANDSHAKE_FAILED', reason: 'too busy', retryable: true }],
    ['ident', 12, '', { code: 'SSH_HANDSHAKE_FAILED', reason: 'TOO_MANY_CONNECTIONS', retryable: true }],
    ['ident', 11, 'maintenance', { code: 'SSH_HANDSHAKE_FAILED', reason: 'maintenance', retryable: true }],
    [
      'kex',
      7,
      'no service',
      { code: 'SSH_CONNECTION_LOST', why: 'server-disconnect', phase: 'auth', retryable: true },
    ],
    ['kex', 14, 'no more methods', { code: 'SSH_AUTHENTICATION_FAILED', retryable: false }],
    ['kex', 2, 'Too many authentication failures', { code: 'SSH_AUTHENTICATION_FAILED', retryable: false }],
    [
      'kex',
      99,
      '',
      { code: 'SSH_CONNECTION_LOST', reason: 'Unexpected disconnection reason: 99', retryable: true },
    ],
  ];

  it.each(rows)(
    'at %s with reason %d (%j) is reported for its phase',
    async (phase, code, message, wanted) => {
      await using server = await startMockServer({
        faults: { disconnect: { phase, code, message }, ...noAuth },
      });
      const { error } = await failureOf(connectTo(server));
      expect(error).toMatchObject(wanted);
      expect(error.message).toContain(message);
    },
  );

  it.each([1, 2, 11, 15])('with reason %d ends an open connection with its description', async (code) => {
    const message = `words ${code}`;
    await using server = await startMockServer({
      faults: { disconnect: { phase: 'ready', afterMs: 30, code, message } },
    });
    const connection = await connectTo(server);
    const error = await connection.closed;
    expect(error).toMatchObject({
      code: 'SSH_CONNECTION_LOST',
      why: 'server-disconnect',
      reason: message,
      phase: 'session',
    });
  });
});

describe('a connection cut later', () => {
  it.each([
    ['fin', 'closed without a word'],
    ['rst', 'ECONNRESET'],
  ] as const)('by %s is reported', async (how, reason) => {
    await using server = await startMockServer();
    const connection = await connectTo(server);
    server.dropAll(how);
    expect(await connection.closed).toMatchObject({
      code: 'SSH_CONNECTION_LOST',
      why: 'socket',
      reason,
      retryable: true,
    });
  });

  it.each(['fin', 'rst'] as const)(
    'by %s during authentication is not a refusal, and is tried again',
    async (disconnect) => {
      await using server = await startMockServer({ faults: { connections: 1, auth: { disconnect } } });
      const codes: string[] = [];
      await using connection = await connectTo(server, {
        retry: { attempts: 2, minDelay: 5, onRetry: ({ code }) => codes.push(code) },
      });
      expect(connection.serverVersion).toContain('OpenSSH');
      expect(codes).toEqual(['SSH_CONNECTION_LOST']);
    },
  );
});
