import { type Io, write } from '../io.ts';
import type { FollowedOutput, JobEnd, JobOffsets, RemoteJob } from '../library.ts';

/** Passes the job's output to ours as it comes, until the job is over. */
export async function followLogs(job: RemoteJob<Buffer> | RemoteJob, io: Io): Promise<JobEnd> {
  const output = job.follow({ signal: io.signal });
  for (;;) {
    const next: IteratorResult<FollowedOutput<Buffer | string>, JobEnd> = await output.next();
    if (next.done) return next.value;
    await pass(next.value, io);
  }
}

/** Passes what the job has written so far. */
export async function printLogs(job: RemoteJob<Buffer> | RemoteJob, io: Io): Promise<void> {
  let from: JobOffsets = { stdout: 0, stderr: 0 };
  for (;;) {
    const piece = await job.output({ from, signal: io.signal });
    await pass(piece, io);
    from = piece.next;
    if (piece.stdout.length === 0 && piece.stderr.length === 0) return;
  }
}

async function pass(
  { stdout, stderr }: { stdout: Buffer | string; stderr: Buffer | string },
  io: Io,
): Promise<void> {
  if (stdout.length > 0) await write(io.stdout, stdout);
  if (stderr.length > 0) await write(io.stderr, stderr);
}
