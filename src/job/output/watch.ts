import type { JobCommands, Look } from '../host/commands.ts';
import { ask, type JobKeeper } from '../host/keeper.ts';
import type { JobOffsets } from '../types.ts';

interface WatchOptions {
  signal?: AbortSignal | undefined;
  /** Milliseconds after which the command on the server ends. */
  waitMs: number;
}

/**
 * One command on the server that reports the state of a job whenever there is news. It ends by itself after `waitMs` or
 * a few MiB of output: it never has to be stopped, and its output in memory is bounded.
 */
export class Watch {
  readonly keeper: JobKeeper;
  /** Looks received; undefined once taken, to free their memory. */
  readonly #looks: (Look | undefined)[] = [];
  #taken = 0;
  #heard = 0;
  #line: string[] = [];
  #readLine: (line: string) => Look | undefined = () => undefined;
  readonly #ended: Promise<void>;
  #wake = () => {};

  constructor(keeper: JobKeeper, id: string, from: JobOffsets, { signal, waitMs }: WatchOptions) {
    this.keeper = keeper;
    const choose = (commands: JobCommands) => {
      const watch = commands.watch!(id, from, waitMs);
      this.#readLine = watch.readLine;
      return watch;
    };
    const looks = ask(keeper, id, choose, signal, (bytes) => this.#hear(bytes));
    // A host that does not call `onOutput` delivers all looks with the result.
    this.#ended = looks.then((all) => {
      for (const look of all.slice(this.#heard)) this.#looks.push(look);
    });
    // The error is reported by `next()`.
    this.#ended.catch(() => {});
  }

  /** The next look; undefined if the command has ended without another. Rejects if the command failed. */
  async next(): Promise<Look | undefined> {
    if (this.#taken === this.#looks.length) {
      const news = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await Promise.race([news, this.#ended]);
    }
    const look = this.#looks[this.#taken];
    if (look) this.#looks[this.#taken++] = undefined;
    return look;
  }

  #hear(bytes: Buffer): void {
    const text = bytes.toString('latin1');
    const end = text.lastIndexOf('\n');
    if (end < 0) return void this.#line.push(text);
    const lines = [...this.#line, text.slice(0, end)].join('').split('\n');
    this.#line = [text.slice(end + 1)];
    for (const line of lines) {
      const look = this.#readLine(line);
      if (!look) continue;
      this.#looks.push(look);
      this.#heard++;
      this.#wake();
    }
  }
}
