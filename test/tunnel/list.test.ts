import { PassThrough } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { ChannelOpenFailed, ChannelTimeout, CommandTimeout } from '../../src/errors/index.ts';
import { writeNote } from '../../src/tunnel/holder/note.ts';
import { endTunnel } from '../../src/tunnel/list/end-tunnel.ts';
import { type ListTunnelsOptions, listTunnels } from '../../src/tunnel/list/list.ts';
import { answering, FakeConnection, lost, shellSays } from '../support/fake-gateway.ts';
import { failureOf } from '../support/outcome.ts';

const self = ['boot b1', 'self 500 900 sshd', 'uid 1001', 'clock 1000.00 100'];
const sessions = [
  'session 1 10 0 0 sshd',
  'session 499 899 0 1 sshd',
  'session 500 900 1001 499 sshd',
  'session 299 599 0 1 sshd',
  'session 300 600 1002 299 sshd',
];

function gateway(...lines: string[]) {
  const connection = new FakeConnection();
  connection.onExec = () => shellSays(...self, ...lines, ...sessions);
  return connection;
}

describe('listGatewayTunnels', () => {
  it('reads addresses, users, ages and notes as the gateway shows them', async () => {
    const connection = gateway(
      'listener 00000000:2328 1002',
      'listener 00000000000000000000000001000000:2329 1002',
      'listener B80D0120000000000000000001000000:232A 1002',
      'user 1002 tunnel-acme',
      'note 9000 300 600 b1',
      'note 9001 300 600 b0',
    );
    const ports = [9000, 9001, 9002, 9003];
    const tunnels = await listTunnels(connection, { ports, check: false });
    expect(tunnels.map(({ addresses }) => addresses)).toEqual([['0.0.0.0'], ['::1'], ['2001:db8::1'], []]);
    expect(tunnels[0]).toMatchObject({ user: 'tunnel-acme', uid: 1002, pid: 300, pidFrom: 'note' });
    expect(tunnels[1]).toMatchObject({ pidFrom: 'only-session' });
    expect(Number(tunnels[0]?.since)).toBeGreaterThan(Date.now() - 995_000);
    expect(tunnels[3]).toEqual({ port: 9003, verdict: 'refused', addresses: [] });
  });

  it('sends up to 200 ports to the gateway, and lists all if there are more', async () => {
    const connection = gateway('listener 00000000:2328 1002');
    const ask = async (to: number) => {
      const found = await listTunnels(connection, { ports: { from: 9000, to }, check: false });
      expect(found.map(({ port, verdict }) => [port, verdict]).slice(0, 2)).toEqual([
        [9000, 'unknown'],
        [9001, 'refused'],
      ]);
      expect(found.at(-1)).toMatchObject({ port: to });
      return connection.scripts.at(-1);
    };
    expect(await ask(9199)).toContain('ports="(2328|2329|');
    expect(await ask(9200)).toContain('ports="[0-9A-F]*"');
  });

  it('without ports lists those of users with sessions, and none of root', async () => {
    const listeners = [
      'listener 00000000:2328 1002',
      'listener 00000000:2329 1003',
      'listener 00000000:0016 0',
      'listener 00000000:1F90 0',
    ];
    const found = await listTunnels(gateway(...listeners), { check: false });
    expect(found.map(({ port }) => port)).toEqual([9000]);
  });

  it.each([
    ['ended', { ended: true, port: 9000, pid: 300, user: 'tunnel-acme' }],
    ['gone', { ended: true, port: 9000, pid: 300, user: 'tunnel-acme' }],
    ['survived', { ended: false, reason: 'not-permitted' }],
  ])('reports of a session to be ended that %s', async (result, expected) => {
    const connection = gateway(
      'listener 00000000:2328 1002',
      'user 1002 tunnel-acme',
      'note 9000 300 600 b1',
    );
    const look = connection.onExec;
    connection.onExec = (script) =>
      connection.scripts.length < 2 ? look(script) : shellSays(`result ${result}`);
    expect(await endTunnel(connection, 9000)).toMatchObject(expected);
  });

  it('reports that it is about to end a session, and only then', async () => {
    const connection = gateway('listener 00000000:2328 1002', 'note 9000 300 600 b1');
    const asked: number[] = [];
    const onEnding = () => void asked.push(connection.scripts.length);
    await endTunnel(connection, 9001, { onEnding });
    expect(asked).toEqual([]);
    await endTunnel(connection, 9000, { onEnding });
    expect(asked).toEqual([2]);
    expect(connection.scripts).toHaveLength(3);
  });

  it.each([
    [0, {}, RangeError],
    ['9000', {}, TypeError],
    [9000, { onEnding: 5 }, TypeError],
    [9000, { signal: 5 }, TypeError],
    [9000, { onEndin: () => {} }, TypeError],
  ])('ends nothing for port %j with %j', async (port, options, kind) => {
    const connection = new FakeConnection();
    await expect(endTunnel(connection, port as never, options as never)).rejects.toBeInstanceOf(kind);
    expect(connection.scripts).toEqual([]);
  });

  it('ends a session of a user known only by number', async () => {
    const connection = gateway('listener 00000000:2328 1002', 'note 9000 300 600 b1');
    const look = connection.onExec;
    connection.onExec = (script) =>
      connection.scripts.length < 2 ? look(script) : shellSays('result ended');
    expect(await endTunnel(connection, 9000)).toEqual({ ended: true, port: 9000, pid: 300 });
  });

  it('without ports lists those of any user but root, in order, each once', async () => {
    const connection = gateway(
      'listener 00000000:2329 1002',
      'listener 00000000:2328 1',
      'listener 0100007F:2328 1',
      'listener 0100007F:0050 0',
      'session 310 600 1 309 sshd',
      'session 309 599 0 1 sshd',
      'session 320 600 0 319 sshd',
      'session 319 599 0 1 sshd',
    );
    const found = await listTunnels(connection, { check: false });
    expect(found.map(({ port }) => port)).toEqual([9000, 9001]);
    expect(found[0]).toMatchObject({
      addresses: ['0.0.0.0', '127.0.0.1'],
      pid: 310,
      pidFrom: 'only-session',
    });
  });

  it('names no session of root, nor of a user with several', async () => {
    const connection = gateway(
      'listener 00000000:2328 1002',
      'listener 00000000:2329 0',
      'session 310 600 1002 309 sshd',
      'session 309 599 0 1 sshd',
      'session 320 600 0 319 sshd',
      'session 319 599 0 1 sshd',
    );
    const found = await listTunnels(connection, { ports: [9000, 9001], check: false });
    expect(found.map(({ uid }) => uid)).toEqual([1002, 0]);
    expect(found.filter((tunnel) => 'pid' in tunnel)).toEqual([]);
  });

  it('probes ten ports at once', async () => {
    const listeners = Array.from(
      { length: 25 },
      (_, n) => `listener 00000000:${(9000 + n).toString(16)} 1002`,
    );
    const connection = gateway(...listeners);
    let asked = 0;
    connection.openStream = () => {
      asked++;
      return new Promise(() => {});
    };
    void listTunnels(connection, { ports: { from: 9000, to: 9024 } });
    await new Promise(setImmediate);
    expect(asked).toBe(10);
  });

  it('does not accept anything but a port', async () => {
    const connection = gateway(
      'listener 00000000:0000 1002',
      'listener 00000000:10000 1002',
      'listener x 1002',
    );
    expect(await listTunnels(connection, { check: false })).toEqual([]);
  });

  it('accepts a range of one port', async () => {
    const found = await listTunnels(gateway(), { ports: { from: 9000, to: 9000 }, check: false });
    expect(found.map(({ port }) => port)).toEqual([9000]);
  });

  it('rejects with the reason of an abort, and with an error that does not concern a port', async () => {
    const stop = new AbortController();
    const connection = gateway('listener 00000000:2328 1002');
    connection.openStream = async () => {
      stop.abort(new Error('enough'));
      throw new ChannelOpenFailed('refused', { phase: 'channel', reasonCode: 2 });
    };
    const aborted = listTunnels(connection, { ports: [9000], signal: stop.signal });
    await expect(aborted).rejects.toThrow('refused');
    for (const failure of [new Error('odd'), lost()]) {
      connection.openStream = () => Promise.reject(failure);
      await expect(listTunnels(connection, { ports: [9000] })).rejects.toBe(failure);
    }
  });

  it('without ports shows root the listeners of sessions, and nothing else', async () => {
    const listeners = [
      'listener 00000000:2328 1002',
      'listener 00000000:0016 0',
      'listener 00000000:1F90 1002',
    ];
    const holders = ['holder 9000 300', 'holder 22 77'];
    const connection = gateway(...listeners, ...holders);
    const look = connection.onExec;
    connection.onExec = (script) => look(script).replace('uid 1001', 'uid 0');
    const found = await listTunnels(connection, { check: false });
    expect(found.map(({ port }) => port)).toEqual([9000]);
  });

  it('tells root that a surviving session did not end, not that permission is missing', async () => {
    const connection = gateway('listener 00000000:2328 1002 300');
    const look = connection.onExec;
    const root = (script: string) => look(script).replace('uid 1001', 'uid 0');
    connection.onExec = (script) =>
      connection.scripts.length < 2 ? root(script) : shellSays('result survived');
    expect(await endTunnel(connection, 9000)).toMatchObject({ ended: false, reason: 'survived' });
  });

  it.each([
    ['127.0.0.1', '0100007F:2328'],
    ['127.0.0.1', '00000000:2328'],
    ['10.0.0.2', '0200000A:2328'],
  ])('probes for a banner at %s if the gateway listens on %s', async (host, address) => {
    const connection = gateway(`listener ${address} 1002`);
    const asked = vi.spyOn(connection, 'openStream');
    await listTunnels(connection, { ports: [9000], answerTimeout: 50 });
    expect(asked).toHaveBeenCalledWith({ host, port: 9000 }, expect.anything());
  });

  it.each([
    ['alive', () => answering('SSH-2.0-OpenSSH_for_Windows_9.5\r\n')],
    ['pc-down', () => new PassThrough().end()],
    ['silent', () => new PassThrough()],
    ['unknown', () => new ChannelOpenFailed('forbidden', { phase: 'channel', reasonCode: 1 })],
    ['refused', () => new ChannelOpenFailed('refused', { phase: 'channel', reasonCode: 2 })],
  ])('returns the verdict %s', async (verdict, onOpenStream) => {
    const connection = gateway('listener 0100007F:2328 1002');
    connection.onOpenStream = onOpenStream as never;
    expect(await listTunnels(connection, { ports: [9000], answerTimeout: 50 })).toMatchObject([{ verdict }]);
  });

  it('does not report a port as refused that it could not see', async () => {
    const connection = gateway('noproc');
    expect(await listTunnels(connection, { ports: [9000], check: false })).toMatchObject([
      { verdict: 'unknown' },
    ]);
  });

  it('reports why the account cannot run commands', async () => {
    const connection = new FakeConnection();
    connection.onExec = () => 'This account is currently not available.';
    await expect(listTunnels(connection)).rejects.toThrow(/cannot run commands/);
    await expect(endTunnel(connection, 9000)).rejects.toMatchObject({
      code: 'SSH_CHANNEL_OPEN_FAILED',
      message: expect.stringMatching(/^The tunnel at port 9000 cannot be ended: The account cannot/),
    });
  });

  it('reports that the gateway did not answer the request, and nothing about the account', async () => {
    const details = {
      phase: 'channel',
      host: 'gateway',
      port: 22,
      timeoutMs: 5,
      hint: 'It is stuck.',
    } as const;
    const stuck = new ChannelTimeout('gateway:22 did not answer', { ...details, started: 'unknown' });
    const connection = new FakeConnection();
    connection.onExec = () => {
      throw stuck;
    };
    for (const call of [listTunnels(connection), endTunnel(connection, 9000)]) {
      const { error } = await failureOf(call);
      // A look is not a command: asking again is safe.
      expect(error).toMatchObject({ code: 'SSH_CHANNEL_TIMEOUT', ...details, retryable: true, cause: stuck });
      expect([error.message, error['started']]).toEqual([stuck.message, undefined]);
    }
  });

  it('reports that the gateway did not answer in time, or that the connection ended', async () => {
    const details = { phase: 'command', timeoutMs: 10_000, output: {}, terminated: true } as never;
    const connection = new FakeConnection();
    connection.onExec = () => {
      throw new CommandTimeout('too slow', details);
    };
    const late = listTunnels(connection);
    await expect(late).rejects.toThrow(/did not finish a script within 10000 ms/);
    await expect(late).rejects.toMatchObject({ code: 'SSH_CHANNEL_OPEN_FAILED', retryable: true });
    connection.onExec = () => {
      throw lost();
    };
    await expect(listTunnels(connection)).rejects.toMatchObject({ code: 'SSH_CONNECTION_LOST' });
    const words = { tunnel: '-', every: 60, took: undefined };
    await expect(writeNote(connection, 9012, words)).rejects.toMatchObject({ code: 'SSH_CONNECTION_LOST' });
  });

  it.each([
    [undefined, 'undefined'],
    [{ host: 'gateway.example.com', username: 'op', password: 'secret' }, 'an object'],
    ['gateway.example.com', 'a string'],
    [Promise.resolve(new FakeConnection()), 'a promise of one (await it)'],
  ])('requires a connection, not %s', async (given, what) => {
    const wrong = new TypeError(
      `argument connection: ${what} given; a Connection from connectViaGateway would be right`,
    );
    await expect(listTunnels(given as never)).rejects.toThrow(wrong);
    await expect(endTunnel(given as never, 9000)).rejects.toThrow(wrong);
  });

  it.each([
    [{ ports: [0] }, RangeError],
    [{ ports: ['9000'] }, TypeError],
    [{ ports: 9000 }, TypeError],
    [{ ports: null }, TypeError],
    [{ ports: { from: 2, to: 1 } }, RangeError],
    [{ ports: { from: 1, to: 2, step: 2 } }, TypeError],
    [{ port: [9_000] }, TypeError],
    [{ answerTimeout: 0 }, RangeError],
    [{ signal: 1 }, TypeError],
  ])('rejects %j', async (options, kind) => {
    const call = listTunnels(new FakeConnection(), options as unknown as ListTunnelsOptions);
    await expect(call).rejects.toBeInstanceOf(kind);
  });
});
