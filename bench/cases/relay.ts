import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { Bench, Part } from '../support/bench.ts';
import { inTurn, timed } from '../support/measure.ts';
import { startRelay } from '../support/relay.ts';
import type { CaseResult } from '../support/types.ts';

const group = 'relay' as const;

/** The relay's throughput with nothing but TCP behind it: a result close to this was limited by the relay. */
async function relayAlone({ sizes }: Bench, rtt: number): Promise<CaseResult[]> {
  const bytes = sizes.stream * 1024 * 256;
  const sink = createServer((socket) => socket.on('end', () => socket.end('got it')).resume());
  sink.listen(0, '127.0.0.1');
  await once(sink, 'listening');
  const relay = await startRelay((sink.address() as { port: number }).port, rtt);
  try {
    return await inTurn({
      cases: [{ id: `relay-${rtt}`, group, name: `the relay alone, RTT ${rtt} ms`, unit: 'MB/s' }],
      contenders: [{ name: 'plain TCP' }],
      rounds: Math.min(sizes.rounds, 3),
      run: async () => [bytes / 1_000 / (await timed(() => send(relay.port, bytes)))],
    });
  } finally {
    relay.close();
    sink.close();
  }
}

async function send(port: number, bytes: number): Promise<void> {
  const socket: Socket = connect(port, '127.0.0.1');
  const answered = once(socket, 'data');
  const chunk = Buffer.alloc(1 << 18);
  for (let sent = 0; sent < bytes; sent += chunk.length) {
    if (!socket.write(chunk)) await once(socket, 'drain');
  }
  socket.end();
  await answered;
}

export const relaying: Part[] = [50, 200].map((rtt) => ({
  group,
  name: `relay-${rtt}`,
  run: (bench) => relayAlone(bench, rtt),
}));
