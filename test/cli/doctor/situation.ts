import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Step, StepName } from '../../../src/cli/doctor/steps.ts';
import { type MockServer, type MockServerOptions, startMockServer } from '../../../src/mock-server/index.ts';
import { run } from '../run.ts';

/** What is wrong, and what doctor must say of it. */
export interface Situation {
  what: string;
  /** The step that tells it. */
  step: StepName;
  /** Default `fail`. */
  verdict?: 'ok' | 'warn' | 'fail';
  kind?: string;
  exitCode: number;
  says?: RegExp;
  /** A phrase of the advice; none where all is well. */
  todo?: RegExp;
  /** Sets it up; gives the arguments. */
  open: (stage: Stage) => Promise<string[]>;
}

export interface Report {
  exitCode: number;
  steps: Step[];
}

/** Where a situation is set up; all of it is taken down afterwards. */
export class Stage implements AsyncDisposable {
  readonly folder: string;
  readonly #closers: Array<() => unknown> = [];

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async open(): Promise<Stage> {
    return new Stage(await mkdtemp(join(tmpdir(), 'ssh-via-gateway-doctor-')));
  }

  async server(options: MockServerOptions = {}): Promise<MockServer> {
    const server = await startMockServer(options);
    this.#closers.push(() => server.close());
    return server;
  }

  keep<T extends AsyncDisposable>(kept: T): T {
    this.#closers.push(() => kept[Symbol.asyncDispose]());
    return kept;
  }

  async file(name: string, content: string, mode = 0o600): Promise<string> {
    const path = join(this.folder, name);
    await writeFile(path, content);
    await chmod(path, mode);
    return path;
  }

  /** A port on which something else answers: these bytes, and then what `end` says. */
  async port(said: string | Buffer, end: 'wait' | 'close' = 'close'): Promise<number> {
    const sockets = new Set<Socket>();
    const server = createTcpServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {}).resume();
      if (said.length > 0) socket.write(said);
      if (end === 'close') socket.end();
    });
    this.#closers.push(() => destroyAll(sockets));
    return this.#listen(server);
  }

  /** An HTTP proxy that leads to one port, whatever it is asked for. */
  async proxyTo(port: number): Promise<string> {
    const server = createServer();
    const sockets = new Set<Socket>();
    server.on('connect', (_request, client: Socket) => {
      const target = connect(port, '127.0.0.1');
      for (const socket of [client, target]) sockets.add(socket.on('error', () => {}));
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      target.pipe(client).pipe(target);
    });
    this.#closers.push(() => destroyAll(sockets));
    return `http://127.0.0.1:${await this.#listen(server)}`;
  }

  /** A port on which nobody listens, and that no server of another situation is given meanwhile: discard. */
  async closedPort(): Promise<number> {
    return 9;
  }

  onEnd(close: () => unknown): void {
    this.#closers.push(close);
  }

  async #listen(server: Server): Promise<number> {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.#closers.push(() => void server.close());
    return (server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const close of this.#closers.reverse()) await close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The arguments that log in at a mock server. */
export async function loginAt(stage: Stage, server: MockServer): Promise<string[]> {
  const identity = await stage.file('id', server.clientKey.privateKey);
  const address = `${server.username}@${server.host}:${server.port}`;
  return ['--identity', identity, '--host-key', server.hostKey.fingerprint, address];
}

/** A mock server with these options, and the arguments that log in. */
export const at =
  (options: MockServerOptions, ...more: string[]): Situation['open'] =>
  async (stage) => [...(await loginAt(stage, await stage.server(options))), ...more];

/** A port that answers in another way. */
export const answering =
  (said: string | Buffer, end: 'wait' | 'close' = 'close', ...more: string[]): Situation['open'] =>
  async (stage) => [`rpa@127.0.0.1:${await stage.port(said, end)}`, ...more];

/** One run of the program, as JSON; wrong use is an error instead of steps. */
export async function examine({
  open,
}: Situation): Promise<{ report: Report; error?: unknown; stderr: string; ms: number }> {
  await using stage = await Stage.open();
  const args = await open(stage);
  const config = args.includes('--ssh-config') ? [] : ['--ssh-config', 'none'];
  const started = Date.now();
  const { stdout, stderr, exitCode } = await run(['doctor', '--json', ...config, ...args]);
  const ms = Date.now() - started;
  const { steps = [], error } = JSON.parse(stdout.toString()) as Partial<Report> & { error?: unknown };
  return { report: { exitCode, steps }, error, stderr, ms };
}

function destroyAll(sockets: Iterable<Socket>): void {
  for (const socket of sockets) socket.destroy();
}
