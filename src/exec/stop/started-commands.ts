import type { SessionChannel } from '../../ssh2/channels/session-channel.ts';
import { now } from '../../time/timer.ts';
import type { SessionOpener } from '../types.ts';

/** A command that the server has confirmed to have started. */
export interface StartedCommand {
  line: string;
  channel: Pick<SessionChannel, 'isExitKnown'>;
  /** When the server was asked, and when it confirmed: in between it started the command. Milliseconds of our clock. */
  askedAt: number;
  startedAt: number;
  /** Whether it is to be ended. */
  isStopped?: boolean;
}

/** Beyond this many with an unknown end, none is kept: they cannot be told apart then, and none is touched. */
const most = 1_000;

const byConnection = new WeakMap<SessionOpener, StartedCommand[]>();

/** Notes a command, in the order in which the server confirms: that is the order in which it starts them. */
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

/** The command of `channel` is to be ended. */
export function noteStop(opener: SessionOpener, channel: StartedCommand['channel']): void {
  const command = byConnection.get(opener)?.find((one) => one.channel === channel);
  if (command) command.isStopped = true;
}

/**
 * The command of `channel` among all that have the same line and may still run, in their order. Undefined when it is not
 * known which it is.
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

/** Whether the server's search for `line` may find the process of `other`: see kill.ps1. */
function looksLike(other: string, line: string): boolean {
  const [long, short] = [comparable(other), comparable(line)];
  if (!long.endsWith(short)) return false;
  return long.length === short.length || /[/-]c(?:ommand)?$/.test(long.slice(0, -short.length));
}

function comparable(line: string): string {
  return line.replace(/["\\\s]/g, '').toLowerCase();
}
