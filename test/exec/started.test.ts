import { once } from 'node:events';
import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { startMockServer } from '../../src/mock-server/index.ts';
import { connectTo } from '../support/connect.ts';

it('reports whether a lost command had been started', async () => {
  await using server = await startMockServer({ exec: () => new Promise<number>(() => {}) });
  const connection = await connectTo(server, { maxSessions: 1 });
  const running = connection.exec('first').catch((error: unknown) => error);
  const inLine = connection.exec('second').catch((error: unknown) => error);
  await server.waitFor('exec');
  await new Promise((resolve) => setTimeout(resolve, 50));
  server.dropAll('rst');
  await connection.closed;
  const late = await connection.exec('third').catch((error: unknown) => error);
  expect(await running).toMatchObject({ code: 'SSH_CONNECTION_LOST', started: true, retryable: false });
  const unsent = { started: false, hint: 'The command was not started.', retryable: true };
  expect(await inLine).toMatchObject(unsent);
  expect(String(await running)).toContain('was lost while the command "first" ran: ');
  expect(String(await inLine)).toContain('was lost before the command "second" was sent: ');
  expect(late).toMatchObject({ code: 'SSH_CONNECTION_LOST', started: false, retryable: true });
});

it('is not retryable if the command may have been started', async () => {
  await using server = await startMockServer({ faults: { channel: { hang: true } } });
  const connection = await connectTo(server);
  // Waits for the session that was requested with the login, which the server never opens.
  const waiting = connection.exec('wait').catch((error: unknown) => error);
  const command = connection.exec('pay').catch((error: unknown) => error);
  const script = connection.powershell('pay').catch((error: unknown) => error);
  await new Promise((resolve) => setTimeout(resolve, 50));
  server.dropAll('rst');
  const perhaps = { code: 'SSH_CONNECTION_LOST', started: 'unknown', retryable: false };
  expect(await command).toMatchObject(perhaps);
  expect(await script).toMatchObject(perhaps);
  expect(await waiting).toMatchObject({ code: 'SSH_CONNECTION_LOST', started: false, retryable: true });
  expect(String(await command)).toContain('was lost while the command "pay" was being started: ');
});

it('is not retryable if the server may still start the command', async () => {
  await using server = await startMockServer({ faults: { channel: { hang: true } } });
  await using connection = await connectTo(server, { maxSessions: 1, timeouts: { channel: 50 } });
  const error = await connection.exec('pay').catch((error: unknown) => error);
  expect(error).toMatchObject({ code: 'SSH_CHANNEL_TIMEOUT', started: 'unknown', retryable: false });
});

it('reports the same on the streams of a started command', async () => {
  await using server = await startMockServer({ exec: ({ stdin }) => void stdin.resume() });
  const connection = await connectTo(server);
  const { stdout } = connection.exec('pay');
  const failed = once(stdout.resume(), 'error');
  await server.waitFor('exec');
  await connection.exec('true', { timeout: 100 }).catch(() => {});
  server.dropAll('rst');
  expect(await failed).toMatchObject([{ code: 'SSH_CONNECTION_LOST', started: true, retryable: false }]);
});

it('is retryable for a job, which starts only once', async () => {
  await using server = await startMockServer({ exec: () => new Promise<number>(() => {}), jobs: false });
  const connection = await connectTo(server);
  const start = connection.startJob('pay', { id: 'pay-7' }).catch((error: Error) => error);
  await server.waitFor('exec');
  await connection.exec('true', { timeout: 100 }).catch(() => {});
  server.dropAll('rst');
  const error = await start;
  expect(error).toMatchObject({ code: 'SSH_CONNECTION_LOST', retryable: true });
  expect(error).toHaveProperty('message', expect.stringContaining('while job pay-7 was asked for'));
  expect(inspect(error)).not.toMatch(/bin.sh|action=/);
});

it('rejects a command that no server would accept, and keeps the connection', async () => {
  await using server = await startMockServer();
  await using connection = await connectTo(server);
  expect(() => connection.exec(`true ${'x'.repeat(300_000)}`)).toThrow(RangeError);
  expect(() => connection.exec('true', { env: { A: 'x'.repeat(300_000) } })).toThrow(/at most 261888/);
  await connection.exec('true');
});
