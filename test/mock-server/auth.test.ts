import type { AuthHandlerMiddleware, KeyboardInteractiveAuthMethod } from 'ssh2';
import ssh2 from 'ssh2';
import { describe, expect, it } from 'vitest';
import { startMockServer } from '../../src/mock-server/index.ts';
import { openSshKey } from '../support/private-keys.ts';
import { login, run, sleep, until } from './support.ts';

const key = openSshKey();
const other = openSshKey();

describe('authentication at a mock server', () => {
  it('accepts only the right password', async () => {
    await using server = await startMockServer({ users: [{ username: 'kim', password: 'Geheim 비밀' }] });
    await login(server, { username: 'kim', password: 'Geheim 비밀' });
    await expect(login(server, { username: 'kim', password: 'Geheim' })).rejects.toThrow('authentication');
    await expect(login(server, { username: 'lee', password: 'Geheim 비밀' })).rejects.toThrow(
      'authentication',
    );
    expect(server.username).toBe('kim');
  });

  it.each(['ed25519', 'rsa', 'ecdsa'] as const)('accepts only the right %s key', async (type) => {
    const bits = { rsa: { bits: 2048 }, ecdsa: { bits: 256 } };
    const pair =
      type === 'ed25519' ? openSshKey() : ssh2.utils.generateKeyPairSync(type as 'rsa', bits[type]);
    await using server = await startMockServer({ users: [{ username: 'rpa', publicKeys: [pair.public] }] });
    await login(server, { privateKey: pair.private });
    await expect(login(server, { privateKey: other.private })).rejects.toThrow('authentication');
  });

  it('supports keyboard-interactive', async () => {
    const users = [
      { username: 'rpa', keyboardInteractive: { prompts: ['Name: ', 'Code: '], answers: ['kim', '12'] } },
    ];
    await using server = await startMockServer({ users });
    const answering = (answers: string[]) => {
      const dialogue: KeyboardInteractiveAuthMethod = {
        type: 'keyboard-interactive',
        username: 'rpa',
        prompt: (_name, _instructions, _language, _prompts, finish) => finish(answers),
      };
      return login(server, { authHandler: [dialogue] });
    };
    await answering(['kim', '12']);
    await expect(answering(['kim', '13'])).rejects.toThrow('authentication');
    await expect(answering(['kim'])).rejects.toThrow('authentication');
  });

  it('requires several methods in order, and reports partial success', async () => {
    const users = [
      {
        username: 'rpa',
        password: 'rpa',
        publicKeys: [key.public],
        requires: ['publickey', 'password'] as const,
      },
    ];
    await using server = await startMockServer({
      users: users.map((user) => ({ ...user, requires: [...user.requires] })),
    });
    const told: unknown[] = [];
    const inOrder = (methods: object[]): AuthHandlerMiddleware => {
      const left = [...methods];
      return (methodsLeft, partial, next) => {
        told.push([methodsLeft, partial]);
        next((left.shift() ?? false) as never);
      };
    };
    const byKey = { type: 'publickey', username: 'rpa', key: key.private };
    const byPassword = { type: 'password', username: 'rpa', password: 'rpa' };
    await login(server, { authHandler: inOrder([byKey, byPassword]) });
    expect(told).toEqual([
      [null, null],
      [['password'], true],
    ]);
    await expect(login(server, { authHandler: inOrder([byPassword, byPassword]) })).rejects.toThrow(
      'authentication',
    );
    await expect(login(server, { authHandler: inOrder([byKey]) })).rejects.toThrow('authentication');
  });

  it('disconnects after maxAuthTries failures, with the reason', async () => {
    await using server = await startMockServer({ maxAuthTries: 2 });
    const wrong = { type: 'password', username: 'rpa', password: 'no' } as const;
    const tries = login(server, { authHandler: [wrong, wrong, wrong] as never });
    await expect(tries).rejects.toMatchObject({ message: 'Too many authentication failures', code: 2 });
  });

  it('sends a banner before it', async () => {
    await using server = await startMockServer({ loginBanner: 'Authorised users only' });
    const client = new ssh2.Client();
    const notice = new Promise<string>((resolve) => client.on('banner', resolve));
    client.on('error', () => {});
    client.connect({ host: server.host, port: server.port, username: 'rpa', password: 'rpa' });
    expect(await notice).toContain('Authorised users only');
    client.end();
  });

  it('is recorded in the journal without secrets', async () => {
    await using server = await startMockServer({ users: [{ username: 'rpa', password: 'top-secret-1' }] });
    await login(server, { password: 'top-secret-1' });
    await login(server, { password: 'top-secret-2' }).catch(() => {});
    const attempts = server.journal.filter((entry) => entry.type === 'auth' && entry.method === 'password');
    expect(attempts.map((entry) => 'accepted' in entry && entry.accepted)).toEqual([true, false]);
    expect(JSON.stringify(server.journal)).not.toContain('top-secret');
  });

  it('rejects invalid users before anything opens', async () => {
    await expect(startMockServer({ users: [{ username: '' }] })).rejects.toThrow(/users\[0\]\.username/);
    await expect(startMockServer({ users: [{ username: 'a', publicKeys: ['x'] }] })).rejects.toThrow(
      TypeError,
    );
    await expect(startMockServer({ users: [{ username: 'a', requires: ['password'] }] })).rejects.toThrow(
      /requires/,
    );
    await expect(startMockServer({ hostKeys: ['x'] })).rejects.toThrow(/hostKeys\[0\]/);
    await expect(startMockServer({ hostKeys: [] })).rejects.toThrow(/hostKeys/);
    await expect(startMockServer({ port: 70_000 })).rejects.toThrow(RangeError);
    await expect(startMockServer({ maxSessions: -1 })).rejects.toThrow(RangeError);
  });
});

