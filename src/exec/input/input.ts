import { pipeline, type Readable } from 'node:stream';
import type { SessionChannel } from '../../ssh2/channels/session-channel.ts';
import { atEndOfTurn } from '../../time/end-of-turn.ts';
import { InputStream, inputIsOver } from './input-stream.ts';

/** A command's input: bytes, the caller's stream, what the caller writes to `command.stdin`, or nothing. */
export class Input {
  /** Bytes sent before everything else. */
  readonly #before: Buffer | undefined;
  readonly #bytes: Buffer | undefined;
  #stream: InputStream | undefined;
  #isTaken = false;
  #isDecided: boolean;
  #hasEnded = false;

  /** `onFailure` receives an error of the caller's stream. */
  constructor(
    before: Buffer | undefined,
    source: Buffer | Readable | undefined,
    onFailure: (error: Error) => void,
  ) {
    this.#before = before;
    this.#isDecided = source !== undefined;
    if (source === undefined) this.#decideSoon();
    else if (Buffer.isBuffer(source)) this.#bytes = source;
    else this.#follow(source, onFailure);
  }

  /** The stream that the caller writes to. @throws {TypeError} once the input has ended. */
  get stream(): InputStream {
    if (this.#isDecided && !this.#isTaken) throw inputIsOver();
    this.#isTaken = true;
    this.#stream ??= new InputStream();
    return this.#stream;
  }

  /** Whether the command sees the end of its input at once. */
  get isEmpty(): boolean {
    return this.#isDecided && !this.#stream && !this.#bytes && !this.#before;
  }

  connect(channel: SessionChannel): void {
    if (this.#before) channel.write(this.#before, () => {});
    if (this.#stream) return this.#stream.connect(channel);
    if (this.#bytes) channel.write(this.#bytes, () => {});
    channel.end();
  }

  /** The command has ended; pending input will not be read. */
  end(): void {
    this.#hasEnded = true;
    this.#stream?.endEarly();
  }

  /** The command was given up, whether or not it had started. */
  abort(error: unknown): void {
    this.#hasEnded = true;
    this.#stream?.destroy(error as Error);
  }

  /** If `stdin` is not accessed in the same tick as the call, the command's input is empty. */
  #decideSoon(): void {
    atEndOfTurn(() => {
      this.#isDecided = true;
    });
  }

  /** Starts now, not at the command's start: the stream may fail while the command is still queued. */
  #follow(source: Readable, onFailure: (error: Error) => void): void {
    const stream = new InputStream();
    this.#stream = stream;
    pipeline(source, stream, (error) => {
      const isOurs = source.errored !== error && error?.code === 'EPIPE';
      // A command may end without reading everything. But a failing source must not look like the end of input.
      if (error && !isOurs && !this.#hasEnded) onFailure(error);
    });
  }
}
