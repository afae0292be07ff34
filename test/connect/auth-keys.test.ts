import ssh2 from 'ssh2';
import { describe, expect, it } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import { startMockServer } from '../../src/mock-server/index.ts';
import { connectTo } from '../support/connect.ts';
import { failureOf } from '../support/outcome.ts';
import { type KeyKind, keygen, nodeKey, publicLine } from '../support/private-keys.ts';

const types: Array<[string, string[]]> = [
  ['ed25519', ['-t', 'ed25519']],
  ['ecdsa 256', ['-t', 'ecdsa', '-b', '256']],
  ['ecdsa 384', ['-t', 'ecdsa', '-b', '384']],
  ['ecdsa 521', ['-t', 'ecdsa', '-b', '521']],
  ['rsa 2048', ['-t', 'rsa', '-b', '2048']],
  ['rsa in PEM', ['-t', 'rsa', '-b', '2048', '-m', 'PEM']],
];

describe.each(types)('a key of type %s', (_type, options) => {
  it.each(['', 'Geheim-93!'])('authenticates (passphrase %j)', async (passphrase) => {
    const { privateKey, publicKey } = await keygen(...options, '-a', '4', '-N', passphrase);
    await using server = await startMockServer({ users: [{ username: 'rpa', publicKeys: [publicKey] }] });
    await using connection = await connectTo(server, { privateKey, ...(passphrase ? { passphrase } : {}) });
    expect(connection.serverVersion).toContain('OpenSSH');
    // One request is enough: it carries the signature.
    expect(server.journal.filter(({ type }) => type === 'auth')).toMatchObject([
      { method: 'publickey', accepted: true },
    ]);
  });
});

describe.each<KeyKind>(['ed25519', 'ecdsa', 'rsa'])('a PKCS#8 key of kind %s', (kind) => {
  it.each([undefined, 'Geheim-93!'])('authenticates (passphrase %j)', async (passphrase) => {
    const { privateKey } = nodeKey(kind);
    const encryption = passphrase ? { cipher: 'aes-256-cbc', passphrase } : {};
    const text = privateKey.export({ type: 'pkcs8', format: 'pem', ...encryption } as never) as string;
    const plain =
      kind === 'ed25519'
        ? undefined
        : privateKey.export({ type: kind === 'rsa' ? 'pkcs1' : 'sec1', format: 'pem' } as never);
    const line = plain
      ? publicLine(plain as unknown as string)
      : ed25519Line(privateKey.export({ format: 'jwk' }).x ?? '');
    await using server = await startMockServer({ users: [{ username: 'rpa', publicKeys: [line] }] });
    await using connection = await connectTo(server, {
      privateKey: text,
      ...(passphrase ? { passphrase } : {}),
    });
    expect(connection.serverVersion).toContain('OpenSSH');
  });
});

function ed25519Line(x: string): string {
  const head = Buffer.from('0000000b7373682d6564323535313900000020', 'hex');
  return `ssh-ed25519 ${Buffer.concat([head, Buffer.from(x, 'base64url')]).toString('base64')}`;
}

it('a key excluded by `algorithms` is reported as such, not as missing', async () => {
  const { privateKey, publicKey } = await keygen('-t', 'ed25519', '-N', '');
  await using server = await startMockServer({ users: [{ username: 'rpa', publicKeys: [publicKey] }] });
  const algorithms = { publicKey: ['rsa-sha2-512'] };
  const { error } = await failureOf(connectTo(server, { privateKey, algorithms }));
  expect(error['methodsTried']).toEqual(['none']);
  expect(error.hint).toMatch(
    /^The key ssh-ed25519 SHA256:\S+ was not offered: the option algorithms\.publicKey leaves out ssh-ed25519 keys\.$/,
  );
});

