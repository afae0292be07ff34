import { describe, expect, it, onTestFinished } from 'vitest';
import type { Connection } from '../../src/connection.ts';
import { type MockServer, startMockServer } from '../../src/mock-server/index.ts';
import { watchHandles } from '../mock-server/support.ts';
import { connectTo } from '../support/connect.ts';
import { pause, until } from '../support/outcome.ts';
import { thorough } from '../support/thorough.ts';

const many = thorough ? 400 : 105;
const retry = { attempts: 20, minDelay: 100, maxDelay: 300 };

const connectAll = (server: MockServer, signal?: AbortSignal) =>
  Array.from({ length: many }, () => connectTo(server, { signal, retry }));

/** Node's warnings: too many listeners of one signal or socket, promises without a handler. */
function watchWarnings(): string[] {
  const warnings: string[] = [];
  const warn = (warning: Error) => void warnings.push(`${warning.name}: ${warning.message}`);
  process.on('warning', warn);
  onTestFinished(() => void process.off('warning', warn));
  return warnings;
}

/** Each of them waits for something that never comes. */
const deeds: readonly ((connection: Connection) => Promise<unknown>)[] = [
  (connection) => connection.exec('sleep 1000'),
  (connection) => connection.exec('sleep 1000', { timeout: 600_000, stdin: Buffer.alloc(5_000_000) }),
  (connection) => connection.upload(Buffer.alloc(3_000_000), '/up'),
  async (connection) => (await connection.sftp()).readFile('/hangs'),
  async (connection) => unlessClosed(await connection.forwardLocal({ host: '127.0.0.1', port: 1 })),
  async (connection) =>
    unlessClosed(await connection.forwardRemote({ listenPort: 0, host: '127.0.0.1', port: 1 })),
  // More than fit beside one another (MaxSessions): the last ones wait in line.
  (connection) => Promise.all(Array.from({ length: 15 }, () => connection.exec('sleep 1000'))),
];

async function unlessClosed({ closed }: { closed: Promise<Error | undefined> }): Promise<void> {
  const error = await closed;
  if (error) throw error;
}

describe(`a gateway with ${many} PCs behind it`, () => {
  it('dies: whatever is under way ends with its own error, nothing is left, and all come back', {
    timeout: 120_000,
  }, async () => {
    const warnings = watchWarnings();
    const leftBehind = await watchHandles();
    const server = await startMockServer({
      exec: { 'sleep 1000': () => new Promise(() => {}) },
      faults: { sftp: { hangOp: { op: 'READ', nth: 1 } } },
    });
    server.files.write('/hangs', Buffer.alloc(100));
    const connections = await Promise.all(connectAll(server));
    const outcomes = connections.map(async (connection, index) =>
      deeds[index % deeds.length]!(connection).then(
        () => 'succeeded',
        (error: unknown) => (error as { code?: unknown }).code,
      ),
    );
    const { length: commands } = connections.filter((_, index) => index % deeds.length === 0);
    await until(() => server.journal.filter(({ type }) => type === 'exec').length > 10 * commands, 60_000);
    await server.close();
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['SSH_CONNECTION_LOST']));
    const ends = await Promise.all(connections.map(({ closed }) => closed));
    expect(new Set(ends.map((error) => error?.code))).toEqual(new Set(['SSH_CONNECTION_LOST']));

    const returning = connectAll(server);
    await pause(500);
    await using again = await startMockServer({ port: server.port });
    const back = await Promise.all(returning);
    await Promise.all(back.map((connection) => connection.close()));
    await again.close();
    expect(warnings).toEqual([]);
    expect(await leftBehind()).toEqual([]);
  });

  it('is given up by one signal for all, in any phase, and nothing is left', {
    timeout: 60_000,
  }, async () => {
    const warnings = watchWarnings();
    const leftBehind = await watchHandles();
    const server = await startMockServer();
    for (const after of [0, 50, 200]) {
      const controller = new AbortController();
      const connecting = connectAll(server, controller.signal);
      const outcomes = Promise.allSettled(connecting);
      await pause(after);
      const reason = new Error('enough');
      controller.abort(reason);
      const ends = (await outcomes).map((end) => (end.status === 'rejected' ? end.reason : end.value));
      const open = ends.filter((end) => end !== reason);
      expect(open.filter((end) => end instanceof Error)).toEqual([]);
      await Promise.all(open.map((connection) => connection.close()));
    }
    await until(() => server.connections === 0);
    await server.close();
    expect(warnings).toEqual([]);
    expect(await leftBehind()).toEqual([]);
  });
});
