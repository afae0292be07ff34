import type { ClientChannel } from 'ssh2';
import { describe, expect, it } from 'vitest';
import { type ExecContext, startMockServer } from '../../src/mock-server/index.ts';
import { call, collect, login, run, sleep, until, watchHandles } from './support.ts';

describe('commands of a mock server', () => {
  it('are a few by default', async () => {
    await using server = await startMockServer();
    const client = await login(server);
    expect(await run(client, 'true')).toMatchObject({ code: 0, stdout: '' });
    expect(await run(client, 'false')).toMatchObject({ code: 1 });
    expect(await run(client, 'echo "two  words"')).toMatchObject({ code: 0, stdout: 'two  words\n' });
    expect(await run(client, 'cat', 'from stdin')).toMatchObject({ code: 0, stdout: 'from stdin' });
    expect(await run(client, 'exit 42')).toMatchObject({ code: 42 });
    expect(await run(client, 'nosuch -x')).toMatchObject({ code: 127, stderr: 'sh: 1: nosuch: not found\n' });
  });

  it('can be given as data', async () => {
    await using server = await startMockServer({
      exec: {
        hello: { stdout: 'out', stderr: 'err', exitCode: 5 },
        bytes: { stdout: Buffer.from([0, 255, 10]) },
        killed: { stdout: 'partly', signal: 'KILL' },
        echo: { stdout: 'prompt> ', echoStdin: true },
        function: () => 'text',
      },
    });
    const client = await login(server);
    expect(await run(client, 'hello')).toEqual({ code: 5, signal: undefined, stdout: 'out', stderr: 'err' });
    expect((await run(client, 'bytes')).stdout).toBe(Buffer.from([0, 255, 10]).toString());
    expect(await run(client, 'killed')).toMatchObject({ code: null, signal: 'SIGKILL', stdout: 'partly' });
    expect(await run(client, 'echo', 'typed')).toMatchObject({ code: 0, stdout: 'prompt> typed' });
    expect(await run(client, 'function')).toMatchObject({ code: 0, stdout: 'text' });
    expect(await run(client, 'exit 9')).toMatchObject({ code: 9 });
    expect(await run(client, 'toString')).toMatchObject({ code: 127 });
  });

  it('can be a function that destructures its context and iterates over its input', async () => {
    await using server = await startMockServer({
      exec: async ({ command, stdin, stdout, fallback, exit }) => {
        if (command !== 'count') return fallback();
        let bytes = 0;
        for await (const chunk of stdin) bytes += chunk.length;
        stdout.write(`${bytes}\n`);
        return exit(7);
      },
    });
    const client = await login(server);
    expect(await run(client, 'count', 'abc')).toMatchObject({ code: 7, stdout: '3\n' });
    expect(await run(client, 'cat', 'typed')).toMatchObject({ code: 0, stdout: 'typed' });
  });

  it('can be a single function for all', async () => {
    const seen: Partial<ExecContext>[] = [];
    await using server = await startMockServer({
      exec: async (context) => {
        const { command, env, pty, username, connection } = context;
        seen.push({ command, env, pty, username, connection });
        if (command === 'number') return 7;
        if (command === 'data') return { stdout: 'data' };
        if (command === 'throw') throw new Error('broken handler');
        if (command === 'true') return context.fallback();
        context.stdin.once('data', (chunk) => {
          context.stdout.write(`got ${chunk}`);
          context.stderr.write('and this');
          context.exit(3);
          context.exit(4);
        });
        return undefined;
      },
    });
    const client = await login(server);
    expect(await run(client, 'number')).toMatchObject({ code: 7 });
    expect(await run(client, 'data')).toMatchObject({ code: 0, stdout: 'data' });
    expect(await run(client, 'true')).toMatchObject({ code: 0 });
    expect(await run(client, 'throw')).toMatchObject({
      code: 255,
      stderr: 'mock command failed: broken handler\n',
    });
    expect(await run(client, 'other', 'x')).toMatchObject({ code: 3, stdout: 'got x', stderr: 'and this' });
    const options = { env: { NAME: 'value' }, pty: { term: 'xterm', rows: 10, cols: 20 } };
    await collect(await call<ClientChannel>((done) => client.exec('number', options, done as never)));
    expect(seen.at(-1)).toEqual({
      command: 'number',
      env: { NAME: 'value' },
      pty: { term: 'xterm', rows: 10, cols: 20 },
      username: 'rpa',
      connection: 1,
    });
  });

  it('receive signals, which end them while they wait', async () => {
    await using server = await startMockServer({
      exec: {
        long: { delayMs: 60_000, stdout: 'never' },
        traps: (context) => context.onSignal((signal) => context.exit(signal === 'TERM' ? 143 : 1)),
      },
    });
    const client = await login(server);
    for (const [command, expected] of [
      ['long', { code: null, signal: 'SIGTERM', stdout: '' }],
      ['traps', { code: 143 }],
    ] as const) {
      const channel = await call<ClientChannel>((done) => client.exec(command, done as never));
      const outcome = collect(channel);
      channel.signal('TERM');
      expect(await outcome).toMatchObject(expected);
    }
    expect(server.journal.filter((entry) => entry.type === 'signal')).toHaveLength(2);
  });

  it('are told when their channel or connection is closed', async () => {
    let gone = 0;
    await using server = await startMockServer({
      exec: (context) => context.closed.addEventListener('abort', () => gone++),
    });
    const client = await login(server);
    const channel = await call<ClientChannel>((done) => client.exec('a', done as never));
    await call((done) => client.exec('b', done as never));
    channel.resume();
    channel.close();
    await until(() => gone === 1);
    client.destroy();
    await until(() => gone === 2);
  });

  it('deliver megabytes on both outputs even if the client reads slowly', async () => {
    const out = Buffer.alloc(5 << 20, 'o');
    const err = Buffer.alloc(3 << 20, 'e');
    await using server = await startMockServer({ exec: { big: { stdout: out, stderr: err } } });
    const client = await login(server);
    const channel = await call<ClientChannel>((done) => client.exec('big', done as never));
    await sleep(30);
    const { stdout, stderr, code } = await collect(channel);
    expect([stdout.length, stderr.length, code]).toEqual([out.length, err.length, 0]);
    expect([stdout === out.toString(), stderr === err.toString()]).toEqual([true, true]);
  });

  it('may write after their connection is closed', async () => {
    await using server = await startMockServer({
      exec: (context) => {
        const timer = setInterval(() => context.stdout.write('tick'), 1);
        setTimeout(() => {
          clearInterval(timer);
          context.exit(0);
        }, 60);
      },
    });
    for (const how of ['fin', 'rst', 'freeze'] as const) {
      const client = await login(server);
      client.on('error', () => {});
      await call((done) => client.exec('ticks', done as never));
      await sleep(10);
      server.dropAll(how);
      await sleep(60);
      client.destroy();
    }
    expect((await run(await login(server), 'x')).code).toBe(0);
  });

  it('are limited by maxSessions, and one that ends makes room', async () => {
    await using server = await startMockServer({ maxSessions: 2, exec: { wait: { delayMs: 60_000 } } });
    const client = await login(server);
    const channels = [];
    for (let index = 0; index < 2; index++)
      channels.push(await call<ClientChannel>((done) => client.exec('wait', done as never)));
    const third = call((done) => client.exec('true', done as never));
    await expect(third).rejects.toMatchObject({ reason: 2, message: expect.stringContaining('open failed') });
    const first = channels[0] as ClientChannel;
    const ended = collect(first);
    first.signal('TERM');
    await ended;
    expect((await run(client, 'true')).code).toBe(0);
  });
});

