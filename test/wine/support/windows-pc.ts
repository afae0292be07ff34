import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import type * as Library from '../../../src/index.ts';
import type { MockServer } from '../../../src/mock-server/index.ts';
import { wineEnvironment } from './environment.ts';

/** What a function that runs on Windows is given; it must use nothing else from outside. */
export interface OnWindows {
  library: typeof Library;
  fs: typeof import('node:fs');
  childProcess: typeof import('node:child_process');
}

/** An error, as it came out of the process. */
export interface Told {
  name: string;
  code?: string;
  message: string;
  hint?: string;
  exitCode?: number;
  retryable?: boolean;
  reason?: string;
}

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
}

export const cli = 'C:\\app\\node_modules\\ssh-via-gateway\\dist\\cli.js';
export const nodeExe = 'C:\\node\\node.exe';

/** Windows' Node.js with the tarball, and a folder of this test's own on drive C:. */
export class WindowsPc {
  readonly #prefix = inject('winePrefix');
  /** The test's folder as Linux sees it. */
  readonly folder = mkdtempSync(join(this.#prefix, 'drive_c', 't', 'test-'));
  #count = 0;

  /** A path on drive C: as Windows has it, from one that Linux has. */
  windows(path = this.folder): string {
    return `C:${path.slice(join(this.#prefix, 'drive_c').length).replaceAll('/', '\\')}`;
  }

  /** A path in the test's folder, for Linux and for Windows. */
  file(name: string): { here: string; there: string } {
    const here = join(this.folder, name);
    return { here, there: this.windows(here) };
  }

  /** Runs `code` in node.exe. Rejects with `Told` where it throws, and with an Error where the process does not end well. */
  async run<Argument, Result>(
    code: (on: OnWindows, argument: Argument) => Result | Promise<Result>,
    argument: Argument,
  ): Promise<Result> {
    const [job, answer] = [this.file(`job-${++this.#count}`), this.file(`answer-${this.#count}`)];
    writeFileSync(job.here, JSON.stringify({ code: String(code), argument }));
    const { code: exitCode, stderr } = await this.start(nodeExe, [
      ...['C:\\app\\harness.mjs', job.there, answer.there, this.windows()],
    ]).finished;
    if (exitCode !== 0) throw new Error(`node.exe ended with ${exitCode}: ${stderr}`);
    const { value, error } = JSON.parse(readFileSync(answer.here, 'utf8')) as { value: Result; error?: Told };
    if (error) throw error;
    return value;
  }

  /** As `run`, for what must throw. */
  async failure<Argument>(
    code: (on: OnWindows, argument: Argument) => unknown,
    argument: Argument,
  ): Promise<Told> {
    return await this.run(code, argument).then(
      (value) => Promise.reject(new Error(`did not throw, but gave ${JSON.stringify(value)}`)),
      (error: Told) => (error instanceof Error ? Promise.reject(error) : error),
    );
  }

  cli(...args: string[]): Promise<Finished> {
    return this.start(nodeExe, [cli, ...args]).finished;
  }

  startCli(...args: string[]): Started {
    return this.start(nodeExe, [cli, ...args]);
  }

  /** The same; when the file `stop` is there, Node.js reports Ctrl-Break. (wine's consoles cannot be made to press it.) */
  startCliWithBreak(stop: string, ...args: string[]): Started {
    const press = this.file('break.cjs');
    writeFileSync(
      press.here,
      `const { existsSync } = require('node:fs');
       const look = setInterval(() => {
         if (!existsSync(${JSON.stringify(stop)})) return;
         clearInterval(look);
         process.emit('SIGBREAK', 'SIGBREAK');
       }, 100);`,
    );
    return this.start(nodeExe, ['-r', press.there, cli, ...args]);
  }

  /** Output goes to files: what node.exe writes to a pipe is lost under wine. */
  start(program: string, args: readonly string[]): Started {
    const files = ['stdout', 'stderr'].map((name) => join(this.folder, `${name}-${++this.#count}`));
    const [stdout = 0, stderr = 0] = files.map((file) => openSync(file, 'w'));
    const child = spawn('wine', [program, ...args], {
      cwd: this.folder,
      env: wineEnvironment(this.#prefix),
      stdio: ['ignore', stdout, stderr],
      timeout: 80_000,
      killSignal: 'SIGKILL',
    });
    const finished = once(child, 'close').then(([code]) => {
      closeSync(stdout);
      closeSync(stderr);
      const [out = '', err = ''] = files.map((file) => readFileSync(file, 'utf8'));
      return { code: code as number | null, stdout: out, stderr: err };
    });
    return { child, finished };
  }
}

/** Options for a mock server on Linux' loopback, which wine shares. */
export function optionsFor(server: MockServer) {
  return {
    host: server.host,
    port: server.port,
    username: server.username,
    privateKey: server.clientKey.privateKey,
    hostKey: { fingerprint: server.hostKey.fingerprint },
    retry: false as const,
  };
}
