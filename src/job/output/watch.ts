import type { JobCommands, Look } from '../host/commands.ts';
import { ask, type JobKeeper } from '../host/keeper.ts';
import type { JobOffsets } from '../types.ts';

interface WatchOptions {
  signal?: AbortSignal | undefined;
  /** How long the server may wait for news before it answers, where that is cheaper than to ask again. */
  waitMs: number;
}

/**
 * The state of a job as one command on the server reports it, whenever there is news. The command ends by itself
 * within `waitMs`, or after a few MiB: it need not be ended, and what is kept of it has a limit.
 */
export class Watch {
  readonly keeper: JobKeeper;
  /** What has been taken is gone from it. */
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
    // A host that has reported nothing so far has everything in the result.
    this.#ended = looks.then((all) => {
      for (const look of all.slice(this.#heard)) this.#looks.push(look);
    });
    // Whoever asks for the next look gets it.
    this.#ended.catch(() => {});
  }

  /** The next look; undefined when the command has ended, and there was none behind the last one. */
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
