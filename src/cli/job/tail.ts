import type { JobOffsets, RemoteJob } from '../library.ts';

/** A job, whether its output arrives as bytes or as text. */
export type EitherJob = RemoteJob<Buffer> | RemoteJob;
type Stream = keyof JobOffsets;

/** As much as one call of `output` returns of a stream. */
const pieceSize = 1 << 20;

/**
 * Where the last `lines` lines of each stream begin: searched from the end, so that long output is not downloaded for
 * it.
 */
export async function lastLines(
  job: EitherJob,
  lines: number,
  { encoding = 'utf8', signal }: { encoding?: string | undefined; signal: AbortSignal },
): Promise<JobOffsets> {
  const { size } = await job.output({ signal });
  const mark = lineBreakOf(encoding);
  const stdout = await beginning(job, 'stdout', { size, lines, mark, signal });
  const stderr = await beginning(job, 'stderr', { size, lines, mark, signal });
  return { stdout, stderr };
}

/** The bytes of a line break: in UTF-16 there are two. */
function lineBreakOf(encoding: string): Buffer {
  if (/^(?:utf-?16|utf-?16-?le|ucs-?2)$/i.test(encoding)) return Buffer.from([0x0a, 0]);
  return /^utf-?16-?be$/i.test(encoding) ? Buffer.from([0, 0x0a]) : Buffer.from([0x0a]);
}

interface Search {
  size: JobOffsets;
  lines: number;
  mark: Buffer;
  signal: AbortSignal;
}

async function beginning(
  job: EitherJob,
  name: Stream,
  { size, lines, mark, signal }: Search,
): Promise<number> {
  if (lines === 0) return size[name];
  let missing = lines;
  let end = size[name];
  while (end > 0) {
    const start = Math.max(0, Math.floor((end - 1) / pieceSize) * pieceSize);
    const from = { stdout: size.stdout, stderr: size.stderr, [name]: start };
    const piece = await job.output({ from, signal });
    const bytes = piece[name].subarray(0, end - start);
    for (let at = lastMark(bytes, mark, bytes.length); at >= 0; at = lastMark(bytes, mark, at)) {
      const after = start + at + mark.length;
      // The line break at the very end closes the last line.
      if (after === size[name]) continue;
      missing--;
      if (missing === 0) return after;
    }
    end = start;
  }
  return 0;
}

/**
 * The last line break before `end`; -1 if there is none. In UTF-16, the same two bytes across characters are not one.
 */
function lastMark(bytes: Buffer, mark: Buffer, end: number): number {
  let at = end;
  while (at > 0) {
    at = bytes.lastIndexOf(mark, at - 1);
    if (at < 0 || (at % mark.length === 0 && at + mark.length <= end)) return at;
  }
  return -1;
}
