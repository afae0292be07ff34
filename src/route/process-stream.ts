import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { Duplex } from 'node:stream';
import { latch } from '../time/latch.ts';
import { startTimer } from '../time/timer.ts';

/** How a process ended: one of the two is set. */
export interface ProcessEnd {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
}

/**
 * Milliseconds: output may still arrive after the exit is noticed, and the exit may be noticed after the output has
 * ended.
 */
const graceMs = 250;
/** Milliseconds between SIGTERM and SIGKILL. */
const patienceMs = 1_000;
const stderrKept = 4_096;

/**
 * A process's stdin and stdout as one byte stream. Its exit ends the stream, even if a grandchild keeps the pipes open;
 * the end of the stream ends the process.
 */
export class ProcessStream extends Duplex {
  #child: ChildProcessWithoutNullStreams;
  #failureOf: (end: ProcessEnd) => Error | undefined;
  #exited = latch<ProcessEnd>();
  #end: ProcessEnd | undefined;
  #killed = false;
  #outputEnded = false;
  #stderr = Buffer.alloc(0);
  #stopGrace: () => void = () => {};

  /** `failureOf` turns the exit into the error that ends the stream, or into undefined for a normal end. */
  constructor(
    child: ChildProcessWithoutNullStreams,
    failureOf: (end: ProcessEnd, stderr: Buffer) => Error | undefined,
  ) {
    super({ allowHalfOpen: false, readableHighWaterMark: 1 << 18, writableHighWaterMark: 1 << 18 });
    this.#child = child;
    this.#failureOf = (end) => failureOf(end, this.#stderr);
    this.on('error', () => {});
    child.on('exit', (exitCode, signal) => this.#onExit({ exitCode, signal }));
    child.stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) child.stdout.pause();
    });
    child.stdout.on('end', () => this.#onOutputEnd());
    child.stderr.on('data', (chunk: Buffer) => this.#keep(chunk));
    // A broken pipe is only a consequence of the exit, which says more.
    for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.on('error', () => {});
  }

  /** Why the process ended, if that was a failure. */
  get failure(): Error | undefined {
    return this.#end && !this.#killed ? this.#failureOf(this.#end) : undefined;
  }

  /** Resolves when the process is gone. */
  get exited(): Promise<ProcessEnd> {
    return this.#exited.promise;
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    // After the exit nobody reads the input; the stream ends with the exit, not with a broken pipe.
    this.#child.stdin.write(chunk, () => done());
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#child.stdin.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#stopGrace();
    const { stdin, stdout, stderr } = this.#child;
    stdin.destroy();
    stdout.destroy();
    stderr.destroy();
    this.#kill();
    done(error);
  }

  #kill(): void {
    if (this.#end || this.#child.pid === undefined) return;
    this.#killed = true;
    this.#child.kill('SIGTERM');
    const stop = startTimer(patienceMs, () => this.#child.kill('SIGKILL'));
    void this.exited.then(stop);
  }

  #onExit(end: ProcessEnd): void {
    this.#end = end;
    this.#exited.resolve(end);
    if (this.destroyed) return;
    if (this.#outputEnded) this.#finish();
    else this.#startGrace();
  }

  #onOutputEnd(): void {
    this.#outputEnded = true;
    if (this.destroyed) return;
    if (this.#end) this.#finish();
    else this.#startGrace();
  }

  #startGrace(): void {
    // Not while our reader has yet to take output that has arrived.
    const behind = () => this.#child.stdout.readableLength > 0;
    this.#stopGrace = startTimer(graceMs, () => (behind() ? this.#startGrace() : this.#finish()));
  }

  #finish(): void {
    this.#stopGrace();
    if (this.destroyed) return;
    const failure = this.failure;
    if (failure) this.destroy(failure);
    else this.push(null);
  }

  #keep(chunk: Buffer): void {
    const all = Buffer.concat([this.#stderr, chunk]);
    this.#stderr = all.length > stderrKept ? Buffer.from(all.subarray(-stderrKept)) : all;
  }
}
