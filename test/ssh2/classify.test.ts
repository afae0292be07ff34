import { describe, expect, it } from 'vitest';
import {
  classifyEnd,
  classifyError,
  type HandshakePhase,
  isPassing,
  notStarted,
  outOfTurn,
  type Situation,
  type Ssh2Error,
  unsafeSsh2,
} from '../../src/ssh2/transport/classify.ts';
import type { StreamEnd } from '../../src/ssh2/transport/transport.ts';

function situation(phase: HandshakePhase, more: Partial<Situation> = {}): Situation {
  return {
    phase,
    host: 'gateway',
    port: 9012,
    elapsedMs: 5,
    saidBefore: Buffer.alloc(0),
    methodsTried: [],
    methodsOffered: undefined,
    authFailures: 0,
    ...more,
  };
}

const said = (text: string | Buffer) => ({ saidBefore: Buffer.from(text as string) });
const fin: StreamEnd = { kind: 'fin' };
const rst: StreamEnd = {
  kind: 'error',
  error: Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }),
};

type Wanted = { code: string; retryable: boolean } & Record<string, unknown>;
type EndRow = [what: string, end: StreamEnd, at: Situation, wanted: Wanted, message?: RegExp];

const ends: EndRow[] = [
  [
    'FIN before a word',
    fin,
    situation('banner'),
    { code: 'SSH_BANNER_MISSING', retryable: true, silentMs: 5 },
    /closed it after 5 ms/,
  ],
  [
    'RST before a word',
    rst,
    situation('banner'),
    { code: 'SSH_BANNER_MISSING', retryable: true },
    /broke it \(ECONNRESET\)/,
  ],
  [
    'RST after a long silence',
    rst,
    situation('banner', { elapsedMs: 30_000 }),
    {
      code: 'SSH_BANNER_MISSING',
      retryable: true,
      silentMs: 30_000,
      hint: expect.stringContaining('zombie'),
    },
  ],
  [
    'FIN in the identification line',
    fin,
    situation('banner', said('SSH-2.0-Open')),
    { code: 'SSH_BANNER_MISSING', retryable: true },
  ],
  [
    'FIN in its first letter',
    fin,
    situation('banner', said('S')),
    { code: 'SSH_BANNER_MISSING', retryable: true },
  ],
  [
    'FIN in the line after a greeting',
    fin,
    situation('banner', said('Welcome\r\nSSH')),
    { code: 'SSH_BANNER_MISSING', retryable: true },
  ],
  [
    'FIN after one letter of something else',
    fin,
    situation('banner', said('2')),
    { code: 'SSH_BANNER_INVALID', retryable: false, received: '2' },
  ],
  [
    'RST after a refused key',
    rst,
    situation('auth', { authFailures: 1, methodsTried: ['password'] }),
    { code: 'SSH_AUTHENTICATION_FAILED', retryable: false },
  ],
  [
    'FIN after other words',
    fin,
    situation('banner', said('220 smtp ready\r\n')),
    { code: 'SSH_BANNER_INVALID', retryable: false, received: '220 smtp ready\\r\\n' },
  ],
  [
    'FIN after a refusal in words',
    fin,
    situation('banner', said('Not allowed at this time\r\n')),
    { code: 'SSH_BANNER_INVALID', retryable: true, hint: expect.stringContaining('PerSourcePenalties') },
  ],
  [
    'FIN after MaxStartups',
    fin,
    situation('banner', said('Exceeded MaxStartups\r\n')),
    { code: 'SSH_BANNER_INVALID', retryable: true },
  ],
  [
    'FIN after a web page',
    fin,
    situation('banner', said('HTTP/1.1 400\r\n\r\n')),
    { code: 'SSH_BANNER_INVALID', retryable: false, hint: expect.stringContaining('web server') },
  ],
  [
    'FIN in the key exchange',
    fin,
    situation('handshake'),
    { code: 'SSH_HANDSHAKE_FAILED', retryable: true, hint: expect.stringContaining('MaxStartups') },
  ],
  [
    'RST in the key exchange',
    rst,
    situation('handshake'),
    { code: 'SSH_HANDSHAKE_FAILED', retryable: true, reason: 'ECONNRESET' },
  ],
  [
    'FIN in the login',
    fin,
    situation('auth'),
    { code: 'SSH_CONNECTION_LOST', retryable: true, why: 'socket', phase: 'auth' },
  ],
  ...(['fin', 'rst'] as const).map(
    (how): EndRow => [
      `${how} while keyboardInteractive is asked for long`,
      how === 'fin' ? fin : rst,
      situation('auth', { waitsForAnswer: true, elapsedMs: 119_800, authFailures: 1 }),
      {
        code: 'SSH_CONNECTION_LOST',
        retryable: false,
        hint: expect.stringContaining('keyboardInteractive had not answered after 120 s'),
      },
    ],
  ),
  [
    'FIN while an agent is asked for long',
    fin,
    situation('auth', { waitsForAgent: true, elapsedMs: 30_000 }),
    { code: 'SSH_CONNECTION_LOST', retryable: false, hint: expect.stringContaining('LoginGraceTime') },
  ],
  [
    'FIN while keyboardInteractive has only just been asked',
    fin,
    situation('auth', { waitsForAnswer: true, elapsedMs: 9_000 }),
    { code: 'SSH_CONNECTION_LOST', retryable: true, hint: expect.stringContaining('tunnel or the network') },
  ],
  [
    'FIN in a slow login in which nobody is being asked',
    fin,
    situation('auth', { elapsedMs: 30_000 }),
    { code: 'SSH_CONNECTION_LOST', retryable: true, hint: expect.stringContaining('tunnel or the network') },
  ],
  [
    'FIN after a refused key',
    fin,
    situation('auth', { authFailures: 1, methodsTried: ['password'] }),
    { code: 'SSH_AUTHENTICATION_FAILED', retryable: false, methodsTried: ['password'] },
  ],
  [
    'FIN later',
    fin,
    situation('session'),
    { code: 'SSH_CONNECTION_LOST', retryable: true, why: 'socket', reason: 'closed without a word' },
  ],
  [
    'RST later',
    rst,
    situation('session'),
    { code: 'SSH_CONNECTION_LOST', retryable: true, why: 'socket', reason: 'ECONNRESET' },
  ],
];

