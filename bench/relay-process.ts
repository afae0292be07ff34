import { connect, createServer, type Socket } from 'node:net';

// A delaying relay in a process of its own, so that it does not share a thread with what is measured. Each direction
// holds every chunk for half a round trip; the amount in flight is limited only to protect memory.
const [port = '0', delay = '0'] = process.argv.slice(2);
const oneWay = Number(delay);
const mostOnItsWay = 128 * 1024 * 1024;
/**
 * Milliseconds. Timers go off one too late on average: they are set so much earlier, and what is due that soon is passed
 * on. An echo over a round trip of 50 takes 50.6 (median; 50.0 to 52 for nine in ten).
 */
const lag = { timer: 1, due: 0.7 };

function pass(from: Socket, to: Socket): void {
  const queue: Array<{ at: number; chunk: Buffer | undefined }> = [];
  let onItsWay = 0;
  let scheduled = false;
  const resume = () => {
    if (onItsWay < mostOnItsWay / 2 && to.writableLength < mostOnItsWay) from.resume();
  };
  const deliver = () => {
    scheduled = false;
    while (queue[0] && queue[0].at <= performance.now() + lag.due) {
      const { chunk } = queue.shift() as { chunk: Buffer | undefined };
      if (!chunk) to.end();
      else {
        onItsWay -= chunk.length;
        to.write(chunk);
      }
    }
    resume();
    if (queue[0]) schedule(queue[0].at - performance.now());
  };
  const schedule = (ms: number) => {
    scheduled = true;
    setTimeout(deliver, Math.max(0, ms - lag.timer));
  };
  const enqueue = (chunk: Buffer | undefined) => {
    queue.push({ at: performance.now() + oneWay, chunk });
    if (!scheduled) schedule(oneWay);
  };
  from.on('data', (chunk: Buffer) => {
    onItsWay += chunk.length;
    if (onItsWay > mostOnItsWay) from.pause();
    enqueue(chunk);
  });
  from.on('end', () => enqueue(undefined));
  from.on('error', () => to.destroy());
  to.on('drain', resume);
}

const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
  const upstream = connect({ port: Number(port), host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  pass(client, upstream);
  pass(upstream, client);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' ? address?.port : 0);
});
process.on('disconnect', () => process.exit());
