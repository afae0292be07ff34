import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import ssh2 from 'ssh2';
import { describe, expect, it } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import { startMockServer } from '../../src/mock-server/index.ts';
import { sendPacket } from '../../src/mock-server/wire/ssh2-internals.ts';
import { connectTo } from '../support/connect.ts';
import { uint32 } from '../support/flood-server.ts';
import { hostKey } from '../support/private-keys.ts';

describe.each(['zlib@openssh.com', 'zlib'])('with compression %s', (name) => {
  it.each([
    ['a key', {}],
    ['a password', { username: 'other', privateKey: undefined, password: 'rpa-password' }],
  ])('authentication with %s, commands and rekeying work', async (_what, login) => {
    await using server = await startMockServer({
      ...('password' in login ? { users: [{ username: login.username, password: login.password }] } : {}),
      algorithms: { compress: [name] },
      exec: { big: { stdout: 'x'.repeat(300_000) } },
    });
    await using connection = await connectTo(server, { ...login, algorithms: { compress: [name] } });
    expect((await connection.exec('echo one')).stdout).toBe('one\n');
    await server.rekey();
    expect((await connection.exec('big')).stdout).toHaveLength(300_000);
    const many = Array.from({ length: 10 }, (_, n) => connection.exec(`echo ${n}`));
    expect((await Promise.all(many)).map(({ stdout }) => stdout)).toEqual(many.map((_, n) => `${n}\n`));
  });

  it('a message that expands a thousandfold ends the connection', async () => {
    const key = hostKey();
    const zeros = Buffer.alloc(20 * 1024 * 1024);
    const bomb = Buffer.concat([Buffer.from([2]), uint32(zeros.length), zeros]);
    const server = new ssh2.Server(
      { hostKeys: [key], algorithms: { compress: [name as 'zlib'] } },
      (client) => {
        client.on('error', () => {}).on('authentication', (context) => context.accept());
        client.on('session', () => sendPacket(client, bomb));
      },
    );
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    await using connection = await connectViaGateway({
      ...{
        host: '127.0.0.1',
        port,
        username: 'u',
        password: 'x',
        hostKey: 'insecure-accept-any',
        retry: false,
      },
      algorithms: { compress: [name] },
    });
    connection.exec('x').catch(() => {});
    const error = await connection.closed;
    server.close();
    expect(error).toMatchObject({
      code: 'SSH_CONNECTION_LOST',
      reason: 'protocol error: Output length exceeded maximum of 262144',
    });
  });
});
