import type { Readable } from 'node:stream';
import { Collector } from './collector.ts';
import type { Decoder } from './decode.ts';
import { OutputStream } from './output-stream.ts';

/** Slows the sender of one stream down, and lets it go on. */
interface Flow {
  pause(stream: 'stdout' | 'stderr'): void;
  resume(stream: 'stdout' | 'stderr'): void;
}

const tailBytes = 2_048;
/** Of a command that says nothing, as most do on stderr. */
const nothing = Buffer.alloc(0);
const nobody: readonly OutputStream[] = [];

type PieceListener = (piece: never) => unknown;

/** One of the two outputs of a command: what is kept of it, and who else gets it. */
export class Output {
  readonly #createDecoder: (() => Decoder) | undefined;
  readonly #maxBuffer: number;
  /** Made at the first output. */
  #kept: Collector | undefined;
  #flow: Flow | undefined;
  #name: 'stdout' | 'stderr' = 'stdout';
  #readers = nobody;
  #stream: OutputStream | undefined;
  #isPaused = false;
  #isDraining = false;
  #isCut = false;
  #end: { error?: unknown } | undefined;

  /** Without `createDecoder`, output stays bytes. */
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

  /** Returns false when not all of it could be kept. */
  receive(chunk: Buffer): boolean {
    this.#kept ??= new Collector(this.#maxBuffer);
    const isKept = this.#kept.add(chunk);
    if (this.#readers.length > 0) this.#pass(chunk);
    return isKept;
  }

  /** The stream for the user. Taken late, it starts with what was kept so far. */
  get stream(): Readable {
    this.#stream ??= this.#addReader(this.#bytes);
    return this.#stream;
  }

  /** Calls `listener` with each piece, one after the other. Rejects with what it throws. */
  async forEach(listener: PieceListener): Promise<void> {
    const decoder = this.#createDecoder?.();
    const call = async (piece: string | Buffer) => {
      // A listener that returns no promise is not waited for.
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

  /** All that was kept, decoded. */
  result(): string | Buffer {
    const bytes = this.#bytes;
    if (!this.#createDecoder) return bytes;
    return bytes.length === 0 ? '' : decodeAll(bytes, this.#createDecoder());
  }

  /** The end of what was kept, as text, for messages. */
  tail(): string {
    const end = this.#bytes.subarray(-tailBytes);
    return this.#createDecoder ? decodeAll(end, this.#createDecoder()) : end.toString();
  }

  /** From now on no reader holds the sender up; who is too slow misses something, and gets an error for an end. */
  drain(): void {
    this.#isDraining = true;
    this.#regulate();
  }

  /** Ends the readers: with the end of the output, or with an error after what has arrived. */
  finish(error?: unknown): void {
    this.#end ??= { error };
    if (this.#readers.length > 0) for (const reader of this.#readers) reader.finish(this.#end.error);
  }

  /** Whether a reader missed something. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** Ends the readers at once; what they have not read is lost. */
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
