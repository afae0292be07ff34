import type { Readable } from 'node:stream';
import { Collector } from './collector.ts';
import type { Decoder } from './decode.ts';
import { OutputStream } from './output-stream.ts';

/** Flow control of the channel, per stream. */
interface Flow {
  pause(stream: 'stdout' | 'stderr'): void;
  resume(stream: 'stdout' | 'stderr'): void;
}

const tailBytes = 2_048;
/** Shared by all commands that write nothing, as most do to stderr. */
const nothing = Buffer.alloc(0);
const nobody: readonly OutputStream[] = [];

type PieceListener = (piece: never) => unknown;

/** stdout or stderr of a command: what is kept for the result, and its readers. */
export class Output {
  readonly #createDecoder: (() => Decoder) | undefined;
  readonly #maxBuffer: number;
  /** Created with the first output. */
  #kept: Collector | undefined;
  #flow: Flow | undefined;
  #name: 'stdout' | 'stderr' = 'stdout';
  #readers = nobody;
  #stream: OutputStream | undefined;
  #isPaused = false;
  #isDraining = false;
  #isCut = false;
  #end: { error?: unknown } | undefined;

  /** Without `createDecoder`, output remains bytes. */
  constructor(maxBuffer: number, createDecoder: (() => Decoder) | undefined) {
    this.#createDecoder = createDecoder;
    this.#maxBuffer = maxBuffer;
  }

  get truncated(): boolean {
    return this.#kept?.truncated === true;
  }

  get #bytes(): Buffer {
    return this.#kept?.bytes() ?? nothing;
  }

  connect(flow: Flow, name: 'stdout' | 'stderr'): void {
    this.#flow = flow;
    this.#name = name;
    this.#regulate();
  }

  /** Returns false if `chunk` could not be kept entirely. */
  receive(chunk: Buffer): boolean {
    this.#kept ??= new Collector(this.#maxBuffer);
    const isKept = this.#kept.add(chunk);
    if (this.#readers.length > 0) this.#pass(chunk);
    return isKept;
  }

  /** The caller's stream. If accessed late, it starts with what was kept so far. */
  get stream(): Readable {
    this.#stream ??= this.#addReader(this.#bytes);
    return this.#stream;
  }

  /** Calls `listener` with each piece, one after another. Rejects with the listener's error. */
  async forEach(listener: PieceListener): Promise<void> {
    const decoder = this.#createDecoder?.();
    const call = async (piece: string | Buffer) => {
      // Awaiting anything but a promise would only cost a tick.
      const answer = piece.length > 0 ? listener(piece as never) : undefined;
      if (isThenable(answer)) await answer;
    };
    const reader = this.#addReader();
    try {
      for await (const chunk of reader as AsyncIterable<Buffer>) await call(decoder?.write(chunk) ?? chunk);
    } catch (error) {
      if (this.#end?.error === undefined || error !== this.#end.error) throw error;
    }
    if (decoder) await call(decoder.end());
  }

  /** Everything that was kept, decoded. */
  result(): string | Buffer {
    const bytes = this.#bytes;
    if (!this.#createDecoder) return bytes;
    return bytes.length === 0 ? '' : decodeAll(bytes, this.#createDecoder());
  }

  /** The end of what was kept as text, for messages. */
  tail(): string {
    const end = this.#bytes.subarray(-tailBytes);
    return this.#createDecoder ? decodeAll(end, this.#createDecoder()) : end.toString();
  }

  /** From now on no reader pauses the sender. A reader that is too slow misses output, and ends with an error. */
  drain(): void {
    this.#isDraining = true;
    this.#regulate();
  }

  /** Ends the readers after what has arrived, or destroys them with `error`. */
  finish(error?: unknown): void {
    this.#end ??= { error };
    if (this.#readers.length > 0) for (const reader of this.#readers) reader.finish(this.#end.error);
  }

  /** Whether a reader missed output. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** Destroys the readers at once; unread output is lost. */
  abort(error: unknown): void {
    this.#end ??= { error };
    for (const reader of this.#readers) reader.destroy(error as Error);
  }

  #addReader(first?: Buffer): OutputStream {
    const reader = new OutputStream(() => this.#regulate());
    if (first && first.length > 0) reader.deliver(first);
    this.#readers = [...this.#readers, reader];
    if (this.#end) reader.finish(this.#end.error);
    return reader;
  }

  #pass(chunk: Buffer): void {
    for (const reader of this.#readers) {
      if (this.#isDraining && reader.isFull) this.#isCut = true;
      else reader.deliver(chunk);
    }
    this.#regulate();
  }

  #regulate(): void {
    const mustPause = !this.#isDraining && this.#readers.some(isFull);
    if (!this.#flow || mustPause === this.#isPaused) return;
    this.#isPaused = mustPause;
    if (mustPause) this.#flow.pause(this.#name);
    else this.#flow.resume(this.#name);
  }
}

function isFull(reader: OutputStream): boolean {
  return reader.isFull;
}

function decodeAll(bytes: Buffer, decoder: Decoder): string {
  const text = decoder.write(bytes);
  return text + decoder.end();
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function';
}
