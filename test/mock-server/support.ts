import { connect, type Socket } from 'node:net';
import type { Client, ClientChannel, ConnectConfig, SFTPWrapper } from 'ssh2';
import ssh2 from 'ssh2';
import type { MockServer } from '../../src/mock-server/index.ts';

/** What an SSH client met while connecting. */
export interface Meeting {
  client: Client;
  ready: boolean;
  errors: string[];
  ended: boolean;
}

/** Logs in with plain ssh2; rejects with its first error, or when the connection ends before it is ready. */
export function login(
  server: Pick<MockServer, 'host' | 'port'>,
  config: ConnectConfig = {},
): Promise<Client> {
  const client = new ssh2.Client();
  return new Promise((resolve, reject) => {
    client.on('ready', () => resolve(client));
    client.on('error', reject);
    client.on('close', () => reject(new Error('closed before ready')));
    const credentials = config.authHandler || config.privateKey || config.password ? {} : { password: 'rpa' };
    client.connect({
      host: server.host,
      port: server.port,
      username: 'rpa',
      readyTimeout: 10_000,
      ...credentials,
      ...config,
    });
    client.setNoDelay(true);
  });
}

/** Ends a client and waits until it is closed. */
export function logout(client: Client): Promise<void> {
  return new Promise((resolve) => {
    client.on('close', () => resolve());
    client.end();
  });
}

export interface Outcome {
  code: number | null | undefined;
  signal: string | undefined;
  stdout: string;
  stderr: string;
}

/** Runs a command to its end. */
export function run(client: Client, command: string, stdin?: string): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error) return reject(error);
      resolve(collect(channel));
      if (stdin !== undefined) channel.end(stdin);
    });
  });
}

/** Collects what a command's channel gives until it closes. */
export function collect(channel: ClientChannel): Promise<Outcome> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  channel.on('data', (chunk: Buffer) => out.push(chunk));
  channel.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  return new Promise((resolve) => {
    channel.on('close', (code: number | null | undefined, signal: string | undefined) =>
      resolve({ code, signal, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
    );
  });
}

export function openSftp(client: Client): Promise<SFTPWrapper> {
  return new Promise((resolve, reject) => {
    client.sftp((error, sftp) => (error ? reject(error) : resolve(sftp)));
  });
}

/** Turns a callback call into a promise. */
export function call<T = void>(
  start: (callback: (error?: Error | null, value?: T) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => (error ? reject(error) : resolve(value as T)));
  });
}

/** A plain TCP connection: what came, and how it ended. */
export interface RawVisit {
  socket: Socket;
  received(): Buffer;
  /** `'fin'`, `'rst'`, or the code of a failed connect. */
  ended: Promise<string>;
}

export function visit(port: number, host = '127.0.0.1', say?: string | Buffer, isSure = false): RawVisit {
  const chunks: Buffer[] = [];
  const socket = connect({ port, host, allowHalfOpen: true });
  socket.on('data', (chunk) => chunks.push(chunk));
  if (say !== undefined) socket.write(say);
  const ended = new Promise<string>((resolve) => {
    socket.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ECONNRESET' || error.code === 'EPIPE' ? 'rst' : (error.code ?? error.message)),
    );
    socket.on('end', () => {
      if (!isSure) resolve('fin');
      // libuv reports an end where the last bytes and a reset are found at once: nothing can be written then.
      else socket.write('\n', (error) => resolve(error ? 'rst' : 'fin'));
      socket.end();
    });
  });
  return { socket, received: () => Buffer.concat(chunks), ended };
}

/** Waits until `condition` holds. */
export async function until(condition: () => boolean, timeoutMs = 5_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not so within ${timeoutMs} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** How many sockets, servers and timers this process has, by kind. */
function handles(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of process.getActiveResourcesInfo())
    if (/^(TCP|PipeServer|PipeConnect|Timeout|Immediate)/.test(name))
      counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** Watches for handles that a piece of code leaves behind: call before, then call the result after. */
export async function watchHandles(): Promise<() => Promise<string[]>> {
  await sleep(10);
  const before = handles();
  return async () => {
    const extra = () =>
      [...handles()].filter(([name, count]) => count > (before.get(name) ?? 0)).map(([name]) => name);
    // Our own look must not count as a timer.
    for (let turn = 0; turn < 200 && extra().length > 0; turn++) await new Promise(setImmediate);
    return extra();
  };
}
