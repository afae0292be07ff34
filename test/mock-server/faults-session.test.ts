import type { Client, ClientChannel } from 'ssh2';
import ssh2 from 'ssh2';
import { describe, expect, it } from 'vitest';
import { type FaultPhase, type MockServer, startMockServer } from '../../src/mock-server/index.ts';
import { call, collect, login, openSftp, run, sleep, until } from './support.ts';

/** A client whose first error is not missed, however early it comes. */
function meet(server: MockServer): { client: Client; error: Promise<Error> } {
  const client = new ssh2.Client();
  const error = new Promise<Error>((resolve) => client.on('error', resolve));
  client.connect({ host: server.host, port: server.port, username: 'rpa', password: 'rpa' });
  return { client, error };
}

describe('the faults of channels', () => {
  it('refuse: every channel, with any reason and text', async () => {
    const channel = { refuse: true, reason: 1, text: 'no \x1b[31mway' };
    await using server = await startMockServer({ faults: { channel } });
    const client = await login(server);
    await expect(run(client, 'true')).rejects.toMatchObject({
      reason: 1,
      message: expect.stringContaining('no \x1b[31mway'),
    });
    await expect(openSftp(client)).rejects.toMatchObject({ reason: 1 });
    await expect(
      call((done) => client.forwardOut('', 0, '127.0.0.1', 1, done as never)),
    ).rejects.toMatchObject({ reason: 1 });
  });

  it('refuse: only the first n', async () => {
    await using server = await startMockServer({ faults: { channel: { refuse: 2 } } });
    const client = await login(server);
    for (let round = 0; round < 2; round++)
      await expect(run(client, 'true')).rejects.toMatchObject({ reason: 2 });
    expect((await run(client, 'true')).code).toBe(0);
  });

  it('hang: never answered', async () => {
    await using server = await startMockServer({ faults: { channel: { hang: true } } });
    const client = await login(server);
    let settled = false;
    client.exec('true', () => {
      settled = true;
    });
    await sleep(60);
    expect(settled).toBe(false);
  });
});

describe('keepalive', () => {
  it('is answered unless told to ignore it', async () => {
    await using server = await startMockServer();
    const alive = await login(server, { keepaliveInterval: 30, keepaliveCountMax: 2 });
    let errors = 0;
    alive.on('error', () => errors++);
    await until(() => server.journal.filter((entry) => entry.type === 'keepalive').length > 5);
    expect(errors).toBe(0);
    server.setFaults({ keepalive: 'ignore' });
    const ignored = await login(server, { keepaliveInterval: 30, keepaliveCountMax: 2 });
    const error = await new Promise<Error>((resolve) => ignored.on('error', resolve));
    expect(error.message).toBe('Keepalive timeout');
  });
});

describe('the window', () => {
  it('dropped: an upload stops when the window is used up', async () => {
    await using server = await startMockServer({
      exec: (context) => void context.stdin.resume(),
      faults: { window: 'dropped' },
    });
    const client = await login(server);
    const channel = await call<ClientChannel>((done) => client.exec('sink', done as never));
    let written = 0;
    const chunk = Buffer.alloc(64 << 10);
    const write = () => {
      written += chunk.length;
      channel.write(chunk, (error) => !error && written < 8 << 20 && write());
    };
    write();
    await sleep(150);
    expect(written).toBeLessThan((2 << 20) + (256 << 10));
    expect(written).toBeGreaterThan(1 << 20);
  });

  it('exceeded: the server ignores the window', async () => {
    await using server = await startMockServer({
      exec: { big: { stdout: Buffer.alloc(6 << 20) } },
      faults: { window: 'exceeded' },
    });
    const client = await login(server);
    let received = 0;
    (client as unknown as { _sock: { on(event: string, listener: (chunk: Buffer) => void): void } })._sock.on(
      'data',
      (chunk) => {
        received += chunk.length;
      },
    );
    const channel = await call<ClientChannel>((done) => client.exec('big', done as never));
    channel.pause();
    await until(() => received > 6 << 20);
  });
});

