import type { SessionChannel } from '../../ssh2/channels/session-channel.ts';
import { now } from '../../time/timer.ts';
import type { SessionOpener } from '../types.ts';

/** A command whose start the server has confirmed. */
export interface StartedCommand {
  line: string;
  channel: Pick<SessionChannel, 'isExitKnown'>;
  /** When the request was sent; the command started between this and `startedAt`. Milliseconds of the local clock. */
  askedAt: number;
  /** When the server confirmed. Milliseconds of the local clock. */
  startedAt: number;
  /** Whether the command is being stopped. */
  isStopped?: boolean;
}

/** Commands beyond this many without a known end are not recorded; they cannot be identified, so none is killed. */
const most = 1_000;

const byConnection = new WeakMap<SessionOpener, StartedCommand[]>();

/** Records a command. The order of the server's confirmations is the order in which it starts commands. */
export function noteStart(
  opener: SessionOpener,
  { line, isWindows }: { line: string; isWindows: boolean },
  channel: StartedCommand['channel'],
  askedAt = now(),
): void {
  if (!isWindows) return;
  const others = (byConnection.get(opener) ?? []).filter((one) => !one.channel.isExitKnown);
  if (others.length < most) others.push({ line, channel, askedAt, startedAt: now() });
  byConnection.set(opener, others);
}

/** Records that the command of `channel` is being stopped. */
export function noteStop(opener: SessionOpener, channel: StartedCommand['channel']): void {
  const command = byConnection.get(opener)?.find((one) => one.channel === channel);
  if (command) command.isStopped = true;
}

/**
 * The position of the command of `channel` among all commands with the same line that may still run, in the order of
 * their starts. Undefined if it was not recorded.
 */
export function placeAmongEquals(
  opener: SessionOpener,
  { line, channel }: Pick<StartedCommand, 'line' | 'channel'>,
): { place: number; equals: StartedCommand[] } | undefined {
  const started = byConnection.get(opener) ?? [];
  const equals = started.filter(
    (one) => one.channel === channel || (!one.channel.isExitKnown && looksLike(one.line, line)),
  );
  const place = equals.findIndex((one) => one.channel === channel);
  return place < 0 ? undefined : { place, equals };
}

/** Whether a search for `line` on the server may find the process of `other`; see kill.ps1. */
function looksLike(other: string, line: string): boolean {
  const [long, short] = [comparable(other), comparable(line)];
  if (!long.endsWith(short)) return false;
  return long.length === short.length || /[/-]c(?:ommand)?$/.test(long.slice(0, -short.length));
}

function comparable(line: string): string {
  return line.replace(/["\\\s]/g, '').toLowerCase();
}
