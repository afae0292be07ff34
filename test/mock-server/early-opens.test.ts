import ssh2, { type Client } from 'ssh2';
import { describe, expect, it } from 'vitest';
import { type MockServerOptions, startMockServer } from '../../src/mock-server/index.ts';
import { until } from '../support/outcome.ts';

interface Inside {
  _protocol: {
    session(id: number, window: number, packet: number): void;
    authPassword(username: string, password: string): void;
    _cipher: { outSeqno: number };
    _packetRW: { read: { read(packet: Buffer): Buffer } };
  };
}

/** What a server answers to a login with a request for a session right behind it. */
async function answersTo(
  password: string,
  options: MockServerOptions,
): Promise<{ types: number[]; said: Buffer[] }> {
  await using server = await startMockServer(options);
  const client = new ssh2.Client() as Client & Inside;
  const said: Buffer[] = [];
  let sequenceNumber = 0;
  client.on('error', () => {});
  client.once('handshake', () => {
    const { read } = client._protocol._packetRW;
    const reader = read.read.bind(read);
    read.read = (packet) => {
      const payload = reader(packet);
      said.push(Buffer.from(payload));
      return payload;
    };
    const original = client._protocol.authPassword;
    client._protocol.authPassword = (...given) => {
      original.apply(client._protocol, given);
      sequenceNumber = client._protocol._cipher.outSeqno;
      client._protocol.session(0, 1_000, 1_000);
    };
  });
  const { host, port, username } = server;
  const methods = ['password'];
  client.connect({
    host,
    port,
    username,
    password,
    authHandler: methods as never,
    strictVendor: false,
  } as never);
  const last = () => said.at(-1)?.[0] ?? 0;
  await until(() => [3, 91, 92].includes(last()));
  if (last() === 3) expect(said.at(-1)?.readUInt32BE(1)).toBe(sequenceNumber);
  client.destroy();
  return { types: said.map((payload) => payload[0] ?? 0), said };
}

describe.each([{}, { faults: { auth: { delayMs: 40 } } }])(
  'a session requested behind a login, with %j',
  (options) => {
    it('is opened when the login has succeeded', async () => {
      const { types } = await answersTo('rpa', { users: [{ username: 'rpa', password: 'rpa' }], ...options });
      expect(types.slice(types.indexOf(6))).toEqual([6, 52, 91]);
    });

    it('is not known to a login that has failed', async () => {
      const { types } = await answersTo('wrong', {
        users: [{ username: 'rpa', password: 'rpa' }],
        ...options,
      });
      expect(types.slice(types.indexOf(6))).toEqual([6, 51, 3]);
    });
  },
);