describe('the end of the stream', () => {
  it.each(ends)('%s', (_what, end, at, wanted, message = /gateway:9012/) => {
    const error = classifyEnd(end, at);
    expect(error).toMatchObject({
      host: 'gateway',
      port: 9012,
      phase: at.phase,
      hint: expect.any(String),
      ...wanted,
    });
    expect(error.message).toMatch(message);
    const isForeign = wanted.code === 'SSH_BANNER_INVALID';
    expect(error.cause).toBe(end.kind === 'error' && !isForeign ? end.error : undefined);
  });
});

const ssh2Error = (message: string, more: Partial<Ssh2Error> = {}) => Object.assign(new Error(message), more);

type ErrorRow = [what: string, error: Ssh2Error, at: Situation, wanted: Wanted];

const errorRows: ErrorRow[] = [
  [
    'all methods refused',
    ssh2Error('All configured authentication methods failed', { level: 'client-authentication' }),
    situation('auth', { methodsTried: ['password'], methodsOffered: ['password'] }),
    { code: 'SSH_AUTHENTICATION_FAILED', retryable: false, methodsOffered: ['password'] },
  ],
  [
    'too many agent keys',
    ssh2Error('Too many authentication failures', { code: 2 }),
    situation('auth', { authFailures: 6 }),
    { code: 'SSH_AUTHENTICATION_FAILED', retryable: false, hint: expect.stringContaining('MaxAuthTries') },
  ],
  [
    'too many own keys',
    ssh2Error('Too many authentication failures', { code: 2 }),
    situation('auth', { authFailures: 6, methodsTried: ['publickey (ssh-rsa SHA256:x)'] }),
    {
      code: 'SSH_AUTHENTICATION_FAILED',
      retryable: false,
      hint: expect.stringMatching(/MaxAuthTries.*there are more/),
    },
  ],
  [
    'too many passwords, and no key at all',
    ssh2Error('Too many authentication failures', { code: 2 }),
    situation('auth', { authFailures: 6, methodsTried: ['password'] }),
    {
      code: 'SSH_AUTHENTICATION_FAILED',
      retryable: false,
      hint: expect.stringMatching(/MaxAuthTries.*the account and its password/),
    },
  ],
  [
    'the last question of all is one too many',
    ssh2Error('Too many authentication failures', { code: 2 }),
    situation('auth', { authFailures: 6, authAtEnd: true, methodsTried: ['password'] }),
    {
      code: 'SSH_AUTHENTICATION_FAILED',
      retryable: false,
      hint: expect.stringContaining('Wrong account'),
    },
  ],
  [
    'no more methods',
    ssh2Error('NO_MORE_AUTH_METHODS_AVAILABLE', { code: 14 }),
    situation('auth'),
    { code: 'SSH_AUTHENTICATION_FAILED', retryable: false },
  ],
  ...(
    [
      ['that it is cancelled', 'bye', 13, 0],
      ['that no method is left', 'bye', 14, 0],
      ['anything after a refused key', 'bye', 2, 1],
      ['in words, that it failed', 'Authentication failure', 2, 0],
    ] as const
  ).map(
    ([what, text, code, authFailures]): ErrorRow => [
      `a goodbye in the login: ${what}`,
      ssh2Error(text, { code }),
      situation('auth', { authFailures }),
      { code: 'SSH_AUTHENTICATION_FAILED', retryable: false },
    ],
  ),
  [
    'a goodbye in the login',
    ssh2Error('shutting down', { code: 2 }),
    situation('auth'),
    { code: 'SSH_CONNECTION_LOST', retryable: true, why: 'server-disconnect', reason: 'shutting down' },
  ],
  [
    'a goodbye in the key exchange',
    ssh2Error('TOO_MANY_CONNECTIONS', { code: 12 }),
    situation('handshake'),
    { code: 'SSH_HANDSHAKE_FAILED', retryable: true, reason: 'TOO_MANY_CONNECTIONS' },
  ],
  [
    'a goodbye later',
    ssh2Error('idle', { code: 11 }),
    situation('session'),
    { code: 'SSH_CONNECTION_LOST', retryable: true, why: 'server-disconnect', reason: 'idle' },
  ],
  [
    'nothing in common',
    ssh2Error('Handshake failed: no matching key exchange algorithm', { level: 'handshake' }),
    situation('handshake'),
    { code: 'SSH_HANDSHAKE_FAILED', retryable: false, hint: expect.stringContaining('option algorithms') },
  ],
  ...(
    [
      [
        'nothing in common with an old server',
        ['diffie-hellman-group1-sha1'],
        /offers diffie-hellman-group1-sha1\. Name what/,
      ],
      [
        'nothing in common with a server of tomorrow',
        ['mlkem768x25519-sha256', 'sntrup761x25519-sha512', 'ext-info-s', 'kex-strict-s-v00@openssh.com'],
        /^The server wants a post-quantum key exchange.*It offers mlkem768x25519-sha256, sntrup761x25519-sha512\. Allow curve/,
      ],
    ] as const
  ).map(
    ([what, kex, hint]): ErrorRow => [
      what,
      ssh2Error('Handshake failed: no matching key exchange algorithm', { level: 'handshake' }),
      { ...situation('handshake'), readOffer: () => ({ kex, serverHostKey: [], cipher: [], mac: [] }) },
      { code: 'SSH_HANDSHAKE_FAILED', retryable: false, hint: expect.stringMatching(hint) },
    ],
  ),
  ...(
    [
      ['C->S cipher', /It offers arcfour\. Name what/],
      ['C->S MAC', /It offers hmac-md5\. Name what/],
      ['host key format', /It offers ssh-dss\. Name what/],
    ] as const
  ).map(
    ([what, hint]): ErrorRow => [
      `no ${what} in common`,
      ssh2Error(`Handshake failed: no matching ${what}`, { level: 'handshake' }),
      {
        ...situation('handshake'),
        readOffer: () => ({ kex: ['x'], serverHostKey: ['ssh-dss'], cipher: ['arcfour'], mac: ['hmac-md5'] }),
      },
      { code: 'SSH_HANDSHAKE_FAILED', retryable: false, hint: expect.stringMatching(hint) },
    ],
  ),
  [
    'a host key that the server does not own',
    ssh2Error('Handshake failed: signature verification failed', { level: 'handshake' }),
    situation('handshake'),
    { code: 'SSH_HANDSHAKE_FAILED', retryable: false, hint: expect.stringContaining('in between') },
  ],
  [
    'a damaged packet',
    ssh2Error('Bad packet length'),
    situation('handshake'),
    { code: 'SSH_HANDSHAKE_FAILED', retryable: true },
  ],
  [
    'a wrong MAC later',
    ssh2Error('Invalid MAC'),
    situation('session'),
    { code: 'SSH_CONNECTION_LOST', retryable: true, why: 'socket', reason: 'protocol error: Invalid MAC' },
  ],
  [
    'a wrong line',
    ssh2Error('Invalid identification string'),
    situation('banner', said('SSH-9')),
    { code: 'SSH_BANNER_INVALID', retryable: false },
  ],
];

