import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import type { TextRunJobOptions } from '../../src/job/run/run-types.ts';
import type { ConnectOptions } from '../../src/options/types.ts';

export interface JobRequest {
  connect: ConnectOptions;
  command: string;
  options: TextRunJobOptions;
}

/** What a worker says of one request, in the end. */
export interface JobReport {
  exitCode?: number | null;
  stdout?: string;
  stderr?: string;
  /** `error.code`, where there was an error. */
  code?: string;
  message?: string;
}

/** A process that calls `runJob`, as often as it is told to. */
export interface JobWorker {
  readonly pid: number;
  /** Pieces of output that it has seen so far. */
  readonly pieces: readonly string[];
  run(request: JobRequest): Promise<JobReport>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

export interface JobWorkers extends AsyncDisposable {
  start(): JobWorker;
}

const program = `
import { createInterface } from 'node:readline';
import { runJob } from ${JSON.stringify(new URL('../../src/run-job.ts', import.meta.url).pathname)};
const say = (record) => process.stdout.write(JSON.stringify(record) + '\\n');
for await (const line of createInterface(process.stdin)) {
  const { connect, command, options } = JSON.parse(line);
  const onOutput = (text) => say({ piece: text });
  await runJob(connect, command, { ...options, onOutput }).then(
    (result) => say({ report: result }),
    (error) => say({ report: { ...error, code: error.code, message: error.message } }),
  );
}
`;

/** Workers are real processes: one can be killed without a chance to say good-bye. */
export async function jobWorkers(): Promise<JobWorkers> {
  const cache = new URL('../../node_modules/.cache/', import.meta.url).pathname;
  await mkdir(cache, { recursive: true });
  const stdin = { contents: program, resolveDir: cache, loader: 'ts' } as const;
  const bundled = await build({
    ...{ stdin, bundle: true, platform: 'node', format: 'esm', packages: 'external', write: false },
  });
  // Below node_modules, where the packages that it imports are found.
  const folder = await mkdtemp(join(cache, 'worker-'));
  const file = join(folder, 'worker.mjs');
  await writeFile(file, bundled.outputFiles[0]!.contents);
  const workers: JobWorker[] = [];
  return {
    start() {
      const worker = startWorker(file);
      workers.push(worker);
      return worker;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(workers.map((worker) => worker.kill()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function startWorker(file: string): JobWorker {
  const child = spawn(process.execPath, [file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const pieces: string[] = [];
  const waiting: ((report: JobReport) => void)[] = [];
  child.stdin.on('error', () => {});
  createInterface(child.stdout).on('line', (line) => {
    const { piece, report } = JSON.parse(line);
    if (piece !== undefined) pieces.push(piece);
    if (report !== undefined) waiting.shift()?.(report);
  });
  return {
    pid: child.pid!,
    pieces,
    run(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return new Promise((resolve, reject) => {
        waiting.push(resolve);
        void exited.then(() => reject(new Error('the worker process has ended')));
      });
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
