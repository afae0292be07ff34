import { kept } from '../../load/kept.ts';
import type { ChannelOutcome, SessionChannel } from '../../ssh2/channels/session-channel.ts';
import { latch } from '../../time/latch.ts';
import { atMost } from '../../time/timer.ts';
import type { SessionOpener } from '../types.ts';
import { noteStop } from './started-commands.ts';

/** Whether a remote command's own process ended: true if seen to end, false if known to be running, or unknown. */
export type Terminated = boolean | 'unknown';

interface StopTarget {
  opener: SessionOpener;
  channel: SessionChannel;
  /** Resolves when the channel ends. */
  ended: Promise<ChannelOutcome>;
  /** The command string as sent. */
  line: string;
  isWindows: boolean;
  /** `KILL` skips SIGTERM. Default `TERM`. */
  first?: 'TERM' | 'KILL' | undefined;
}

/** Milliseconds to wait after each step. Their sum is the two seconds that a caller may have to wait. */
const grace = { term: 1_000, kill: 400, close: 600, windows: 2_000 };

/** Does everything possible to end a remote command. Resolves within about two seconds; never rejects. */
export function stopCommand(target: StopTarget): Promise<Terminated> {
  return target.isWindows ? stopOnWindows(target) : stopBySignals(target);
}

/** Ends a command that the server started after it had been given up. */
export function stopLate(target: Omit<StopTarget, 'ended' | 'first'>): Promise<Terminated> {
  const ended = latch<ChannelOutcome>();
  const onEnd = (outcome: ChannelOutcome) => ended.resolve(outcome);
  target.channel.start({ onStdout: () => {}, onStderr: () => {}, onEnd });
  return stopCommand({ ...target, ended: ended.promise, first: 'KILL' });
}

async function stopBySignals(target: StopTarget): Promise<Terminated> {
  const { channel } = target;
  if (target.first !== 'KILL') {
    channel.signal('TERM');
    if (await endsWithin(target, grace.term)) return closed(target);
  }
  channel.signal('KILL');
  if (await endsWithin(target, grace.kill)) return closed(target);
  return closeAndSee(target);
}

/** The command has ended, but background processes may still hold its output open. */
async function closed(target: StopTarget): Promise<Terminated> {
  const outcome = await atMost(0, target.ended);
  if (outcome === undefined) target.channel.close();
  return outcome?.kind === 'lost' && !target.channel.isExitKnown ? 'unknown' : true;
}

/**
 * Without a pseudo-terminal, closing the session ends a command only when it next writes. OpenSSH and dropbear answer
 * the close once the command is gone: no answer from a live server means that the command is still running.
 */
async function closeAndSee(target: StopTarget): Promise<Terminated> {
  const { channel, opener } = target;
  channel.close();
  const isAlive = opener.ping?.(grace.close) ?? Promise.resolve(false);
  const outcome = await atMost(grace.close, target.ended);
  if (channel.isExitKnown) return true;
  const isTelling = /^SSH-2\.0-(?:OpenSSH_(?!for_Windows)|dropbear)/.test(opener.serverVersion ?? '');
  if (outcome === undefined) return isTelling && (await isAlive) ? false : 'unknown';
  return outcome.kind === 'no-status' && isTelling ? true : 'unknown';
}

/** Windows has no signals: a second session ends the process and its children, in the background if it takes longer. */
async function stopOnWindows(target: StopTarget): Promise<Terminated> {
  const { opener, channel } = target;
  noteStop(opener, channel);
  const killing = windowsPart().then(({ killOnWindows }) => killOnWindows(opener, target));
  const close = () => channel.close();
  // With too many open files, the part could not be loaded: the caller sees that the command does not end.
  killing.then(close, close);
  await endsWithin(target, grace.windows);
  // An end without an exit status may only be the answer to our close.
  return channel.isExitKnown || 'unknown';
}

/** Few commands are stopped, and its script is long. */
const windowsPart = kept(() => import('./stop-windows.ts'));

async function endsWithin(target: StopTarget, ms: number): Promise<boolean> {
  const outcome = await atMost(ms, target.ended);
  return outcome !== undefined || target.channel.isExitKnown;
}
