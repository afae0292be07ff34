import { expect, it } from 'vitest';
import { startMockServer } from '../../src/mock-server/index.ts';
import { connectTo } from '../support/connect.ts';

it('says of a command that was lost whether it had been started', async () => {
  await using server = await startMockServer({ exec: () => new Promise<number>(() => {}) });
  const connection = await connectTo(server, { maxSessions: 1 });
  const running = connection.exec('first').catch((error: unknown) => error);
  const inLine = connection.exec('second').catch((error: unknown) => error);
  await server.waitFor('exec');
  await new Promise((resolve) => setTimeout(resolve, 50));
  server.dropAll('rst');
  await connection.closed;
  const late = await connection.exec('third').catch((error: unknown) => error);
  expect(await running).toMatchObject({ code: 'SSH_CONNECTION_LOST', started: true });
  expect(await inLine).toMatchObject({ started: false, hint: 'The command was not started.' });
  expect(late).toMatchObject({ code: 'SSH_CONNECTION_LOST', started: false });
});

it('refuses a command that no server would take, and keeps the connection', async () => {
  await using server = await startMockServer();
  await using connection = await connectTo(server);
  expect(() => connection.exec(`true ${'x'.repeat(300_000)}`)).toThrow(RangeError);
  expect(() => connection.exec('true', { env: { A: 'x'.repeat(300_000) } })).toThrow(/at most 261888/);
  await connection.exec('true');
});
