import { connect } from 'node:net';
import type { Client } from 'ssh2';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Faults, type MockServer, startMockServer } from '../../src/mock-server/index.ts';
import { until, watchHandles } from './support.ts';

/** The same "random" numbers in every run. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
    return state % below;
  };
}

const faults: ((roll: (below: number) => number) => Faults | undefined)[] = [
  () => undefined,
  (roll) => ({ cut: { direction: 'toClient', atByte: roll(5_000), how: roll(2) ? 'fin' : 'rst' } }),
  (roll) => ({ cut: { direction: 'toServer', atByte: roll(3_000), how: roll(2) ? 'fin' : 'rst' } }),
  (roll) => ({ cut: { direction: 'toClient', atByte: roll(400_000), how: 'rst' } }),
  (roll) => ({ cut: { direction: 'toServer', atByte: roll(3_000), how: 'freeze' } }),
  (roll) => ({ disconnect: { phase: roll(2) ? 'exec' : 'sftp', afterMs: roll(4) } }),
  (roll) => ({ freeze: { phase: roll(2) ? 'exec' : 'kex', afterMs: roll(4) } }),
  () => ({ handshake: { closeInKex: 'rst' } }),
  () => ({ handshake: { hostKeyChangesAtRekey: true } }),
  () => ({ auth: { disconnect: 'message' } }),
  () => ({ latencyMs: 1, throttle: { bytesPerSecond: 4e6 } }),
  () => ({ window: 'exceeded' }),
  () => ({ window: 'dropped' }),
  () => ({ exec: { unlimitedOutput: true } }),
  () => ({ exec: { closeEarly: true } }),
  () => ({ sftp: { duplicateReplies: true } }),
  () => ({ sftp: { hangOp: { op: 'READ', nth: 2 } } }),
];

/** Things that clients do, each closing when done. */
const deeds: ((client: Client, server: MockServer) => void)[] = [
  (client) =>
    client.exec('big', (error, channel) => {
      if (error) return;
      channel.resume().on('close', () => client.end());
      channel.stderr.resume();
    }),
  (client) =>
    client.exec('drop', (error, channel) => {
      channel?.on('error', () => {}).resume();
      channel?.end('input');
      void error;
    }),
  (client) =>
    client.sftp((error, sftp) => {
      if (error) return;
      sftp.on('error', () => {});
      sftp.readFile('/f', () => client.end());
    }),
  (client, server) => {
    client.exec('big', (_error, channel) => channel?.resume().stderr.resume());
    void server.rekey();
  },
  (client) =>
    client.forwardIn('localhost', 0, (error, port) => {
      if (error) return;
      client.on('tcp connection', (_info, accept) => accept()?.end('x'));
      const visitor = connect(port, '127.0.0.1');
      visitor.on('error', () => {}).on('close', () => client.end());
      visitor.resume();
    }),
];

describe('a mock server under combined load', () => {
  const warnings: string[] = [];
  const warn = (warning: Error) => warnings.push(warning.name);
  beforeAll(() => void process.on('warning', warn));
  afterAll(() => void process.off('warning', warn));

  // An uncaught error or an unhandled rejection fails the run by itself.
  it('never raises an uncaught error, and leaves nothing behind', async () => {
    const roll = dice(7);
    const leftBehind = await watchHandles();
    const server = await startMockServer({
      exec: {
        big: { stdout: Buffer.alloc(300_000), stderr: Buffer.alloc(50_000) },
        drop: (context) => {
          context.stdin.once('data', () => server.drop(context.connection, roll(2) ? 'fin' : 'rst'));
          context.stdout.write('x');
        },
      },
    });
    server.files.write('/f', Buffer.alloc(200_000));
    let sessions = 0;
    const play = () =>
      new Promise<void>((resolve) => {
        sessions++;
        server.setFaults(faults[roll(faults.length)]?.(roll));
        const client = new ssh2.Client();
        const socket = connect(server.port, server.host);
        const patience = setTimeout(() => socket.destroy(), 80);
        socket.on('close', () => {
          clearTimeout(patience);
          resolve();
        });
        client.on('error', () => setImmediate(() => socket.destroy()));
        client.on('ready', () => deeds[roll(deeds.length)]?.(client, server));
        client.connect({ sock: socket, username: 'rpa', password: 'rpa', readyTimeout: 0 });
      });
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        while (sessions < 300) await play();
      }),
    );
    await until(() => server.connections === 0);
    await server.close();
    expect(
      server.journal.filter((entry) => entry.type === 'fault' && entry.fault.startsWith('server error')),
    ).toEqual([]);
    expect(warnings).toEqual([]);
    expect(await leftBehind()).toEqual([]);
  });
});
