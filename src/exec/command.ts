import type { Readable, Writable } from 'node:stream';
import { callSite } from '../errors/call-site.ts';
import type { Execution } from './execution.ts';
import { createDecoder } from './output/decode.ts';
import { LineSplitter } from './output/lines.ts';
import { checkSignalName } from './stop/signals.ts';
import type { Command, CommandResult } from './types.ts';

/** The `Command` that `exec` returns: the public view of an execution. */
export class RunningCommand<Output extends string | Buffer> implements Command<Output> {
  readonly #execution: Execution;
  readonly #encoding: string;

  constructor(execution: Execution, encoding: string) {
    this.#execution = execution;
    this.#encoding = encoding === 'buffer' ? 'utf8' : encoding;
  }

  get #result(): Promise<CommandResult<Output>> {
    return this.#execution.result as Promise<CommandResult<Output>>;
  }

  // biome-ignore lint/suspicious/noThenProperty: a command is a promise of its result
  get then(): Promise<CommandResult<Output>>['then'] {
    const result = this.#result;
    return result.then.bind(result) as Promise<CommandResult<Output>>['then'];
  }

  get catch(): Promise<CommandResult<Output>>['catch'] {
    const result = this.#result;
    return result.catch.bind(result) as Promise<CommandResult<Output>>['catch'];
  }

  finally(onFinally?: (() => void) | null): Promise<CommandResult<Output>> {
    return this.#result.finally(onFinally);
  }

  get [Symbol.toStringTag](): string {
    return 'Command';
  }

  get stdin(): Writable {
    this.#watched();
    return this.#execution.input.stream;
  }

  get stdout(): Readable {
    this.#watched();
    return this.#execution.stdout.stream;
  }

  get stderr(): Readable {
    this.#watched();
    return this.#execution.stderr.stream;
  }

  kill(signal = 'SIGTERM'): boolean {
    const name = checkSignalName(signal);
    this.#watched();
    return this.#execution.kill(name);
  }

  [Symbol.asyncIterator](): AsyncIterator<string, void, undefined> {
    // Created now, so that output that arrives before the first `next()` is not missed.
    return this.#lines(this.stdout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await this.#result.catch(() => {});
  }

  async *#lines(stdout: Readable): AsyncGenerator<string, void, undefined> {
    const decoder = createDecoder(this.#encoding);
    const splitter = new LineSplitter();
    for await (const chunk of stdout) yield* splitter.push(decoder.write(chunk));
    yield* splitter.push(decoder.end());
    yield* splitter.end();
    await this.#result;
  }

  /** A user of the streams sees a failure there, so a result that nobody awaits is not an unhandled rejection. */
  #watched(): void {
    this.#execution.caller.heldAt(callSite(this.#watched));
    this.#result.catch(() => {});
  }
}
