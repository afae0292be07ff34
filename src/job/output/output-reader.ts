import { JobLost } from '../../errors/index.ts';
import { createDecoder, type Decoder } from '../../exec/output/decode.ts';
import { type Look, maxPiece } from '../host/commands.ts';
import { ask, type JobKeeper, jobDetails } from '../host/keeper.ts';
import { endOf, type JobRecord, noSuchJob, ownRecord, removedMeanwhile, statusOf } from '../host/record.ts';
import type { FollowedOutput, JobEnd, JobHost, JobOffsets, JobOutput } from '../types.ts';
import { Watch } from './watch.ts';

const startedAgain = 'there is less output than was read before: the job was removed and started again';
const removedHint =
  'It may well have done its work, so do not start it again before you have looked at what the other caller got. Where several callers may follow one id, let each use keep: true and clear up later (removeJobs).';

/** Hints by reason; any other reason means that the job's process is gone. */
const hints: Readonly<Record<string, string>> = {
  [noSuchJob]:
    'Check the id, the account and the folder of jobs (option dir): the job was never started there, or has been removed since. listJobs() lists the jobs that are there.',
  [removedMeanwhile]: removedHint,
  [startedAgain]: removedHint,
};

const lostHint =
  'It is not started again under the same id, because nobody knows how far it got. To start it again, remove it first, or use another id.';

interface ReadOptions {
  signal?: AbortSignal | undefined;
  /** Milliseconds that one command on the server may watch for news; undefined or 0: it answers at once. */
  waitMs?: number | undefined;
}

/** A piece of output as bytes, with the job's record at the same moment. */
interface RawPiece extends JobOutput {
  record: JobRecord;
}

/** @throws {JobLost} if there is no such job, or it has less output than was read before. */
export async function readPiece(
  keeper: JobKeeper,
  id: string,
  from: JobOffsets,
  signal?: AbortSignal,
): Promise<RawPiece> {
  return pieceOf(keeper, id, from, await ask(keeper, id, (commands) => commands.look(id, from), signal));
}

function pieceOf(keeper: JobKeeper, id: string, from: JobOffsets, look: Look): RawPiece {
  const record = ownRecord(look.record, id);
  if (!record) throw jobLost(keeper.host, id, noSuchJob);
  if (record.stdoutSize < from.stdout || record.stderrSize < from.stderr) {
    throw jobLost(keeper.host, id, startedAgain);
  }
  const { stdout, stderr } = look;
  const next = { stdout: from.stdout + stdout.length, stderr: from.stderr + stderr.length };
  const status = statusOf(record);
  // The sizes were read after the end was seen, so they are final.
  const whole = next.stdout >= record.stdoutSize && next.stderr >= record.stderrSize;
  const size = { stdout: record.stdoutSize, stderr: record.stderrSize };
  return { stdout, stderr, next, size, status, record, done: status.state !== 'running' && whole };
}

/** The result of `read`. */
export interface ReadOutput extends FollowedOutput<string | Buffer> {
  /** Set on the last piece. */
  end: JobEnd | undefined;
  /** Milliseconds since the job's start, by the server's clock. */
  ageMs: number;
  /** Whether more output is probably available already. */
  more: boolean;
  /** The same output, not decoded. */
  bytes: { stdout: Buffer; stderr: Buffer };
}

/** Reads a job's output from `from` to its end, over one connection or several. */
export class OutputReader {
  readonly id: string;
  /** Whether the job was seen before: if so, and it is gone, it was removed. */
  isKnown = false;
  readonly #decoders: { stdout: Decoder; stderr: Decoder } | undefined;
  #at: JobOffsets;
  /** A running watch, whose next look begins at `#at`. */
  #watch: Watch | undefined;

  constructor(id: string, encoding: string, from: JobOffsets) {
    this.id = id;
    this.#at = from;
    if (encoding === 'buffer') return;
    this.#decoders = { stdout: createDecoder(encoding), stderr: createDecoder(encoding) };
  }

  /** If it rejects, the position is unchanged: the next call reads the same output. */
  async read(keeper: JobKeeper, options: ReadOptions): Promise<ReadOutput> {
    const { look, watch } = await this.#look(keeper, options);
    if (this.isKnown && !ownRecord(look.record, this.id))
      throw jobLost(keeper.host, this.id, removedMeanwhile);
    const piece = pieceOf(keeper, this.id, this.#at, look);
    this.isKnown = true;
    const { stdout, stderr, next, status, record, done } = piece;
    this.#at = next;
    this.#watch = watch;
    const end = done && status.state !== 'running' ? endOf(record, status) : undefined;
    const hasOutput = stdout.length > 0 || stderr.length > 0;
    return {
      stdout: this.#decode('stdout', stdout, done),
      stderr: this.#decode('stderr', stderr, done),
      next,
      end,
      ageMs: record.claim ? Math.max(0, record.now - record.claim.at) : 0,
      more: (hasOutput && watch !== undefined) || stdout.length >= maxPiece || stderr.length >= maxPiece,
      bytes: { stdout, stderr },
    };
  }

  /** The next look, and the watch that may report the one after it. */
  async #look(keeper: JobKeeper, { signal, waitMs }: ReadOptions): Promise<{ look: Look; watch?: Watch }> {
    const old = this.#watch;
    this.#watch = undefined;
    if (!waitMs) return { look: await ask(keeper, this.id, ({ look }) => look(this.id, this.#at), signal) };
    const next = old?.keeper === keeper ? await old.next() : undefined;
    if (old && next) return { look: next, watch: old };
    const watch = new Watch(keeper, this.id, this.#at, { signal, waitMs });
    // A new watch reports at least one look, or rejects.
    return { look: (await watch.next())!, watch };
  }

  #decode(name: 'stdout' | 'stderr', bytes: Buffer, last: boolean): string | Buffer {
    const decoder = this.#decoders?.[name];
    if (!decoder) return bytes;
    return decoder.write(bytes) + (last ? decoder.end() : '');
  }
}

export function jobLost({ where }: JobHost, id: string, reason: string): JobLost {
  const place = `${where.host}:${where.port}`;
  const messages: Readonly<Record<string, string>> = {
    [noSuchJob]: `There is no job ${id} on ${place}`,
    [removedMeanwhile]: `Job ${id} on ${place} is no longer there: ${reason}`,
  };
  const message = messages[reason] ?? `Job ${id} on ${place} is lost: ${reason}`;
  return new JobLost(message, {
    ...jobDetails(where, id, reason),
    hint: hints[reason] ?? lostHint,
  });
}