describe('what ssh2 reports', () => {
  it.each(errorRows)('%s', (_what, error, at, wanted) => {
    const ours = classifyError(error, at);
    expect(ours).toMatchObject({ phase: at.phase, hint: expect.any(String), ...wanted });
    if (wanted.code !== 'SSH_BANNER_INVALID') expect(ours.cause).toBe(error);
  });

  it('ignores an agent that fails: authentication continues', () => {
    expect(isPassing(ssh2Error('Failed to connect to agent', { level: 'agent' }))).toBe(true);
    expect(isPassing(ssh2Error('x', { level: 'client-socket' }))).toBe(false);
  });

  it('never shows hostile text raw or in full, in any phase', () => {
    const hostile = `\u001b]0;pwned\u0007\r\n${'\u202e'.repeat(1 << 20)}`;
    for (const phase of ['banner', 'handshake', 'auth', 'session'] as const) {
      const at = situation(phase, {
        ...said(hostile),
        methodsOffered: Array(5_000).fill(hostile.slice(0, 100)),
        methodsTried: ['password'],
      });
      for (const error of [
        ssh2Error(hostile, { code: 2 }),
        ssh2Error(hostile),
        ssh2Error(hostile, { level: 'client-authentication' }),
      ]) {
        const ours = classifyError(error, at);
        const all = `${ours.message}${ours.hint}${ours.stack}${JSON.stringify(ours.toJSON())}`;
        expect(all).not.toMatch(/[\u001b\u0007\r\u202e]/);
        expect(all.length).toBeLessThan(30_000);
      }
    }
  });
});

