import { type Client, Client as Ssh2Client } from 'ssh2';
import { afterEach, expect, test, vi } from 'vitest';
import { startMockServer } from '../../src/mock-server/index.ts';
import { InCommon } from '../../src/ssh2/insides/in-common.ts';
import { protocolOf } from '../../src/ssh2/insides/internals.ts';
import { connectTo } from '../support/connect.ts';

interface Kept {
  _remoteIdentRaw: Buffer;
  _kex: { negotiated: { kex: string; cs: { cipher: string } }; sessionID: Buffer };
  _decipher: { _tag?: Buffer };
  _handlers: Record<string, unknown>;
}

afterEach(() => vi.restoreAllMocks());

function watchClients(): Client[] {
  const clients: Client[] = [];
  const { connect } = Ssh2Client.prototype;
  vi.spyOn(Ssh2Client.prototype, 'connect').mockImplementation(function (this: Client, ...given) {
    clients.push(this);
    return connect.apply(this, given);
  });
  return clients;
}

const keptBy = (client: Client | undefined) => protocolOf(client as Client) as unknown as Kept;
const configOf = (client: Client | undefined) =>
  (client as unknown as { config: Record<string, unknown> }).config;

test('connections at rest share what is the same, and each has what is its own', async () => {
  const clients = watchClients();
  await using server = await startMockServer({
    users: [
      { username: 'one', password: 'a' },
      { username: 'two', password: 'b' },
    ],
  });
  await using first = await connectTo(server, { username: 'one', password: 'a' });
  await using second = await connectTo(server, { username: 'two', password: 'b' });
  const [one, two] = clients.map(keptBy) as [Kept, Kept];
  expect(two._remoteIdentRaw).toBe(one._remoteIdentRaw);
  expect(two._kex.negotiated).toBe(one._kex.negotiated);
  expect(configOf(clients[1])).toBe(configOf(clients[0]));
  expect(configOf(clients[0])).toMatchObject({
    username: undefined,
    authHandler: undefined,
    strictVendor: false,
  });
  expect(two._kex.sessionID).not.toEqual(one._kex.sessionID);
  expect((await first.exec('true')).exitCode).toBe(0);
  expect((await second.exec('true')).exitCode).toBe(0);
});

test('connections with other algorithms share nothing of them', async () => {
  const clients = watchClients();
  await using server = await startMockServer();
  await using first = await connectTo(server, { algorithms: { cipher: ['aes128-ctr'] } });
  await using second = await connectTo(server, { algorithms: { cipher: ['aes256-ctr'] } });
  const ciphers = clients.map((client) => keptBy(client)._kex.negotiated.cs.cipher);
  expect(ciphers).toEqual(['aes128-ctr', 'aes256-ctr']);
  expect((await first.exec('true')).exitCode).toBe(0);
  expect((await second.exec('true')).exitCode).toBe(0);
});

test.each(['aes128-gcm@openssh.com', 'chacha20-poly1305@openssh.com', 'aes128-ctr'])(
  'with %s, nothing keeps a block of memory that others had a part of, and keys are exchanged again',
  async (cipher) => {
    const clients = watchClients();
    await using server = await startMockServer();
    await using connection = await connectTo(server, { algorithms: { cipher: [cipher] } } as never);
    const { _remoteIdentRaw: ident, _decipher: decipher } = keptBy(clients[0]);
    expect(ident.buffer.byteLength).toBe(ident.length);
    if (decipher._tag) expect(decipher._tag.buffer.byteLength).toBe(decipher._tag.length);
    for (let n = 0; n < 3; n++) expect((await connection.exec('true')).exitCode).toBe(0);
    await server.rekey();
    expect((await connection.exec('true')).exitCode).toBe(0);
    expect(server.journal.filter(({ type }) => type === 'auth').length).toBeGreaterThan(0);
  },
);

test('nothing handles the messages of the login any more', async () => {
  const clients = watchClients();
  await using server = await startMockServer();
  await using _connection = await connectTo(server);
  const { _handlers: handlers } = keptBy(clients[0]);
  const left = Object.keys(handlers).filter((name) => handlers[name] !== undefined);
  expect(left.filter((name) => /^USERAUTH|^SERVICE|^EXT_INFO/.test(name))).toEqual([]);
  expect(left).toContain('GLOBAL_REQUEST');
});

test('of what many have in common, the newest twenty are remembered', () => {
  const names = new InCommon<{ name: string }>(({ name }, other) => name === other.name);
  const first = { name: 'first' };
  expect(names.of(first)).toBe(first);
  expect(names.of({ name: 'first' })).toBe(first);
  for (let n = 0; n < 20; n++) names.of({ name: `${n}` });
  const again = { name: 'first' };
  expect(names.of(again)).toBe(again);
});
