import { PassThrough, Readable } from 'node:stream';
import { main } from '../../src/cli/cli.ts';
import type { ProgramInput, ProgramOutput } from '../../src/cli/io.ts';
import { Stopped } from '../../src/cli/stopped.ts';

export interface RunOptions {
  env?: Record<string, string>;
  /** What stands in stdin; `open` never ends. */
  stdin?: string | Buffer | 'open';
  /** stderr is a terminal of 80 columns. */
  terminal?: boolean;
  /** Use this input as it is. */
  input?: ProgramInput;
}

export interface Finished {
  exitCode: number;
  stdout: Buffer;
  stderr: string;
}

export interface Running extends Promise<Finished> {
  /** What Ctrl-C does. */
  stop(signal?: NodeJS.Signals): void;
  readonly stdoutSoFar: string;
  readonly stderrSoFar: string;
}

/** Runs the program in this process, with streams of its own and an empty environment. */
export function run(argv: readonly string[], options: RunOptions = {}): Running {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  const stop = new AbortController();
  const ending = main(argv, {
    stdin: options.input ?? inputOf(options.stdin ?? ''),
    stdout: collect(out),
    stderr: Object.assign(collect(err), options.terminal ? { isTTY: true, columns: 80 } : {}),
    env: options.env ?? {},
    signal: stop.signal,
  }).then((exitCode) => ({
    exitCode,
    stdout: Buffer.concat(out),
    stderr: Buffer.concat(err).toString(),
  }));
  return Object.defineProperties(ending, {
    stop: { value: (signal: NodeJS.Signals = 'SIGINT') => stop.abort(new Stopped(signal)) },
    stdoutSoFar: { get: () => Buffer.concat(out).toString() },
    stderrSoFar: { get: () => Buffer.concat(err).toString() },
  }) as Running;
}

function inputOf(content: NonNullable<RunOptions['stdin']>): ProgramInput {
  return content === 'open' ? new PassThrough() : Readable.from([Buffer.from(content)]);
}

function collect(chunks: Buffer[]): ProgramOutput {
  const stream = new PassThrough();
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return stream;
}

interface Reachable {
  host: string;
  port: number;
  username: string;
  hostKey: { fingerprint: string };
  clientKey: { privateKey: string };
}

/** The options that lead to a mock server, and nothing of this machine's own ssh_config. */
export function flagsFor(server: Reachable, identity: string): string[] {
  return [
    ...['--ssh-config', 'none', '--attempts', '1', '--user', server.username],
    ...['--identity', identity, '--host-key', server.hostKey.fingerprint],
  ];
}

/** Where a server listens, as a destination. */
export function addressOf({ host, port }: { host: string; port: number }): string {
  return `${host}:${port}`;
}
