import { tracingChannel } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import { afterEach, expect, test, vi } from 'vitest';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import { execHost } from '../../src/job/host/exec-host.ts';
import { startMockGateway, startMockServer } from '../../src/mock-server/index.ts';
import { observeExec } from '../../src/observe/exec-trace.ts';
import {
  type ConnectTrace,
  connectChannel,
  type ExecTrace,
  execChannel,
  isWatched,
} from '../../src/observe/tracing.ts';
import { jumpHost } from '../../src/route/jump-host.ts';
import { runJob } from '../../src/run-job.ts';
import { connectTo, optionsFor } from '../support/connect.ts';
import { openLink } from '../support/open-link.ts';

type Seen<T> = Array<{ event: string; told: T; at: Record<string, unknown> }>;
const cleanUps: Array<() => void> = [];
afterEach(() => {
  for (const undo of cleanUps.splice(0)) undo();
});

/** Every message of a channel, with a copy of what it said at that moment. */
function watch<T extends object>(name: 'connect' | 'exec'): Seen<T> {
  const seen: Seen<T> = [];
  const note = (event: string) => (told: object) => {
    seen.push({ event, told: told as T, at: { ...told } });
  };
  const channel = tracingChannel<unknown, object>(`ssh-via-gateway:${name}`);
  const handlers = Object.fromEntries(
    ['start', 'end', 'asyncStart', 'asyncEnd', 'error'].map((event) => [event, note(event)]),
  ) as unknown as Parameters<typeof channel.subscribe>[0];
  channel.subscribe(handlers);
  cleanUps.push(() => channel.unsubscribe(handlers));
  return seen;
}

const eventsOf = (seen: Seen<object>) => seen.map(({ event }) => event);

test('a connect is published at its start and end, with the phases and the server', async () => {
  await using server = await startMockServer();
  const seen = watch<ConnectTrace>('connect');
  await using connection = await connectTo(server);
  expect(eventsOf(seen)).toEqual(['start', 'end', 'asyncStart', 'asyncEnd']);
  expect(seen[0]?.at).toMatchObject({ host: server.host, port: server.port, username: 'rpa' });
  expect(new Set(seen.map(({ told }) => told)).size).toBe(1);
  const { timings, serverVersion, attempts, error } = seen.at(-1)!.told;
  expect({ timings, serverVersion, attempts, error }).toEqual({
    timings: connection.timings,
    serverVersion: connection.serverVersion,
    attempts: [],
    error: undefined,
  });
});

test('a failed connect is published with its error and every attempt', async () => {
  await using server = await startMockServer({ faults: { banner: { close: 'fin' } } });
  const seen = watch<ConnectTrace>('connect');
  const failure = await connectTo(server, { retry: { attempts: 2, minDelay: 1 } }).catch((error) => error);
  expect(eventsOf(seen)).toEqual(['start', 'end', 'error', 'asyncStart', 'asyncEnd']);
  expect(seen.at(-1)!.told.error).toBe(failure);
  expect(seen.at(-1)!.told.attempts).toMatchObject([{ attempt: 1 }, { attempt: 2 }]);
});

test('the total timeout is published as the caller gets it: TotalTimeout', async () => {
  await using server = await startMockServer({ faults: { banner: 'mute' } });
  const seen = watch<ConnectTrace>('connect');
  await connectTo(server, { timeouts: { total: 100 } }).catch(() => {});
  expect(seen.at(-1)!.told.error).toMatchObject({ code: 'SSH_TOTAL_TIMEOUT' });
});

test('a hop is a separate connect that names it', async () => {
  await using gateway = await startMockGateway();
  await using pc = await startMockServer();
  const seen = watch<ConnectTrace>('connect');
  const { retry: _retry, ...hop } = optionsFor(gateway.ssh);
  await using _connection = await connectTo(pc, { via: jumpHost(hop) });
  const started = seen.filter(({ event }) => event === 'start').map(({ told }) => told.hop);
  expect(started).toEqual([undefined, expect.stringContaining('jump 1 of 1')]);
});

test('a command is published at once and when it has settled, with its exit code and duration', async () => {
  await using server = await startMockServer();
  await using connection = await connectTo(server);
  const seen = watch<ExecTrace>('exec');
  const command = connection.exec(['echo', 'a b']);
  expect(eventsOf(seen)).toEqual(['start', 'end']);
  expect(seen[0]?.at).toEqual({ host: server.host, port: server.port, command: 'echo a b' });
  await command;
  expect(eventsOf(seen)).toEqual(['start', 'end', 'asyncStart', 'asyncEnd']);
  const { exitCode, signal, durationMs, error } = seen.at(-1)!.told;
  expect({ exitCode, signal, error }).toEqual({ exitCode: 0, signal: null, error: undefined });
  expect(durationMs).toBeGreaterThan(0);
});

