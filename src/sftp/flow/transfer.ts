import { ChannelTimeout, TransferStalled } from '../../errors/index.ts';
import { debugTopic, nameOf } from '../../observe/debug.ts';
import type { SftpOpener, SftpRequests } from '../../ssh2/sftp/requests.ts';
import { atMost, now } from '../../time/timer.ts';
import type { TransferResult, TransferSettings } from '../transfer/options.ts';
import { TransferRun } from '../transfer/run.ts';
import { Flight } from './flight.ts';
import { Frames } from './frames.ts';
import { SecondSession } from './second-session.ts';
import type { TransferContext } from './transfer-context.ts';

const debug = debugTopic('sftp');
/** Milliseconds that a stall may be reported later, so that the error can say where the old file is. */
const tellTime = 5_000;
/** Milliseconds that removing temporary files here may take before a lost link is reported. */
const tidyTime = 1_000;
/** Sessions that have been used: the server's buffers may fill, as they grow only once. */
const used = new WeakSet<SftpRequests>();

interface TransferPlan {
  /** The transfer in messages: `upload of "a" to "b"`. */
  what: string;
  settings: TransferSettings;
  /**
   * Bytes in flight: `start`, or `startRate` bytes per millisecond of round trip if that is more; at most `ceiling`. With
   * `waitsThere` what is in flight waits at the server: less of it on a near line.
   */
  flight: { start: number; startRate?: number; ceiling: number | 'receive window'; waitsThere?: boolean };
  work(context: TransferContext): Promise<void>;
}

/**
 * Runs one transfer on a session of its own. Rejects as soon as it fails; cleaning up continues in the background, and
 * `close()` waits for it. If the link is lost, which leaves only local files to be removed, that is done first.
 */
export async function transfer(opener: SftpOpener, plan: TransferPlan): Promise<TransferResult> {
  const { settings, what } = plan;
  settings.signal?.throwIfAborted();
  if (opener.lost.error) throw opener.lost.error;
  const started = now();
  let hasSession = false;
  debug('%s', what);
  const run = new TransferRun({
    ...settings,
    what,
    where: opener.where,
    lost: opener.lost,
    leaving: opener.leaving,
  });
  try {
    const sftp = await open(opener, run, settings);
    hasSession = true;
    if (settings.writesInOrder) sftp.writes.oneByOne(true);
    failUnlessGreeted(sftp, run);
    const { start, startRate = 0, ceiling, waitsThere } = plan.flight;
    const flight = new Flight({
      start: Math.max(start, startRate * sftp.roundTrip),
      ceiling: ceiling === 'receive window' ? sftp.receiveWindow : ceiling,
      nearBy: waitsThere && !used.has(sftp) && sftp.writes.order === 'free' ? sftp.roundTrip : undefined,
    });
    used.add(sftp);
    const second = new SecondSession(opener);
    const context = { opener, sftp, run, settings, flight, frames: new Frames(), second };
    await settle(plan.work(context), context);
    sftp.release();
    // Everything is in place: an abort from here on, even in the last `onProgress`, comes too late.
    run.end();
    run.progress.finish();
    run.throwIfFailed();
    const { files, sent: bytes } = run.progress;
    const durationMs = now() - started;
    return { files, bytes, durationMs, bytesPerSecond: durationMs > 0 ? (bytes * 1000) / durationMs : 0 };
  } finally {
    run.end();
    if (debug.enabled) debug('%s: %s after %d ms', what, endOf(run, hasSession), Math.round(now() - started));
  }
}

function endOf(run: TransferRun, hasSession: boolean): string {
  if (run.failed) return nameOf(run.error);
  return hasSession ? `done, ${run.progress.sent} bytes` : 'no session';
}

/** Waiting for a free session is not a stall. */
function open(opener: SftpOpener, run: TransferRun, settings: TransferSettings): Promise<SftpRequests> {
  const { signal, stallTimeout } = settings;
  return run.quietly(() => opener.openSftp({ signal, requestTimeout: stallTimeout, atOnce: true }));
}

/**
 * If the session fails before the server has sent its version, that is reported, not the first request's failure. This
 * wait is not a stall.
 */
function failUnlessGreeted(sftp: SftpRequests, run: TransferRun): void {
  const forget = sftp.onEnded((error) => run.fail(error));
  run.quietly(() => sftp.greeted).then(forget, forget);
}

async function settle(work: Promise<void>, { opener, run, sftp, second }: TransferContext): Promise<void> {
  opener.chores?.add(work);
  const forget = run.onFailed(() => {
    // What is sent behind a request that is not answered may be done at any time later.
    if (isStuck(sftp, run.error)) void sftp.close();
  });
  try {
    await run.orFail(work);
    forget();
  } catch (error) {
    run.fail(error);
    // The work notices the failure, removes temporary files and ends; only then is the session closed.
    sftp.cleanUp();
    const ended = work.catch(() => {});
    void ended.then(() => Promise.all([sftp.close(), second.close()]));
    if (run.isSwapping && run.error instanceof TransferStalled) await atMost(tellTime, ended);
    // A program may end itself at once, and `close()` waits for nothing on a lost link.
    else if (opener.lost.error) await atMost(tidyTime, ended);
    throw run.error;
  }
}

/** Whether the transfer has stalled because the server does not answer, not because its source gives nothing. */
function isStuck(sftp: SftpRequests, error: unknown): boolean {
  return error instanceof TransferStalled && (sftp.busy || error.cause instanceof ChannelTimeout);
}