describe('a connection ended on this side', () => {
  it.each([
    [new Error('no such cipher'), 'no such cipher'],
    ['odd', 'odd'],
  ])('is reported if ssh2 does not start: %s', (cause, words) => {
    const ours = notStarted(cause, situation('banner'));
    expect(ours).toMatchObject({
      ...{
        code: 'SSH_HANDSHAKE_FAILED',
        phase: 'banner',
        host: 'gateway',
        port: 9012,
        retryable: false,
        cause,
      },
      hint: expect.stringContaining('The cause is local'),
    });
    expect(ours.message).toBe(`The SSH connection to gateway:9012 could not be started: ${words}`);
  });

  it('is reported if ssh2 lacks a safety feature', () => {
    const ours = unsafeSsh2(new Error('no order'), situation('banner'));
    expect(ours).toMatchObject({ phase: 'handshake', reason: 'no order', retryable: false });
    expect(ours.message).toBe('The connection to gateway:9012 was not made: no order');
  });

  it('is reported if a message is out of order', () => {
    const broken = { message: 'SSH_MSG_X (6)', when: 'during the login', allowed: 'SSH_MSG_Y' };
    const ours = outOfTurn(broken, situation('auth'));
    expect(ours).toMatchObject({ retryable: false, reason: 'SSH_MSG_X (6) out of turn, during the login' });
    expect(ours.message).toMatch(
      /sent SSH_MSG_X \(6\) out of turn, during the login; allowed there: SSH_MSG_Y$/,
    );
  });
});

describe('what a server would accept', () => {
  const refused = (methodsOffered: string[] | undefined, methodsTried: string[] = ['password']) =>
    classifyError(ssh2Error('no', { level: 'client-authentication' }), {
      ...situation('auth'),
      ...{ methodsOffered, methodsTried },
    });

  it('is listed up to twenty methods of forty characters', () => {
    const long = 'x'.repeat(41);
    const { methodsOffered } = refused(Array(30).fill(long)) as { methodsOffered?: string[] };
    expect(methodsOffered).toEqual(Array(20).fill(`${'x'.repeat(40)}... (1 more)`));
  });

  it('is omitted if the server did not say', () => {
    expect(refused(undefined, []).message).toBe('gateway:9012 refused the login: tried nothing');
    expect(refused(['publickey']).message).toMatch(/tried password; it would accept publickey$/);
  });
});
