import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP relay whose connections can be cut, at a moment or at a byte. */
export interface CutRelay extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** How many connections it has taken. */
  readonly taken: number;
  /** Resets every open connection; returns how many there were. New ones are taken as before. */
  cut(): number;
  /** Resets the next connections as soon as the client has sent this many bytes; undefined: not any more. */
  cutAfter(bytes: number | undefined): void;
  /** Bytes that clients have sent, by connection. */
  readonly sent: readonly number[];
}

export async function startCutRelay(target: { host: string; port: number }): Promise<CutRelay> {
  const open = new Set<() => void>();
  const sent: number[] = [];
  let limit: number | undefined;
  const server = createServer((client) => {
    const number = sent.push(0) - 1;
    const upstream = connect(target.port, target.host);
    const end = tie(client, upstream);
    open.add(end);
    client.once('close', () => open.delete(end));
    const mine = limit;
    client.on('data', (chunk: Buffer) => {
      const left = (mine ?? Number.POSITIVE_INFINITY) - (sent[number] ?? 0);
      sent[number] = (sent[number] ?? 0) + chunk.length;
      if (chunk.length < left) return void (upstream.write(chunk) || client.pause());
      // What came before the cut still arrives.
      upstream.write(chunk.subarray(0, left), () => end());
    });
    upstream.on('drain', () => client.resume());
    upstream.pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    sent,
    get taken() {
      return sent.length;
    },
    cut() {
      const ends = [...open];
      for (const end of ends) end();
      return ends.length;
    },
    cutAfter(bytes) {
      limit = bytes;
    },
    [Symbol.asyncDispose]: async () => {
      for (const end of open) end();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The end of one is the end of the other. Returns what ends both with a reset. */
function tie(one: Socket, other: Socket): () => void {
  for (const [socket, partner] of [
    [one, other],
    [other, one],
  ] as const) {
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.once('close', () => partner.destroy());
  }
  one.once('end', () => other.end());
  return () => {
    one.resetAndDestroy();
    other.resetAndDestroy();
  };
}
