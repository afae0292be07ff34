import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type MockServer, startMockServer } from '../../src/mock-server/index.ts';
import type { HostKeyInfo, HostKeyOption } from '../../src/options/types.ts';
import { connectTo } from '../support/connect.ts';
import { failureOf, pause, until } from '../support/outcome.ts';
import { keygen } from '../support/private-keys.ts';

let folder: string;
let server: MockServer;
let strange: { privateKey: string; publicKey: string };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'svg-host-key-'));
  strange = await keygen('-t', 'ed25519', '-N', '');
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  server = await startMockServer();
});
afterEach(() => server.close());

const keyOf = (line: string) => line.split(' ').slice(0, 2).join(' ');
const name = () => `[127.0.0.1]:${server.port}`;
let files = 0;

async function knownHosts(text: string): Promise<string> {
  const file = join(folder, `known_hosts-${files++}`);
  await writeFile(file, text);
  return file;
}

const connect = (hostKey: HostKeyOption) => connectTo(server, { hostKey });
const nobodyLoggedIn = () => expect(server.journal.filter(({ type }) => type === 'auth')).toEqual([]);

describe('a pinned fingerprint', () => {
  it('accepts the right server, also with padding and among others', async () => {
    const { fingerprint } = server.hostKey;
    for (const pin of [fingerprint, `${fingerprint}=`, [`SHA256:${'A'.repeat(43)}`, fingerprint]]) {
      await using connection = await connect({ fingerprint: pin });
      expect(connection.hostKeyFingerprint).toBe(fingerprint);
    }
  });

  it('rejects any other, reports which key the server has, and sends no credentials', async () => {
    const { error } = await failureOf(connect({ fingerprint: `SHA256:${'A'.repeat(43)}` }));
    expect(error).toMatchObject({
      code: 'SSH_HOST_KEY_MISMATCH',
      phase: 'handshake',
      retryable: false,
      keyType: 'ssh-ed25519',
    });
    expect(error['fingerprint']).toBe(server.hostKey.fingerprint);
    nobodyLoggedIn();
  });
});

describe('a pinned key', () => {
  it('accepts the right server, also with a comment and among others', async () => {
    const { publicKey } = server.hostKey;
    for (const key of [publicKey, `${publicKey} root@pc`, [keyOf(strange.publicKey), publicKey]]) {
      await using connection = await connect({ key });
      expect(connection.hostKeyFingerprint).toBe(server.hostKey.fingerprint);
    }
  });

  it('rejects any other', async () => {
    const { error } = await failureOf(connect({ key: keyOf(strange.publicKey) }));
    expect(error).toMatchObject({ code: 'SSH_HOST_KEY_MISMATCH' });
    nobodyLoggedIn();
  });

  it('requests the key type that can be checked from a server with several keys', async () => {
    const rsa = await keygen('-t', 'rsa', '-b', '2048', '-N', '');
    await using several = await startMockServer({ hostKeys: [strange.privateKey, rsa.privateKey] });
    await using connection = await connectTo(several, { hostKey: { key: keyOf(rsa.publicKey) } });
    expect(connection.hostKeyFingerprint).toMatch(/^SHA256:/);
  });
});

describe('a verify function', () => {
  it('gets all details, and accepts the server with true, now or later', async () => {
    let seen: (HostKeyInfo & { length: number }) | undefined;
    for (const later of [0, 50]) {
      await using _connection = await connect({
        verify: async (key, info) => {
          if (later) await pause(later);
          seen = { ...info, length: key.length };
          return true;
        },
      });
    }
    expect(seen).toMatchObject({
      host: '127.0.0.1',
      port: server.port,
      keyType: 'ssh-ed25519',
      fingerprint: server.hostKey.fingerprint,
      length: 51,
    });
  });

  it.each([
    ['false', () => false],
    ["'yes'", () => 'yes'],
    ['1', () => 1],
    ['an object', () => ({})],
    ['nothing', () => {}],
    ['a promise of false', async () => false],
    ["a promise of 'yes'", async () => 'yes'],
    ['null', () => null],
  ])('that returns %s rejects it', async (_what, verify) => {
    const { error } = await failureOf(connect({ verify: verify as never }));
    expect(error).toMatchObject({
      code: 'SSH_HOST_KEY_UNKNOWN',
      retryable: false,
      fingerprint: server.hostKey.fingerprint,
    });
    nobodyLoggedIn();
    await until(() => server.connections === 0);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('database down');
      },
    ],
    ['rejects', async () => Promise.reject(new Error('database down'))],
    ['rejects with nothing', async () => Promise.reject(undefined)],
  ])('that %s rejects it, with its error as cause', async (_what, verify) => {
    const { error } = await failureOf(connect({ verify: verify as never }));
    expect(error).toMatchObject({ code: 'SSH_HANDSHAKE_FAILED', phase: 'handshake', retryable: false });
    if (error.cause !== undefined) expect(error.cause).toMatchObject({ message: 'database down' });
    nobodyLoggedIn();
  });

  it('may answer after the server has gone', async () => {
    let answer: ((accept: boolean) => void) | undefined;
    let signal: AbortSignal | undefined;
    const connecting = failureOf(
      connect({
        verify: (_key, info) => {
          signal = info.signal;
          return new Promise((resolve) => {
            answer = resolve;
          });
        },
      }),
    );
    await until(() => answer !== undefined);
    expect(signal?.aborted).toBe(false);
    server.dropAll('rst');
    expect((await connecting).error.code).toBe('SSH_HANDSHAKE_FAILED');
    expect(signal?.aborted).toBe(true);
    answer?.(true);
    await pause(20);
  });

  it('cannot change the key that is compared on rekeying', async () => {
    await using connection = await connect({
      verify: (key) => {
        key.fill(0);
        return true;
      },
    });
    expect(connection.hostKeyFingerprint).toBe(server.hostKey.fingerprint);
    await server.rekey();
    expect(await Promise.race([connection.closed, pause(50).then(() => 'open')])).toBe('open');
  });
});

