import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import ssh2, { type Connection } from 'ssh2';
import { expect, it, vi } from 'vitest';
import { connectViaGateway, HandshakeFailed } from '../../src/index.ts';
import { startRekey } from '../../src/mock-server/wire/ssh2-internals.ts';
import { hybridKex } from '../../src/ssh2/insides/key-exchange/hybrid-kex.ts';
import { type HybridFaults, speakHybrid } from '../support/hybrid-server.ts';
import { nobleKeys } from '../support/noble-ml-kem.ts';
import { failureOf } from '../support/outcome.ts';
import { hostKey } from '../support/private-keys.ts';

// Node has ML-KEM from 24.7 on; a library stands in for it.
vi.mock('../../src/ssh2/handshake/ml-kem.ts', () => ({ hasMlKem: () => true, mlKemKeys: () => nobleKeys() }));

/** A server that takes no key exchange but the hybrid one; each command exchanges the keys again. */
async function hybridServer(faults?: HybridFaults) {
  const key = hostKey();
  const agreed: string[] = [];
  const connections: Connection[] = [];
  const server = new ssh2.Server({ hostKeys: [key] }, (connection) => {
    connections.push(connection);
    speakHybrid(connection, faults);
    connection.on('handshake', ({ kex }) => agreed.push(kex));
    connection.on('error', () => {});
    connection.on('authentication', (context) => context.accept());
    connection.on('session', (accept) => {
      accept().on('exec', (acceptExec) => {
        startRekey(connection);
        const channel = acceptExec();
        channel.write('x'.repeat(100_000));
        channel.exit(0);
        channel.end();
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const options = { host: '127.0.0.1', port, username: 'rpa', password: 'x', retry: false } as const;
  return {
    ...{ agreed, options },
    [Symbol.dispose]() {
      for (const connection of connections) connection.end();
      server.close();
    },
  };
}

it('connects if the server accepts nothing else, and rekeys', async () => {
  using server = await hybridServer();
  await using connection = await connectViaGateway({ ...server.options, hostKey: 'insecure-accept-any' });
  for (let round = 0; round < 3; round++) {
    expect((await connection.exec('anything')).stdout).toHaveLength(100_000);
  }
  expect(server.agreed.length).toBeGreaterThanOrEqual(4);
});

it('can be the only one offered', async () => {
  using server = await hybridServer();
  await using connection = await connectViaGateway({
    ...server.options,
    ...{ hostKey: 'insecure-accept-any', algorithms: { kex: [hybridKex] } },
  });
  expect((await connection.exec('anything')).exitCode).toBe(0);
});

it('can be excluded', async () => {
  using server = await hybridServer();
  const { error } = await failureOf(
    connectViaGateway({
      ...server.options,
      ...{ hostKey: 'insecure-accept-any', algorithms: { kex: { remove: 'mlkem*' } } },
    }),
  );
  expect(error).toBeInstanceOf(HandshakeFailed);
  expect(error.message).toContain('no matching key exchange');
});

it.each([
  ['cut', (part: Buffer) => part.subarray(0, 1_000), '1000 bytes instead of 1120'],
  ['changed in the ciphertext', (part: Buffer) => changed(part, 5), 'signature verification failed'],
  ['changed in the X25519 key', (part: Buffer) => changed(part, 1_100), 'signature verification failed'],
  [
    'without an X25519 key',
    (part: Buffer) => Buffer.concat([part.subarray(0, 1_088), Buffer.alloc(32)]),
    'DH secret',
  ],
])('fails with a clear error if the reply is %s', async (_what, answer, message) => {
  using server = await hybridServer({ answer });
  const { error } = await failureOf(connectViaGateway({ ...server.options, hostKey: 'insecure-accept-any' }));
  expect(error).toBeInstanceOf(HandshakeFailed);
  expect(error.message).toContain(message);
});

function changed(part: Buffer, at: number): Buffer {
  const copy = Buffer.from(part);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}
