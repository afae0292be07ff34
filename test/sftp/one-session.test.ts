import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { connectViaGateway } from '../../src/index.ts';
import { type MockServerOptions, startMockServer } from '../../src/mock-server/index.ts';
import { bytesOf } from '../support/mock-sftp.ts';

const content = bytesOf(2 * 1024 * 1024);

async function connected(options: MockServerOptions) {
  const server = await startMockServer(options);
  const { host, port, username, password } = server;
  const connection = await connectViaGateway({
    ...{ host, port, username, password, retry: false },
    hostKey: 'insecure-accept-any',
  });
  const close = async () => {
    await connection.close();
    await server.close();
  };
  const sums = () => server.journal.filter((entry) => entry.type === 'exec').length;
  return { server, connection, sums, [Symbol.asyncDispose]: close };
}

// The command for the checksum would wait for the session of the transfer that waits for the command.
it.each([1, 2])(
  'transfers that verify their copies do not deadlock with MaxSessions %i',
  async (maxSessions) => {
    await using world = await connected({ maxSessions });
    const { connection, server } = world;
    const names = Array.from({ length: maxSessions }, (_, index) => `/${index}`);
    await Promise.all(names.map((name) => connection.upload(content, name, { verify: 'sha256' })));
    await Promise.all(names.map((name) => connection.upload(content, name, { resume: true })));
    for (const name of names) expect(server.files.read(name).equals(content)).toBe(true);
    const folder = await mkdtemp(join(tmpdir(), 'one-session-'));
    await writeFile(join(folder, 'file'), content.subarray(0, 1024));
    try {
      await connection.download('/0', join(folder, 'file'), { resume: true, verify: 'sha256' });
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);

it('a free session is used for the checksum', async () => {
  await using world = await connected({ maxSessions: 2 });
  await world.connection.upload(content, '/a', { verify: 'sha256' });
  expect(world.sums()).toBe(1);
});
