import { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import type { ConnectionLost } from '../../src/errors/index.ts';
import { type MockServer, startMockServer } from '../../src/mock-server/index.ts';
import { jumpHost } from '../../src/route/jump-host.ts';
import { proxyCommand } from '../../src/route/proxy-command.ts';
import { connectTo } from '../support/connect.ts';
import { type Failure, failureOf } from '../support/outcome.ts';

const servers: MockServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(): Promise<MockServer> {
  const server = await startMockServer();
  servers.push(server);
  return server;
}

type Jump = Parameters<typeof jumpHost>[0];
const jumpTo = ({ host, port, username, password }: MockServer, more: Partial<Jump> = {}) =>
  jumpHost({
    ...{ host, port, username, password: password ?? '', hostKey: 'insecure-accept-any' },
    ...{ keepalive: false, ...more },
  });

/** Everything that can be pending, and what it ends with. */
async function pendingOn(connection: Awaited<ReturnType<typeof connectTo>>, pc: MockServer) {
  const command = failureOf(Promise.resolve(connection.exec('sleep 60')));
  const shell = await connection.shell();
  const job = connection.job('j1').status();
  const transfer = failureOf(connection.upload(new Readable({ read() {} }), '/x'));
  await pc.waitFor('exec');
  return async () => ({
    exec: (await command).error,
    shell: (await failureOf(shell.exited)).error,
    job: (await failureOf(job)).error,
    upload: (await transfer).error,
    closed: (await connection.closed) as Failure,
  });
}

describe('a jump host that is lost under an open connection', () => {
  it.each([
    ['rst', 'socket', /ECONNRESET/],
    ['freeze', 'keepalive', /keepalive considers it dead/],
  ] as const)('by %s is named, with its reason, by everything that was pending', async (how, why, said) => {
    const [outer, inner, pc] = [await serve(), await serve(), await serve()];
    const via = jumpTo(inner, { via: jumpTo(outer, { keepalive: { interval: 100, countMax: 1 } }) });
    const connection = await connectTo(pc, { via, keepalive: false });
    const ended = await pendingOn(connection, pc);
    outer.dropAll(how);
    const hop = `jump 1 of 2 (127.0.0.1:${outer.port})`;
    const errors = await ended();
    for (const error of Object.values(errors)) {
      expect(error).toMatchObject({ code: 'SSH_CONNECTION_LOST', hop, why });
      expect(error.message).toContain(`${hop} failed: `);
      expect(error.message).toMatch(said);
      expect(error['reason']).toMatch(said);
      // Each hop in between tells it on, and none repeats it.
      expect(error.message.split(`${hop} failed`)).toHaveLength(2);
    }
    expect(errors.closed.cause).toMatchObject({ code: 'SSH_CONNECTION_LOST', hop, why });
    expect(errors.closed).toMatchObject({ retryable: true, phase: 'session' });
    expect(errors.closed.hint).not.toMatch(/PC|zombie/);
    await connection.close();
  });

  it('names no hop if the server itself ends it', async () => {
    const [outer, pc] = [await serve(), await serve()];
    const connection = await connectTo(pc, { via: jumpTo(outer) });
    pc.dropAll('fin');
    const error = (await connection.closed) as ConnectionLost;
    expect(error).toMatchObject({ why: 'socket', reason: 'closed without a word' });
    expect(error.hop).toBeUndefined();
    await connection.close();
  });
});

describe('jump hosts that have fallen silent', () => {
  const chain = async (keepalive: false | { interval: number; countMax: number }) => {
    const [outer, inner, pc] = [await serve(), await serve(), await serve()];
    const via = jumpTo(inner, { keepalive, via: jumpTo(outer, { keepalive }) });
    const connection = await connectTo(pc, { via, keepalive });
    outer.dropAll('freeze');
    return { connection, start: performance.now() };
  };

  it('do not delay the verdict', async () => {
    const { connection, start } = await chain({ interval: 200, countMax: 1 });
    expect(await connection.closed).toMatchObject({ why: 'keepalive' });
    expect(performance.now() - start).toBeLessThan(1_800);
    await connection.close();
  });

  it('are all left in about the time of one', async () => {
    const { connection, start } = await chain(false);
    await connection.close();
    const ms = performance.now() - start;
    expect(ms).toBeGreaterThan(2_000);
    expect(ms).toBeLessThan(3_700);
  });
});

describe('a proxy command that ends under an open connection', () => {
  it('is named, with its exit code and the end of its stderr', async () => {
    const pc = await serve();
    const script = `
      const socket = require('node:net').connect(${pc.port}, '127.0.0.1');
      process.stdin.on('error', () => {}).pipe(socket).on('error', () => {}).pipe(process.stdout);
      socket.on('close', () => { console.error('token has expired'); process.exitCode = 7; process.stdin.destroy(); });`;
    const via = proxyCommand([process.execPath, '-e', script.replaceAll('%', '%%')]);
    const connection = await connectTo(pc, { via });
    const ended = await pendingOn(connection, pc);
    pc.dropAll('fin');
    const errors = await ended();
    for (const error of Object.values(errors)) {
      expect(error).toMatchObject({ code: 'SSH_CONNECTION_LOST', why: 'socket' });
      expect(error.message).toMatch(
        /The proxy command .* exit code 7; its stderr ended with "token has expired"/,
      );
      expect(error['reason']).toMatch(/token has expired/);
    }
    expect(errors.exec).toMatchObject({ stderr: '', started: true });
    expect(errors.closed.cause).toMatchObject({
      ...{ code: 'SSH_PROXY_COMMAND_FAILED', exitCode: 7, stderr: 'token has expired' },
    });
    await connection.close();
  });
});