describe('known_hosts', () => {
  it('accepts a known server', async () => {
    await using connection = await connect({
      knownHosts: await knownHosts(`${name()} ${server.hostKey.publicKey}\n`),
    });
    expect(connection.hostKeyFingerprint).toBe(server.hostKey.fingerprint);
  });

  it('rejects an unknown server, reports the files searched, and writes nothing', async () => {
    const file = await knownHosts('');
    const { error } = await failureOf(connect({ knownHosts: file }));
    expect(error).toMatchObject({ code: 'SSH_HOST_KEY_UNKNOWN', retryable: false });
    expect(error.hint).toContain(file);
    expect(await readFile(file, 'utf8')).toBe('');
    nobodyLoggedIn();
  });

  it("names the customer for whom an unknown server's key is recorded", async () => {
    const hashed = '|1|AAAAAAAAAAAAAAAAAAAAAAAAAAA=|AAAAAAAAAAAAAAAAAAAAAAAAAAA=';
    const { publicKey } = server.hostKey;
    const file = await knownHosts(
      `${hashed} ${publicKey}\nacme ${strange.publicKey}\ncustomer-12 ${publicKey}\n`,
    );
    const { error } = await failureOf(connect({ knownHosts: file }));
    expect(error['knownAs']).toBe('customer-12');
    expect(error.hint).toContain(
      `The same key is on record as customer-12 (${file}:3): if that is this machine, give hostKey: { alias: 'customer-12' }. `,
    );
    const strangers = await knownHosts(`customer-12 ${strange.publicKey}\n@revoked evil ${publicKey}\n`);
    expect((await failureOf(connect({ knownHosts: strangers }))).error.hint).toMatch(/^Looked in/);
  });

  it('rejects a changed key with file and line, also with accept-new', async () => {
    const file = await knownHosts(`# comment\n${name()} ${keyOf(strange.publicKey)}\n`);
    for (const onUnknown of ['reject', 'accept-new'] as const) {
      const { error } = await failureOf(connect({ knownHosts: file, onUnknown }));
      expect(error).toMatchObject({ code: 'SSH_HOST_KEY_MISMATCH', file, line: 2, retryable: false });
    }
    nobodyLoggedIn();
  });

  it('rejects a revoked key, even if it is also known', async () => {
    const { publicKey } = server.hostKey;
    const file = await knownHosts(`${name()} ${publicKey}\n@revoked * ${publicKey}\n`);
    const { error } = await failureOf(connect({ knownHosts: file, onUnknown: 'accept-new' }));
    expect(error).toMatchObject({ code: 'SSH_HOST_KEY_REVOKED', file, line: 2, retryable: false });
    nobodyLoggedIn();
  });

  it('records a new key once, then compares with it', async () => {
    const file = join(folder, 'new', 'known_hosts');
    for (let round = 0; round < 2; round++) {
      await using _connection = await connect({ knownHosts: file, onUnknown: 'accept-new' });
    }
    expect((await readFile(file, 'utf8')).trim().split('\n')).toHaveLength(1);
    await using _again = await connect({ knownHosts: file });
  });

  it('hashes the recorded name if requested, and finds it again', async () => {
    const file = join(folder, 'hashed');
    for (let round = 0; round < 2; round++) {
      await using _one = await connect({ knownHosts: file, onUnknown: 'accept-new', hash: true });
    }
    const text = await readFile(file, 'utf8');
    expect(text.trim().split('\n')).toEqual([expect.stringMatching(/^\|1\|[^|]{28}\|[^|]{28} ssh-ed25519 /)]);
    expect(text).not.toContain(server.host);
    await using _again = await connect({ knownHosts: file });
  });

  it('records the key before the connection is returned, and not if the handshake fails', async () => {
    const file = join(folder, 'unproven');
    server.setFaults({ cut: { direction: 'toClient', atByte: 1_100, how: 'fin' } });
    await failureOf(connect({ knownHosts: file, onUnknown: 'accept-new' }));
    await expect(readFile(file)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('does not connect if a new key cannot be recorded', async () => {
    // A folder that is a file: nothing is known, and nothing can be written.
    const file = join(await knownHosts(''), 'known_hosts');
    const { error } = await failureOf(connect({ knownHosts: file, onUnknown: 'accept-new' }));
    expect(error).toMatchObject({ code: 'SSH_HANDSHAKE_FAILED', retryable: false });
    expect(error.hint).toMatch(/accept-new/);
    await until(() => server.connections === 0);
  });

  it('that cannot be read is an error, never a match', async () => {
    const asFolder = join(folder, 'a-folder');
    await mkdir(asFolder);
    const locked = await knownHosts(`${name()} ${server.hostKey.publicKey}\n`);
    await chmod(locked, 0);
    // Root may read everything; a folder nobody.
    for (const file of process.getuid?.() === 0 ? [asFolder] : [asFolder, locked]) {
      const { error } = await failureOf(connect({ knownHosts: file, onUnknown: 'accept-new' }));
      expect(error).toMatchObject({ code: 'SSH_HANDSHAKE_FAILED', phase: 'handshake', retryable: false });
      expect(error.hint).toMatch(/never a reason to trust/);
    }
    nobodyLoggedIn();
  });

  it('pins a customer by alias, whatever the port', async () => {
    const file = await knownHosts(
      `customer-7 ${server.hostKey.publicKey}\ncustomer-8 ${keyOf(strange.publicKey)}\n`,
    );
    await using _connection = await connect({ knownHosts: file, alias: 'customer-7' });
    const { error } = await failureOf(connect({ knownHosts: file, alias: 'customer-8' }));
    expect(error).toMatchObject({ code: 'SSH_HOST_KEY_MISMATCH', line: 2 });
  });

  it('makes the client request the type of key that is recorded', async () => {
    const rsa = await keygen('-t', 'rsa', '-b', '2048', '-N', '');
    await using several = await startMockServer({ hostKeys: [strange.privateKey, rsa.privateKey] });
    const file = await knownHosts(`[127.0.0.1]:${several.port} ${keyOf(rsa.publicKey)}\n`);
    await using _connection = await connectTo(several, { hostKey: { knownHosts: file } });
  });
});

describe('rekeying', () => {
  it('with the same host key succeeds, and the policy is not consulted again', async () => {
    let asked = 0;
    await using connection = await connect({ verify: () => ++asked > 0 });
    for (let round = 0; round < 3; round++) await server.rekey();
    expect(asked).toBe(1);
    expect((await connection.exec('echo still here')).stdout).toContain('still here');
  });

  it.each<[string, HostKeyOption | undefined]>([
    ['a pin', undefined],
    ['no check at all', 'insecure-accept-any'],
    ['a function that always says true', { verify: () => true }],
  ])('with another host key ends the connection, even under %s', async (_policy, hostKey) => {
    server.setFaults({ handshake: { hostKeyChangesAtRekey: true } });
    const connection = await connectTo(server, hostKey ? { hostKey } : {});
    const pending = failureOf(connection.openStream('example.com', 80));
    const command = failureOf(Promise.resolve(connection.exec('sleep 60')));
    const shell = await connection.shell();
    await server.waitFor('exec');
    void server.rekey();
    const error = await connection.closed;
    expect(error).toMatchObject({ code: 'SSH_HOST_KEY_MISMATCH', retryable: false });
    expect(error?.message).toMatch(/re-key/);
    // What is reported about a command must not hide the warning.
    const reports = [await command, await failureOf(shell.exited)];
    for (const { error: report } of reports) {
      expect(report).toMatchObject({ code: 'SSH_CONNECTION_LOST', why: 'protocol', retryable: false });
      expect(report.cause).toBe(error);
      expect(report.hint).toContain(error?.hint);
    }
    expect(reports[0]?.error.hint).toMatch(/Check before you run it again/);
    await pending;
    await until(() => server.connections === 0);
  });
});
