import { EventEmitter } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { loadIconv } from '../../load/on-demand.ts';
import { onAbort } from '../../time/on-abort.ts';
import { defaultCommand } from '../commands/default-commands.ts';
import { runHandler } from '../commands/run-handler.ts';
import type { ExecContext, ExecHandler, MockCommand } from '../types.ts';

/** How a detached command ended. */
interface DetachedEnd {
  exitCode?: number;
  /** Without `SIG`. */
  signal?: string;
  at: number;
}

/** A command that runs without a session; its output is kept. */
export class DetachedCommand implements ExecContext {
  readonly command: string;
  readonly username: string;
  readonly connection: number;
  readonly env = {};
  readonly pty = undefined;
  readonly stdin = Readable.from([]);
  /** What it has written so far. */
  readonly output = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  readonly stdout = this.#sink('stdout');
  readonly stderr = this.#sink('stderr');
  end: DetachedEnd | undefined;
  readonly #codePage: number;
  readonly #signals = new EventEmitter();
  readonly #ended = new AbortController();

  constructor(origin: Pick<ExecContext, 'username' | 'connection'>, command: string, codePage: number) {
    this.username = origin.username;
    this.connection = origin.connection;
    this.command = command;
    this.#codePage = codePage;
  }

  get closed(): AbortSignal {
    return this.#ended.signal;
  }

  /** Does what the server's options define for this command. */
  run(handler: MockCommand | ExecHandler | undefined): Promise<void> {
    return runHandler(this, handler, (command) => this.#play(command));
  }

  /** Delivers a signal. A command given as data ends with it. */
  receive(signal: string): void {
    this.#signals.emit('signal', signal);
  }

  // An arrow function, as handlers destructure the context.
  readonly onSignal = (listener: (signal: string) => void): void => {
    this.#signals.on('signal', listener);
  };

  readonly exit = (exitCode: number): void => this.#finish({ exitCode, at: Date.now() });

  readonly kill = (signal: string): void => this.#finish({ signal, at: Date.now() });

  readonly close = (): void => this.#finish({ exitCode: 255, at: Date.now() });

  readonly fallback = (): void => this.#play(defaultCommand(this));

  #play({ delayMs = 0, stdout = '', stderr = '', exitCode = 0, signal }: MockCommand): void {
    const timer = setTimeout(() => {
      this.stdout.write(this.#encode(stdout));
      this.stderr.write(this.#encode(stderr));
      if (signal) this.kill(signal);
      else this.exit(exitCode);
    }, delayMs);
    onAbort(this.closed, () => clearTimeout(timer));
    this.onSignal((name) => this.kill(name));
  }

  #finish(end: DetachedEnd): void {
    if (this.end) return;
    this.end = end;
    this.#ended.abort();
  }

  #sink(name: 'stdout' | 'stderr'): Writable {
    return new Writable({
      write: (chunk: Buffer, _, done) => {
        if (!this.end) this.output[name] = Buffer.concat([this.output[name], chunk]);
        done();
      },
    });
  }

  #encode(text: string | Buffer): Buffer {
    if (Buffer.isBuffer(text)) return text;
    return this.#codePage === 65001 ? Buffer.from(text) : loadIconv().encode(text, `cp${this.#codePage}`);
  }
}