test.each([
  ['a failure', 'exit 3', {}, { exitCode: 3 }, 'SSH_COMMAND_FAILED'],
  ['a timeout', 'sleep 60', { timeout: 50 }, { exitCode: null }, 'SSH_COMMAND_TIMEOUT'],
  ['a failure that resolves', 'exit 3', { reject: false }, { exitCode: 3 }, undefined],
])('%s of a command is published as the caller gets it', async (_what, line, options, outcome, code) => {
  await using server = await startMockServer();
  await using connection = await connectTo(server);
  const seen = watch<ExecTrace>('exec');
  const failure = await connection.exec(line, options).then(
    () => undefined,
    (error) => error,
  );
  expect(seen.at(-1)!.told).toMatchObject(outcome);
  expect(failure?.code).toBe(code);
  expect(seen.at(-1)!.told.error).toBe(failure);
  expect(eventsOf(seen).includes('error')).toBe(failure !== undefined);
});

test('an abort and a lost connection are published too, and each command settles once', async () => {
  await using server = await startMockServer();
  const connection = await connectTo(server);
  const seen = watch<ExecTrace>('exec');
  const stop = new AbortController();
  const aborted = connection.exec('sleep 60', { signal: stop.signal }).catch((error) => error);
  const lost = connection.exec('sleep 61').catch((error) => error);
  await vi.waitFor(() => expect(server.journal.filter(({ type }) => type === 'exec')).toHaveLength(2));
  stop.abort(new Error('enough'));
  await aborted;
  server.dropAll('rst');
  await lost;
  await connection.close();
  const ends = seen.filter(({ event }) => event === 'asyncEnd').map(({ told }) => told);
  expect(ends.map(({ command }) => command)).toEqual(['sleep 60', 'sleep 61']);
  expect(ends[0]?.error).toMatchObject({ message: 'enough' });
  expect(ends[1]?.error).toMatchObject({ code: 'SSH_CONNECTION_LOST' });
});

test('an unhandled failure stays an unhandled rejection, even with subscribers', async () => {
  await using server = await startMockServer();
  await using connection = await connectTo(server);
  watch<ExecTrace>('exec');
  const former = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  const unhandled = new Promise((resolve) => process.once('unhandledRejection', resolve));
  try {
    void connection.exec('exit 3');
    expect(await unhandled).toMatchObject({ code: 'SSH_COMMAND_FAILED' });
  } finally {
    process.removeAllListeners('unhandledRejection');
    for (const listener of former) process.on('unhandledRejection', listener);
  }
});

test('what is published contains no secret, nor a reference to one', async () => {
  const secret = 'hunter2-nobody-may-see-this';
  await using server = await startMockServer({
    users: [{ username: 'rpa', password: secret }],
    exec: () => 0,
  });
  const connects = watch<ConnectTrace>('connect');
  const execs = watch<ExecTrace>('exec');
  const { privateKey: _key, ...options } = optionsFor(server);
  await using connection = await connectViaGateway({ ...options, password: secret });
  await connection.exec('x', { env: { TOKEN: secret }, stdin: secret });
  await connection.powershell('$x', { env: { TOKEN: secret } });
  const all = inspect([connects, execs], { depth: 20, showHidden: true, maxStringLength: null });
  expect(all).not.toContain(secret);
  expect(all).not.toContain(Buffer.from(secret, 'utf16le').toString('base64').slice(4, 20));
  expect(execs.map(({ told }) => told.command)).toEqual(expect.arrayContaining(['x', '$x']));
});

test('the helper commands of jobs are published by a label, without their script', async () => {
  await using server = await startMockServer({ exec: () => 0 });
  const link = await openLink(server);
  const seen = watch<ExecTrace>('exec');
  await execHost(link.opener).run('TOKEN=secret start', { timeout: 5_000 });
  await link.close();
  expect(seen[0]?.told.command).toBe('(job helper of ssh-via-gateway)');
});

test('so are those of runJob, which has its own connection', async () => {
  await using server = await startMockServer({ exec: () => 0 });
  const seen = watch<ExecTrace>('exec');
  await runJob(optionsFor(server), 'x', { id: 'traced', env: { TOKEN: 'hunter2' } });
  expect(new Set(seen.map(({ told }) => told.command))).toEqual(new Set(['(job helper of ssh-via-gateway)']));
});

test('nothing is created without subscribers', async () => {
  expect(isWatched(connectChannel)).toBe(false);
  expect(observeExec({ host: 'h', port: 22 }, 'x', {})).toBeUndefined();
  const publish = vi.spyOn(execChannel.start, 'publish');
  await using server = await startMockServer();
  await using connection = await connectTo(server);
  await connection.exec('true');
  expect(publish).not.toHaveBeenCalled();
  publish.mockRestore();
});
