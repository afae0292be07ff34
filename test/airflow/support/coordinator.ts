import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inject } from 'vitest';

/** What Airflow would answer the task. */
export interface Answers {
  connection: Record<string, unknown>;
  variables: Record<string, string>;
}

export interface TaskInstance {
  runId: string;
  tryNumber: number;
  /** Default -1: not mapped. */
  mapIndex?: number;
  /** Whether Airflow would try again after a failure. */
  shouldRetry?: boolean;
}

type Body = Record<string, unknown> & { type: string };

/** One task process, and what it said until it ended. */
export interface TaskRun {
  readonly process: ChildProcess;
  readonly stdout: () => string;
  /** Records of the log socket. */
  readonly logs: Record<string, unknown>[];
  readonly requests: Body[];
  /** The terminal frame (undefined when none came), the exit code, and when it ended. */
  readonly ended: Promise<{ outcome: Body | undefined; code: number | null; signal: string | null }>;
}

/** Starts a packed task as Airflow's NodeCoordinator does, and plays the supervisor. */
export async function startTask(task: TaskInstance, answers: Answers): Promise<TaskRun> {
  const { encode, decode } = await msgpack();
  const requests: Body[] = [];
  const logs: Record<string, unknown>[] = [];
  let outcome: Body | undefined;

  const comm = await listen((socket) => {
    const send = (frame: unknown[]) => socket.write(framed(encode(frame)));
    onFrames(socket, (payload) => {
      const [id, body, error] = decode(payload) as [number, Body, unknown];
      // The answer to our only request ends the task; everything else asks for something.
      if (isTerminal(body)) outcome = body;
      else {
        requests.push(body);
        send([id, answer(body, answers), error ?? null]);
      }
    });
    send([0, startupDetails(task)]);
  });
  const logServer = await listen((socket) => onLines(socket, (line) => logs.push(JSON.parse(line))));

  const args = [inject('bundle'), `--comm=${address(comm)}`, `--logs=${address(logServer)}`];
  // Nothing of this machine's user: no agent, no home folder with keys.
  const env = { PATH: process.env['PATH'], HOME: dirname(inject('bundle')) };
  const child = spawn(inject('node'), args, { env, cwd: dirname(inject('bundle')) });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Awaited<TaskRun['ended']>>((resolve) => {
    child.once('close', (code, signal) => {
      comm.close();
      logServer.close();
      if (code !== 0) logs.push({ stderr });
      resolve({ outcome, code, signal });
    });
  });
  return { process: child, stdout: () => stdout, logs, requests, ended };
}

interface Msgpack {
  encode(value: unknown): Uint8Array;
  decode(bytes: Uint8Array): unknown;
}

/** The codec that the SDK itself uses. */
function msgpack(): Promise<Msgpack> {
  const entry = join(inject('project'), 'node_modules/@msgpack/msgpack/dist.esm/index.mjs');
  return import(pathToFileURL(entry).href);
}

function isTerminal(body: Body): boolean {
  return ['SucceedTask', 'RetryTask', 'TaskState'].includes(body.type);
}

function answer(body: Body, { connection, variables }: Answers): Body | null {
  switch (body.type) {
    case 'GetConnection':
      return { type: 'ConnectionResult', conn_id: body['conn_id'], conn_type: 'ssh', ...connection };
    case 'GetVariable':
      return { type: 'VariableResult', key: body['key'], value: variables[String(body['key'])] };
    default:
      return null;
  }
}

function startupDetails({ runId, tryNumber, mapIndex = -1, shouldRetry = false }: TaskInstance): Body {
  const at = new Date().toISOString();
  const id = '019a0000-0000-7000-8000-000000000001';
  return {
    type: 'StartupDetails',
    ti: {
      ...{ id, dag_version_id: id, dag_id: 'rpa', task_id: 'run_rpa', run_id: runId },
      ...{ try_number: tryNumber, map_index: mapIndex },
    },
    dag_rel_path: 'rpa.py',
    bundle_info: { name: 'dags-folder', version: null },
    start_date: at,
    ti_context: {
      dag_run: { dag_id: 'rpa', run_id: runId, run_after: at, start_date: at, run_type: 'manual' },
      ...{ max_tries: 5, should_retry: shouldRetry, variables: [], connections: [], xcom_keys_to_clear: [] },
    },
    sentry_integration: '',
  };
}

/** Airflow's frames: a length of four bytes, big-endian, and that many bytes of msgpack. */
function framed(payload: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(payload.length);
  return Buffer.concat([length, payload]);
}

function onFrames(socket: Socket, take: (payload: Buffer) => void): void {
  let held = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    while (held.length >= 4 && held.length >= 4 + held.readUInt32BE(0)) {
      const end = 4 + held.readUInt32BE(0);
      take(held.subarray(4, end));
      held = held.subarray(end);
    }
  });
}

function onLines(socket: Socket, take: (line: string) => void): void {
  let held = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    const lines = (held + text).split('\n');
    held = lines.pop() ?? '';
    for (const line of lines) take(line);
  });
}

async function listen(onSocket: (socket: Socket) => void): Promise<Server> {
  const server = createServer((socket) => {
    // A killed task resets its connections.
    socket.on('error', () => {});
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return server;
}

function address(server: Server): string {
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}