describe('a disconnect by the server', () => {
  it.each<FaultPhase>(['kex', 'auth', 'ready', 'channel', 'exec', 'sftp'])(
    'at the step %s',
    async (phase) => {
      await using server = await startMockServer({
        faults: { disconnect: { code: 12, message: 'Too busy\x1b[2J', phase } },
      });
      const { client, error } = meet(server);
      client.on('ready', () => {
        client.exec('sleep 60', () => {});
        if (phase === 'sftp') client.sftp(() => {});
      });
      expect(await error).toMatchObject({ message: 'Too busy\x1b[2J', code: 12 });
      await until(() => server.connections === 0);
    },
  );

  it('after a delay, and with a long text', async () => {
    const message = 'x'.repeat(30_000);
    await using server = await startMockServer({ faults: { disconnect: { afterMs: 100, message } } });
    const client = await login(server);
    const error = await new Promise<Error>((resolve) => client.on('error', resolve));
    expect(error.message).toBe(message);
  });

  it('with a text of megabytes arrives as one enormous packet', async () => {
    await using server = await startMockServer({
      faults: { disconnect: { phase: 'ready', message: 'y'.repeat(2 << 20) } },
    });
    expect((await meet(server).error).message).toContain('Bad packet length');
  });
});

describe('a freeze', () => {
  it.each<FaultPhase>(['ident', 'kex', 'auth'])('at the step %s: no login, and no end', async (phase) => {
    await using server = await startMockServer({ faults: { freeze: { phase } } });
    await expect(login(server, { readyTimeout: 150 })).rejects.toThrow('Timed out');
    expect(server.journal.map((entry) => entry.type)).not.toContain('ready');
  });

  it.each<FaultPhase>(['ready', 'exec'])('at the step %s: the command never ends', async (phase) => {
    await using server = await startMockServer({
      exec: { job: { delayMs: 5 } },
      faults: { freeze: { phase } },
    });
    const client = await login(server);
    let closed = false;
    client.on('close', () => {
      closed = true;
    });
    const outcome = await Promise.race([run(client, 'job'), sleep(120)]);
    expect([outcome, closed]).toEqual([undefined, false]);
  });

  it('after a delay', async () => {
    await using server = await startMockServer({ faults: { freeze: { phase: 'ready', afterMs: 120 } } });
    const client = await login(server);
    expect((await run(client, 'true')).code).toBe(0);
    await server.waitFor((entry) => entry.type === 'fault' && entry.fault === 'freeze');
    expect(await Promise.race([run(client, 'true'), sleep(50)])).toBeUndefined();
  });
});

describe('cutting connections from a test', () => {
  it('drops all connections, or one', async () => {
    await using server = await startMockServer();
    const clients = await Promise.all([login(server), login(server), login(server)]);
    const ends = clients.map((client) => {
      let how = 'fin';
      client.on('error', () => {
        how = 'rst';
      });
      return new Promise<string>((resolve) => client.on('close', () => resolve(how)));
    });
    const connection = server.journal.find((entry) => entry.type === 'ready')?.connection ?? 0;
    server.drop(connection, 'rst');
    expect(await Promise.race(ends)).toBe('rst');
    await until(() => server.connections === 2);
    server.dropAll('fin');
    expect((await Promise.all(ends)).sort()).toEqual(['fin', 'fin', 'rst']);
    await until(() => server.connections === 0);
  });

  it('freezes, and resets later', async () => {
    await using server = await startMockServer();
    const client = await login(server);
    const error = new Promise<Error>((resolve) => client.on('error', resolve));
    server.dropAll('freeze');
    const command = call<ClientChannel>((done) => client.exec('true', done as never)).then(collect);
    command.catch(() => {});
    expect(await Promise.race([command, sleep(50)])).toBeUndefined();
    server.dropAll('rst');
    expect((await error).message).toContain('ECONNRESET');
  });
});
