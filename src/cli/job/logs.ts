import { createDecoder } from '../../exec/output/decode.ts';
import { type Io, write } from '../io.ts';
import type { FollowedOutput, JobEnd, JobOffsets } from '../library.ts';
import { type EitherJob, lastLines } from './tail.ts';

interface LogsOptions {
  /** Only this many lines from the end of each stream. */
  tail: number | undefined;
  /** Decode with this and print UTF-8; if undefined, the bytes pass unchanged. */
  encoding: string | undefined;
}

/** Passes the job's output to ours as it arrives, until the job is over. */
export async function followLogs(job: EitherJob, options: LogsOptions, io: Io): Promise<JobEnd> {
  const output = job.follow({ signal: io.signal, from: await beginningOf(job, options, io) });
  for (;;) {
    const next: IteratorResult<FollowedOutput<Buffer | string>, JobEnd> = await output.next();
    if (next.done) return next.value;
    await pass(next.value, io);
  }
}

/** Passes what the job has written so far. */
export async function printLogs(job: EitherJob, options: LogsOptions, io: Io): Promise<void> {
  const decode = decoderFor(options.encoding);
  let from = await beginningOf(job, options, io);
  for (;;) {
    const { stdout, stderr, next } = await job.output({ from, signal: io.signal });
    await pass(decode({ stdout, stderr }), io);
    from = next;
    if (stdout.length > 0 || stderr.length > 0) continue;
    // A character that was cut off ends here, too.
    return pass(decode(undefined), io);
  }
}

async function beginningOf(job: EitherJob, { tail, encoding }: LogsOptions, io: Io): Promise<JobOffsets> {
  if (tail === undefined) return { stdout: 0, stderr: 0 };
  return lastLines(job, tail, { encoding, signal: io.signal });
}

interface Piece {
  stdout: Buffer | string;
  stderr: Buffer | string;
}

/** Decodes each stream as a whole, never piece by piece; without a piece, returns what is left. */
function decoderFor(
  encoding: string | undefined,
): (piece: { stdout: Buffer; stderr: Buffer } | undefined) => Piece {
  if (encoding === undefined) return (piece = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }) => piece;
  const [out, err] = [createDecoder(encoding), createDecoder(encoding)];
  return (piece) =>
    piece === undefined
      ? { stdout: out.end(), stderr: err.end() }
      : { stdout: out.write(piece.stdout), stderr: err.write(piece.stderr) };
}

async function pass({ stdout, stderr }: Piece, io: Io): Promise<void> {
  if (stdout.length > 0) await write(io.stdout, stdout);
  if (stderr.length > 0) await write(io.stderr, stderr);
}
