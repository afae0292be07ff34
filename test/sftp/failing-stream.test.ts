import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { expect, it, vi } from 'vitest';
import { startMockServer } from '../../src/mock-server/index.ts';
import { connectTo } from '../support/connect.ts';

it.each([
  ['a file that is not there', () => createReadStream('/no/such/file'), 'ENOENT'],
  [
    'a stream that fails at once',
    () => new Readable({ read() {} }).destroy(new Error('broken source')),
    'broken source',
  ],
])('rejects if the stream fails before it is read: %s', async (_what, open, said) => {
  const uncaught = vi.fn();
  process.on('uncaughtException', uncaught);
  try {
    await using server = await startMockServer({ faults: { latencyMs: 20 } });
    await using connection = await connectTo(server);
    await expect(connection.upload(open(), '/target')).rejects.toMatchObject({
      code: 'SSH_TRANSFER_FAILED',
      message: expect.stringContaining(said),
    });
    expect(server.files.list()).toEqual([]);
    expect(uncaught).not.toHaveBeenCalled();
  } finally {
    process.off('uncaughtException', uncaught);
  }
});