describe('the faults of commands', () => {
  it.each([
    ['noExitStatus', { noExitStatus: true }, { code: undefined, stdout: 'output' }],
    ['closeEarly', { closeEarly: true }, { code: undefined, stdout: '' }],
    ['exitBeforeData', { exitBeforeData: true }, { code: 0, stdout: 'output' }],
  ] as const)('%s', async (_name, exec, expected) => {
    await using server = await startMockServer({ exec: { job: { stdout: 'output' } }, faults: { exec } });
    expect(await run(await login(server), 'job')).toMatchObject(expected);
  });

  it('exitBeforeData: the exit status comes first', async () => {
    await using server = await startMockServer({
      exec: { job: { stdout: 'output' } },
      faults: { exec: { exitBeforeData: true } },
    });
    const client = await login(server);
    const order: string[] = [];
    await new Promise((resolve) =>
      client.exec('job', (_error, channel) => {
        channel.on('exit', () => order.push('exit')).on('data', () => order.push('data'));
        channel.on('close', resolve);
      }),
    );
    expect(order).toEqual(['exit', 'data']);
  });

  it('hang: started, then nothing', async () => {
    const leftBehind = await watchHandles();
    const server = await startMockServer({ faults: { exec: { hang: true } } });
    const client = await login(server);
    const channel = await call<ClientChannel>((done) => client.exec('true', done as never));
    let events = 0;
    for (const event of ['data', 'exit', 'close']) channel.on(event, () => events++);
    await sleep(60);
    expect(events).toBe(0);
    await server.close();
    expect(await leftBehind()).toEqual([]);
  });

  it('refuse: the request is refused, and its channel counts until the client closes it', async () => {
    await using server = await startMockServer({ maxSessions: 1 });
    const client = await login(server);
    await expect(call((done) => client.subsys('nosuch', done as never))).rejects.toThrow(
      'Unable to start subsystem',
    );
    await expect(run(client, 'true')).rejects.toThrow('open failed');
    const hidden = client as unknown as { _chanMgr: { get(id: number): ClientChannel | undefined } };
    const unused = hidden._chanMgr.get(0) as ClientChannel;
    unused.resume();
    const closed = new Promise((resolve) => unused.on('close', resolve));
    unused.close();
    await closed;
    expect((await run(client, 'true')).code).toBe(0);
    server.setFaults({ exec: { refuse: true } });
    await expect(run(await login(server), 'true')).rejects.toThrow('Unable to exec');
  });

  it('unlimitedOutput: endless output, bounded by the window', async () => {
    await using server = await startMockServer({ faults: { exec: { unlimitedOutput: true } } });
    const client = await login(server);
    const channel = await call<ClientChannel>((done) => client.exec('yes', done as never));
    let bytes = 0;
    channel.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    await until(() => bytes > 10 << 20);
    channel.pause();
    await sleep(20);
    channel.resume();
    channel.signal('KILL');
    await new Promise((resolve) => channel.on('close', resolve));
  });
});
