import { CommandTimeout, type SshError } from '../../errors/index.ts';
import { commandFailed, lastWords } from '../../exec/failure.ts';
import { Collector } from '../../exec/output/collector.ts';
import { createDecoder } from '../../exec/output/decode.ts';
import type { CommandResult } from '../../exec/types.ts';
import { quoted } from '../../text/printable.ts';
import { jobLost } from '../output/output-reader.ts';
import type { JobEnd, JobHost } from '../types.ts';
import type { RunJobOptions } from './run-types.ts';

const defaultMaxBuffer = 16 * 1024 * 1024;
/** Bytes from the end of stderr to quote in a message. */
const lastBytes = 1_000;

/** Collects a job's output and builds its result or error. */
export class JobOutcome {
  readonly #id: string;
  readonly #encoding: string;
  readonly #reject: boolean;
  readonly #stdout: Collector;
  readonly #stderr: Collector;

  constructor({ id, encoding = 'utf8', maxBuffer = defaultMaxBuffer, reject = true }: RunJobOptions) {
    this.#id = id;
    this.#encoding = encoding;
    this.#reject = reject;
    this.#stdout = new Collector(maxBuffer);
    this.#stderr = new Collector(maxBuffer);
  }

  add({ stdout, stderr }: { stdout: Buffer; stderr: Buffer }): void {
    this.#stdout.add(stdout);
    this.#stderr.add(stderr);
  }

  /** @throws {CommandFailed | JobLost} */
  settle(host: JobHost, command: string, { status, durationMs }: JobEnd): CommandResult<string | Buffer> {
    if (status.state === 'lost') throw jobLost(host, this.#id, status.reason);
    const exitCode = status.state === 'exited' ? status.exitCode : null;
    const signal = status.state === 'killed' ? (status.signal ?? 'SIGKILL') : null;
    const truncated = this.#stdout.truncated || this.#stderr.truncated;
    const output = {
      command,
      stdout: this.#text(this.#stdout),
      stderr: this.#text(this.#stderr),
      durationMs,
    };
    if (exitCode === 0 || !this.#reject) return { ...output, exitCode, signal, truncated };
    const account = { where: host.where, output, truncated, lastWords: this.#lastWords() };
    throw commandFailed(account, { exitCode, signal });
  }

  /**
   * The error for a job that exceeded `timeout`.
   * @param cause The error of the link, if that is why the server could not be asked to end the job.
   */
  timedOut(
    { host, port, hop }: JobHost['where'],
    command: string | readonly string[],
    timeoutMs: number,
    terminated: boolean | 'unknown',
    cause?: SshError,
  ): CommandTimeout {
    const words = typeof command === 'string' ? command : command.join(' ');
    const output = {
      command: words,
      stdout: this.#text(this.#stdout),
      stderr: this.#text(this.#stderr),
      durationMs: timeoutMs,
    };
    const [what, hint] = howItEnded(terminated, cause);
    return new CommandTimeout(
      `The job ${this.#id} (${quoted(words, 100)}) on ${host}:${port} has had its ${timeoutMs} ms (option timeout) and ${what}`,
      { phase: 'command', host, port, hop, timeoutMs, output, terminated, cause, hint },
    );
  }

  #text(stream: Collector): string | Buffer {
    return this.#encoding === 'buffer' ? stream.bytes() : decode(stream.bytes(), this.#encoding);
  }

  #lastWords(): string {
    const bytes = this.#stderr.bytes();
    return lastWords(
      decode(bytes.subarray(-lastBytes), this.#encoding === 'buffer' ? 'utf8' : this.#encoding),
    );
  }
}

function howItEnded(
  terminated: boolean | 'unknown',
  cause: SshError | undefined,
): [what: string, hint: string] {
  if (terminated === true)
    return ['was ended', 'What it had written stays on the server, until the job is removed.'];
  if (terminated === false)
    return [
      'could not be ended: it is still running',
      'It was told to end, and was not over when asked about seconds later. Look again with jobStatus(), or end it with job.kill() of a connection.',
    ];
  const fault = cause ? `the server could not be reached: ${cause.message}` : 'the server did not answer';
  return [
    `it is not known whether it still runs, because ${fault}`,
    'The job may still be running: nobody could end it. Once the server can be reached, jobStatus() tells, and runJob() with the same id and timeout ends it, or gives its result if it was over in time.',
  ];
}

function decode(bytes: Buffer, encoding: string): string {
  const decoder = createDecoder(encoding);
  return decoder.write(bytes) + decoder.end();
}
