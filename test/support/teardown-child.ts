/**
 * Runs in a child process: tears connections down in one of our callbacks, again and again. A crash of ssh2's native
 * part ends the process by a signal; an unhandled error with exit code 1; a wrong outcome with exit code 2.
 */
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connectViaGateway } from '../../src/connect-via-gateway.ts';
import type { Connection } from '../../src/connection.ts';
import type { ConnectOptions } from '../../src/options/types.ts';

interface Task {
  scenario: string;
  times: number;
  parallel: number;
  base: ConnectOptions;
}

type Scenario = (base: ConnectOptions) => Promise<unknown>;

const outcome = (work: PromiseLike<unknown>): Promise<string> =>
  Promise.resolve(work).then(
    () => 'fine',
    (error) => (error as { code?: string })?.code ?? (error as Error)?.name ?? String(error),
  );

async function withConnection(
  base: ConnectOptions,
  use: (connection: Connection) => Promise<unknown>,
): Promise<void> {
  const connection = await connectViaGateway(base);
  await use(connection);
  await connection.close();
  await connection.closed;
}

/** A command whose output arrives in many packets; `act` is called in our data callback. */
function inData(base: ConnectOptions, command: string, act: (connection: Connection) => void): Promise<void> {
  return withConnection(base, (connection) => {
    let acted = false;
    const onStdout = () => {
      if (acted) return;
      acted = true;
      act(connection);
    };
    return outcome(connection.exec(command, { onStdout, maxBuffer: 0 }));
  });
}

/** Changes one byte of what the server sends, some time after `arm`. */
class Damage extends Duplex {
  armed = false;
  #socket: Socket;

  constructor(base: ConnectOptions) {
    super({ allowHalfOpen: false });
    this.#socket = connect({ host: base.host, port: base.port ?? 22, noDelay: true });
    this.#socket.on('data', (chunk) => {
      if (this.armed) chunk[chunk.length >> 1] = (chunk[chunk.length >> 1] ?? 0) ^ 0xff;
      this.push(chunk);
    });
    this.#socket.on('end', () => this.push(null));
    this.#socket.on('error', (error) => this.destroy(error));
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#socket.write(chunk, () => done());
  }

  override _final(done: () => void): void {
    this.#socket.end(() => done());
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}

async function damaged(base: ConnectOptions, command: string): Promise<void> {
  const stream = new Damage(base);
  await inData({ ...base, via: () => stream }, command, () => {
    stream.armed = true;
  });
}

const scenarios: Record<string, Scenario> = {
  'close in a data handler': (base) => inData(base, 'stream', (connection) => void connection.close()),
  'abort in a data handler': (base) =>
    withConnection(base, (connection) => {
      const controller = new AbortController();
      const onStdout = () => controller.abort(new Error('enough'));
      const command = connection.exec('stream', { onStdout, maxBuffer: 0, signal: controller.signal });
      return outcome(command).then(() => connection.close());
    }),
  'a throw in a data handler': (base) =>
    inData(base, 'stream', () => {
      throw new Error('of the program');
    }),
  'close as soon as it is ready': (base) => withConnection(base, async () => {}),
  'abort while the last packets of the login arrive': async (base) => {
    const controller = new AbortController();
    const log = (record: { event: string }) => record.event === 'connected' && controller.abort('stop');
    await outcome(connectViaGateway({ ...base, log, signal: controller.signal }));
  },
  'abort in the login notice': async (base) => {
    const controller = new AbortController();
    const options = { ...base, onLoginBanner: () => controller.abort('stop'), signal: controller.signal };
    const connection = await connectViaGateway(options).catch(() => undefined);
    await connection?.close();
  },
  'a refusal in the host key check': (base) =>
    outcome(connectViaGateway({ ...base, hostKey: { verify: () => false } })),
  'abort in the host key check': async (base) => {
    const controller = new AbortController();
    const verify = () => {
      controller.abort('stop');
      return true;
    };
    await outcome(connectViaGateway({ ...base, hostKey: { verify }, signal: controller.signal }));
  },
  'another host key at a re-key': (base) =>
    withConnection(base, async (connection) => {
      await outcome(connection.exec('stream and rekey', { maxBuffer: 0 }));
      const error = await connection.closed;
      if (error?.code !== 'SSH_HOST_KEY_MISMATCH') throw new Error(`unexpected end: ${error}`);
    }),
  'close in a data handler while a re-key runs': (base) =>
    inData(base, 'stream and rekey', (connection) => void connection.close()),
  'a damaged packet': (base) => damaged(base, 'stream'),
  'a damaged packet in a re-key': (base) => damaged(base, 'stream and rekey'),
  'a goodbye of the server in the middle of data': (base) => inData(base, 'stream and disconnect', () => {}),
  'a server that breaks the protocol under aes128-gcm@openssh.com': (base) =>
    inData(base, 'stream', () => {}),
  'a server that breaks the protocol under aes256-ctr': (base) => inData(base, 'stream', () => {}),
  'a server that breaks the protocol under chacha20-poly1305@openssh.com': (base) =>
    inData(base, 'stream', () => {}),
  'a reset in the middle of data, and close': (base) =>
    inData(base, 'stream and reset', (connection) => void connection.close()),
  'close in the progress of an upload': (base) =>
    withConnection(base, (connection) => {
      const onProgress = () => void connection.close();
      return outcome(connection.upload(Buffer.alloc(400_000), '/up.bin', { onProgress }));
    }),
};

async function run({ scenario, times, parallel, base }: Task): Promise<void> {
  const once = scenarios[scenario];
  if (!once) throw new Error(`no scenario ${scenario}`);
  let left = times;
  let done = 0;
  const lane = async () => {
    while (left-- > 0) {
      await once(base);
      done++;
    }
  };
  await Promise.all(Array.from({ length: parallel }, lane));
  process.stdout.write(`${done} done\n`);
}

const task = process.env['TEARDOWN_TASK'];
if (task) {
  run(JSON.parse(task) as Task).catch((error) => {
    console.error(error);
    process.exitCode = 2;
  });
}

/** For the parent's table. */
export const scenarioNames = Object.keys(scenarios);