describe('the faults of authentication', () => {
  it('delayMs: every reply is late', async () => {
    await using server = await startMockServer({ faults: { auth: { delayMs: 60 } } });
    const start = performance.now();
    await login(server, { authHandler: ['password'], password: 'rpa' });
    expect(performance.now() - start).toBeGreaterThan(58);
  });

  it('refuse: every attempt fails', async () => {
    await using server = await startMockServer({ faults: { auth: { refuse: true } } });
    await expect(login(server)).rejects.toThrow('authentication');
  });

  it('hang: no attempt is answered', async () => {
    await using server = await startMockServer({ faults: { auth: { hang: true } } });
    await expect(login(server, { readyTimeout: 150 })).rejects.toThrow('Timed out');
  });

  it.each([
    ['fin', 'closed before ready'],
    ['rst', 'ECONNRESET'],
    ['message', 'Too many authentication failures'],
  ] as const)('disconnect by %s', async (how, message) => {
    await using server = await startMockServer({ faults: { auth: { disconnect: how } } });
    await expect(login(server)).rejects.toThrow(message);
    await until(() => server.connections === 0);
  });
});

describe('the faults of the key exchange', () => {
  it.each([
    ['fin', 'closed before ready'],
    ['rst', 'ECONNRESET'],
  ] as const)('closeInKex by %s', async (how, message) => {
    await using server = await startMockServer({ faults: { handshake: { closeInKex: how } } });
    const client = new ssh2.Client();
    let shaken = false;
    client.on('handshake', () => {
      shaken = true;
    });
    await expect(login(server)).rejects.toThrow(message);
    expect(shaken).toBe(false);
    expect(server.journal.map((entry) => entry.type)).not.toContain('kex');
  });

  it('hang: identification lines, then silence', async () => {
    await using server = await startMockServer({ faults: { handshake: { hang: true } } });
    await expect(login(server, { readyTimeout: 150 })).rejects.toThrow('Timed out');
    expect(server.journal.map((entry) => entry.type)).toContain('ident');
    expect(server.journal.map((entry) => entry.type)).not.toContain('kex');
  });

  it('hostKeyChangesAtRekey: another key at the next exchange', async () => {
    await using server = await startMockServer({ faults: { handshake: { hostKeyChangesAtRekey: true } } });
    const keys = new Set<string>();
    const client = await login(server, {
      hostVerifier: (shown: Buffer) => {
        keys.add(shown.toString('base64'));
        return true;
      },
    });
    await server.rekey();
    expect(keys.size).toBe(2);
    expect((await run(client, 'echo ok')).stdout).toBe('ok\n');
  });

  it('rekeying that cannot complete is not awaited', async () => {
    await using server = await startMockServer();
    await login(server);
    server.dropAll('freeze');
    await server.rekey();
    await login(server);
    const rekeyed = server.rekey();
    server.dropAll('freeze');
    await rekeyed;
  });

  it('without it, rekeying keeps the key and the session continues', async () => {
    await using server = await startMockServer({ exec: { slow: { delayMs: 50, stdout: 'done' } } });
    const keys = new Set<string>();
    const client = await login(server, {
      hostVerifier: (shown: Buffer) => {
        keys.add(shown.toString('base64'));
        return true;
      },
    });
    const slow = run(client, 'slow');
    await sleep(5);
    await server.rekey();
    expect((await slow).stdout).toBe('done');
    expect(keys.size).toBe(1);
    expect(server.journal.filter((entry) => entry.type === 'kex' && entry.rekey)).toHaveLength(1);
  });
});
