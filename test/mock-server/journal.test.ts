import { describe, expect, it } from 'vitest';
import { startMockServer } from '../../src/mock-server/index.ts';
import { call, login, logout, openSftp, run, sleep } from './support.ts';

describe('the journal of a mock server', () => {
  it('records what a client did, in order and with the time', async () => {
    await using server = await startMockServer();
    const before = Date.now();
    const client = await login(server, { authHandler: ['password'], password: 'rpa' });
    await run(client, 'exit 3');
    const sftp = await openSftp(client);
    await call((done) => sftp.writeFile('/f', 'data', done));
    await logout(client);
    await server.waitFor('disconnect');
    const entries = server.journal.filter((entry) => entry.connection === 1);
    const types = entries.map((entry) => (entry.type === 'sftp' ? `sftp ${entry.op}` : entry.type));
    expect(types).toEqual([
      'connect',
      'ident',
      'kex',
      'auth',
      'ready',
      'exec',
      'exit',
      'subsystem',
      'sftp limits@openssh.com',
      'sftp OPEN',
      'sftp WRITE',
      'sftp CLOSE',
      'disconnect',
    ]);
    expect(entries).toContainEqual(
      expect.objectContaining({ type: 'ident', ident: expect.stringMatching(/^SSH-2\.0-ssh2js/) }),
    );
    expect(entries).toContainEqual(expect.objectContaining({ type: 'exit', command: 'exit 3', exitCode: 3 }));
    expect(entries).toContainEqual(expect.objectContaining({ op: 'WRITE', offset: 0, length: 4 }));
    const times = entries.map((entry) => entry.time);
    expect(times[0]).toBeGreaterThanOrEqual(before);
    expect([...times].sort()).toEqual(times);
  });

  it('can be awaited: past, future and missing entries', async () => {
    const server = await startMockServer();
    const next = server.waitFor((entry) => entry.type === 'exec' && entry.command === 'true');
    const client = await login(server);
    await run(client, 'true');
    expect(await next).toMatchObject({ type: 'exec' });
    expect(await server.waitFor('exec')).toMatchObject({ command: 'true' });
    await expect(server.waitFor('forward', { timeoutMs: 30 })).rejects.toThrow('in 30 ms');
    const never = server.waitFor('forward');
    never.catch(() => {});
    await server.close();
    await expect(never).rejects.toThrow('closed');
  });

  it('does not grow without limit', { timeout: 60_000 }, async () => {
    await using server = await startMockServer();
    server.files.write('/f', 'x');
    const sftp = await openSftp(await login(server));
    for (let batch = 0; batch < 14; batch++)
      await Promise.all(Array.from({ length: 5_000 }, () => call((done) => sftp.stat('/f', done as never))));
    await sleep(0);
    expect(server.journal.length).toBeLessThanOrEqual(60_000);
    expect(server.journal.length).toBeGreaterThanOrEqual(50_000);
  });
});
