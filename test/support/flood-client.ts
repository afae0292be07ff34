/**
 * Runs in a child process: connects to a flooding server (port and kind are its arguments), does what starts the flood,
 * and prints how much memory that took, how long its event loop stood still, and how the connection ended.
 */
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import { type FloodKind, floods } from './flood-server.ts';

const [port, kind, ms] = process.argv.slice(2) as [string, FloodKind, string];
const rss = () => process.memoryUsage().rss / 2 ** 20;

async function work(): Promise<string> {
  const connection = await connectViaGateway({
    ...{ host: '127.0.0.1', port: Number(port), username: 'rpa', password: 'x', retry: false },
    ...{ hostKey: 'insecure-accept-any', keepalive: { interval: 1_000, countMax: 3 } },
    keyboardInteractive: (prompts) => prompts.map(() => ''),
  });
  const { on } = floods[kind];
  if (on === 'command') {
    const command = connection.exec('x');
    command.catch(() => {});
    for (const stream of [command.stdout, command.stderr]) {
      stream.on('error', () => {}).once('data', () => stream.pause());
    }
  }
  if (on === 'stream') {
    const stream = await connection.openStream('h', 1);
    stream.on('error', () => {}).once('data', () => stream.pause());
  }
  if (on === 'sftp') {
    const sftp = await connection.sftp();
    await sftp.list('/');
  }
  if (on === 'forward') {
    await connection.forwardRemote({ listenHost: '127.0.0.1', listenPort: 9, host: '127.0.0.1', port: 1 });
  }
  const error = await connection.closed;
  return error ? `${error.code}: ${error.message}` : 'closed';
}

const before = rss();
let peak = before;
let longestStop = 0;
let last = { at: performance.now(), cpu: process.cpuUsage() };
/**
 * What stands still because others have the processor is none of ours: a stop is no longer than our own work. New memory
 * is the system's, which takes long over it on some virtual machines.
 */
const timer = setInterval(() => {
  peak = Math.max(peak, rss());
  const { user } = process.cpuUsage(last.cpu);
  longestStop = Math.max(longestStop, Math.min(performance.now() - last.at, user / 1_000));
  last = { at: performance.now(), cpu: process.cpuUsage() };
}, 10);
const over = new Promise<string>((resolve) => setTimeout(resolve, Number(ms), 'still open'));
const end = await Promise.race([work().catch((error) => `${error.code}: ${error.message}`), over]);
clearInterval(timer);
console.log(JSON.stringify({ grownBy: peak - before, longestStop, end }));
process.exit();
