import { expect, it } from 'vitest';
import { connectViaGateway } from '../../src/index.ts';
import { startMockServer } from '../../src/mock-server/index.ts';
import { failureOf } from '../exec/mock.ts';

it('an SFTP client and a shell wait for a free session no longer than their timeout', async () => {
  await using server = await startMockServer({ maxSessions: 2, exec: () => 0 });
  const { host, port, username, password } = server;
  const login = { host, port, username, password, retry: false } as const;
  await using connection = await connectViaGateway({
    ...login,
    hostKey: 'insecure-accept-any',
    maxSessions: 2,
  });
  const held = [await connection.sftp(), await connection.sftp()];
  for (const opened of [connection.sftp({ timeout: 200 }), connection.shell({ timeout: 200 })])
    expect(await failureOf(opened)).toMatchObject({
      code: 'SSH_CHANNEL_TIMEOUT',
      retryable: true,
      timeoutMs: 200,
      message: expect.stringContaining('all its 2 sessions were still in use after 200 ms'),
    });
  await held[0]?.close();
  await connection.exec('true');
});