describe('an RSA key', () => {
  it('is never used with SHA-1, whatever the server announces', async () => {
    const { privateKey, publicKey } = await keygen('-t', 'rsa', '-b', '2048', '-N', '');
    const algorithms: Array<string | undefined> = [];
    const server = new ssh2.Server(
      { hostKeys: [(await keygen('-t', 'ed25519', '-N', '')).privateKey] },
      (client) => {
        client.on('error', () => {});
        client.on('authentication', (context) => {
          if (context.method !== 'publickey') return context.reject(['publickey']);
          algorithms.push(context.hashAlgo);
          return context.accept();
        });
      },
    );
    // It never says which signatures it takes (RFC 8308).
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const target = { host: '127.0.0.1', port, hostKey: { fingerprint: '' }, clientKey: { privateKey } };
    const connection = await connectTo(target, { hostKey: 'insecure-accept-any' });
    await connection.close();
    server.close();
    expect(publicKey).toContain('ssh-rsa');
    expect(algorithms.length).toBeGreaterThan(0);
    for (const hash of algorithms) expect(['sha256', 'sha512']).toContain(hash);
  });
});

describe('a server that requires no authentication', () => {
  it.each<[string, { password?: string; privateKey?: string }, string[], string[]?]>([
    ['with nothing to show', {}, ['none']],
    ['with a password, which it does not ask for', { password: 'x' }, ['password', 'none']],
    ['with a key, which it does not ask for', { privateKey: 'key' }, ['publickey', 'none']],
    // An account without a password, on a server that takes keys as well: `ssh` begins with `none`.
    ['with a key that it asks for and refuses', { privateKey: 'key' }, ['publickey', 'none'], ['publickey']],
    ['with a wrong password', { password: 'x' }, ['password', 'none'], ['password']],
  ])('accepts %s', async (_what, credentials, methods, lists = []) => {
    const key = await keygen('-t', 'ed25519', '-N', '');
    const tried: string[] = [];
    const server = new ssh2.Server({ hostKeys: [key.privateKey] }, (client) => {
      client.on('error', () => {});
      client.on('authentication', (context) => {
        tried.push(context.method);
        if (context.method === 'none') context.accept();
        else context.reject(lists as never[]);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const connection = await connectViaGateway({
      ...{ host: '127.0.0.1', port, username: 'rpa', retry: false, hostKey: 'insecure-accept-any' },
      ...credentials,
      ...(credentials.privateKey ? { privateKey: key.privateKey } : {}),
    });
    await connection.close();
    server.close();
    expect(tried).toEqual(methods);
  });
});

describe('a wrong passphrase', () => {
  it('is reported before any socket opens', async () => {
    const { privateKey } = await keygen('-t', 'ed25519', '-N', 'right');
    await using server = await startMockServer();
    const { error } = await failureOf(connectTo(server, { privateKey, passphrase: 'wrong' }));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(/^option passphrase: wrong/);
    expect(server.journal).toEqual([]);
  });
});

describe('failed authentication', () => {
  it('reports what was tried and what would be accepted, and is never retried', async () => {
    const strange = await keygen('-t', 'ed25519', '-N', '');
    await using server = await startMockServer();
    const retry = { attempts: 5, minDelay: 0, shouldRetry: () => undefined };
    const { error } = await failureOf(
      connectTo(server, { privateKey: strange.privateKey, password: 'wrong', retry }),
    );
    expect(error).toMatchObject({ code: 'SSH_AUTHENTICATION_FAILED', phase: 'auth', retryable: false });
    expect(error['methodsTried']).toEqual([
      expect.stringMatching(/^publickey \(ssh-ed25519 SHA256:/),
      'password',
    ]);
    expect(error['methodsOffered']).toEqual(expect.arrayContaining(['publickey', 'password']));
    expect(error.attempts).toHaveLength(1);
    expect(server.journal.filter(({ type }) => type === 'connect')).toHaveLength(1);
    expect(server.journal.filter(({ type }) => type === 'auth')).toMatchObject([
      { method: 'publickey' },
      { method: 'password' },
      { method: 'none' },
    ]);
  });

  it('sends a wrong password once, even if the server also accepts keyboard-interactive', async () => {
    const keyboardInteractive = { prompts: ['Password: '], answers: ['right'] };
    await using server = await startMockServer({
      users: [{ username: 'rpa', password: 'right', keyboardInteractive }],
    });
    const { error } = await failureOf(
      connectTo(server, { privateKey: undefined as never, password: 'wrong' }),
    );
    expect(error).toMatchObject({ code: 'SSH_AUTHENTICATION_FAILED', methodsTried: ['password'] });
    expect(server.journal.filter(({ type }) => type === 'auth')).toMatchObject([
      { method: 'password', accepted: false },
      { method: 'none', accepted: false },
    ]);
  });

  it("reports the server's methods if no credentials were given", async () => {
    await using server = await startMockServer();
    const { error } = await failureOf(connectTo(server, { privateKey: undefined as never }));
    expect(error).toMatchObject({ code: 'SSH_AUTHENTICATION_FAILED', methodsTried: ['none'] });
    expect(error['methodsOffered']).toContain('publickey');
    expect(error.hint).toMatch(/No credentials were given for any of the methods/);
  });

  it('does not try methods that the server does not accept', async () => {
    const { privateKey } = await keygen('-t', 'ed25519', '-N', '');
    await using server = await startMockServer({ users: [{ username: 'rpa', password: 'rpa' }] });
    await using connection = await connectTo(server, {
      privateKey,
      password: 'rpa',
      keyboardInteractive: () => expect.unreachable(),
    });
    expect(connection.serverVersion).toContain('OpenSSH');
  });
});

describe('authentication in several steps', () => {
  const both = async () => {
    const { privateKey, publicKey } = await keygen('-t', 'ed25519', '-N', '');
    return { privateKey, user: { username: 'rpa', password: 'rpa', publicKeys: [publicKey] } };
  };

  it.each([
    ['key, then password', ['publickey', 'password']],
    ['password, then key', ['password', 'publickey']],
  ] as const)('succeeds: %s', async (_what, requires) => {
    const { privateKey, user } = await both();
    await using server = await startMockServer({ users: [{ ...user, requires: [...requires] }] });
    await using connection = await connectTo(server, { privateKey, password: 'rpa' });
    expect(connection.serverVersion).toContain('OpenSSH');
  });

  it('does not send an accepted credential again, even if the server would accept it', async () => {
    const { privateKey } = await both();
    const sent: string[] = [];
    const server = new ssh2.Server(
      { hostKeys: [(await keygen('-t', 'ed25519', '-N', '')).privateKey] },
      (client) => {
        client
          .on('error', () => {})
          .on('authentication', (context) => {
            sent.push(context.method);
            if (sent.length > 1) return context.accept();
            return context.reject(['publickey', 'password'], true);
          });
      },
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const target = { host: '127.0.0.1', port, hostKey: { fingerprint: '' }, clientKey: { privateKey } };
    const connection = await connectTo(target, { hostKey: 'insecure-accept-any', password: 'rpa' });
    await connection.close();
    server.close();
    expect(sent).toEqual(['publickey', 'password']);
  });

  it('fails if the second step fails, and does not report the first as refused', async () => {
    const { privateKey, user } = await both();
    await using server = await startMockServer({ users: [{ ...user, requires: ['publickey', 'password'] }] });
    const { error } = await failureOf(connectTo(server, { privateKey, password: 'wrong' }));
    expect(error).toMatchObject({ code: 'SSH_AUTHENTICATION_FAILED', methodsOffered: ['password'] });
    const tried = server.journal.filter(({ type }) => type === 'auth');
    expect(tried).toMatchObject([
      { method: 'publickey', accepted: true },
      { method: 'password', accepted: false },
    ]);
  });

  it('does not give the password to a second, different prompt', async () => {
    const keyboardInteractive = { prompts: ['Code: '], answers: ['123456'] };
    const user = { username: 'rpa', password: 'rpa', keyboardInteractive };
    await using server = await startMockServer({
      users: [{ ...user, requires: ['password', 'keyboard-interactive'] }],
    });
    const { error } = await failureOf(connectTo(server, { privateKey: undefined as never, password: 'rpa' }));
    expect(error).toMatchObject({ code: 'SSH_AUTHENTICATION_FAILED', methodsTried: ['password'] });
    expect(server.journal.filter(({ type }) => type === 'auth')).toHaveLength(1);
  });
});
