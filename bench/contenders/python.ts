import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Close, Contender, Streamed, Target } from '../support/types.ts';

/** The interpreter with the Python contenders. */
const python = process.env['BENCH_PYTHON'] ?? 'python3';

export type Module = 'asyncssh' | 'paramiko';

/** The version of a Python package, or undefined if it cannot be imported. */
export function pythonVersion(module: Module): string | undefined {
  const code = `import ${module}; print(${module}.__version__)`;
  const { status, stdout } = spawnSync(python, ['-c', code], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** Nothing takes longer than this, unless it hangs. */
const patience = 240_000;

/** A Python process that keeps running, so that starting the interpreter is not measured. One request at a time. */
class Helper {
  #child: ChildProcessByStdio<Writable, Readable, null>;
  #answered: ((line: string | undefined) => void) | undefined;
  #ended = false;

  constructor(module: Module) {
    this.#child = spawn(python, ['bench/contenders/python-peer.py', module], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child.stdin.on('error', () => {});
    const lines = createInterface(this.#child.stdout);
    lines.on('line', (line) => this.#answered?.(line));
    lines.on('close', () => this.#end());
  }

  /** After a failure, something may still be running in it: it is not used again. */
  async ask<T>(request: { op: string; target: unknown; args: readonly unknown[] }): Promise<T> {
    const line = await this.#answerTo(JSON.stringify(request));
    const { value, error = undefined } = line === undefined ? noAnswer : (JSON.parse(line) as Answer<T>);
    if (error === undefined) return value as T;
    this.#end();
    throw new Error(error);
  }

  get ended(): boolean {
    return this.#ended;
  }

  #answerTo(request: string): Promise<string | undefined> {
    return new Promise((resolve) => {
      if (this.#ended) return resolve(undefined);
      const timer = setTimeout(resolve, patience, undefined);
      this.#answered = (line) => {
        clearTimeout(timer);
        resolve(line);
      };
      this.#child.stdin.write(`${request}\n`);
    });
  }

  #end(): void {
    this.#ended = true;
    this.#child.kill('SIGKILL');
    this.#answered?.(undefined);
  }
}

interface Answer<T> {
  value?: T;
  error?: string;
}
const noAnswer: Answer<never> = { error: 'no answer from Python' };

/** A Python library in its helper process. */
export function pythonPeer(name: string, module: Module): Contender {
  let current: Helper | undefined;
  const helper = () => {
    if (!current || current.ended) current = new Helper(module);
    return current;
  };
  /** Opens a connection, does something with it, and leaves it open. */
  const opened = async (op: string, target: Target, ...args: unknown[]) => {
    const own = helper();
    const handle = await own.ask<number>({ op, target, args });
    const send = (op: string, ...args: unknown[]) => own.ask<void>({ op, target: handle, args });
    return { send, close: async () => own.ended || (await send('close')) };
  };
  const opening =
    (op: string) =>
    async (target: Target, ...args: string[]): Promise<Close> =>
      (await opened(op, target, ...args)).close;
  const streaming =
    (op: string) =>
    (target: Target, ...args: unknown[]) =>
      helper().ask<Streamed>({ op, target, args });
  return {
    name,
    connectAndRun: opening('connect_and_run'),
    async openExec(target) {
      const { send, close } = await opened('open_exec', target);
      return { close, run: (command, count, atOnce) => send('run', command, count, atOnce) };
    },
    put: opening('put'),
    get: opening('get'),
    putFolder: opening('put_folder'),
    getFolder: opening('get_folder'),
    readOutput: streaming('read_output'),
    writeInput: streaming('write_input'),
  };
}
