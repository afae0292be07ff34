import { printable } from '../../text/printable.ts';
import type { Settings } from '../args/settings.ts';
import type { TunnelEvent } from '../library.ts';
import { inOurWords } from '../report/library-words.ts';
import { inWords } from '../report/times.ts';
import { isWrongUse, wordsOfWrongUse } from '../report/wrong-use.ts';
import type { LeftOut } from './thinning.ts';

export type Level = 'info' | 'warn' | 'error';

/** The log line of an event. The library has escaped the texts of errors. */
export function describeEvent(
  event: TunnelEvent,
  leftOut?: LeftOut,
  settings?: Settings,
): { level: Level; text: string } {
  const { level, text } = describe(event, settings);
  return { level, text: `${inOurWords(text)}${leftOut ? leftOutText(event, leftOut) : ''}` };
}

function leftOutText({ type }: TunnelEvent, { count, ms }: LeftOut): string {
  if (count === 0) return '';
  if (type !== 'up') return ` (${count} more like this in the last ${inWords(ms)})`;
  return `, with ${count === 1 ? '1 failed attempt' : `${count} failed attempts`}`;
}

function describe(event: TunnelEvent, settings?: Settings): { level: Level; text: string } {
  switch (event.type) {
    case 'connecting':
      return { level: 'info', text: `attempt ${event.attempt}` };
    case 'connected':
      return { level: 'info', text: `logged in after ${inWords(event.durationMs)}` };
    case 'up':
      return {
        level: 'info',
        text: `the gateway listens on ${listenOf(event)}; was down ${inWords(event.downMs)}`,
      };
    case 'port-taken':
      return { level: 'warn', text: `${event.error.message}; asking again in ${inWords(event.wait)}` };
    case 'reclaimed':
      return { level: 'warn', text: reclaimedText(event) };
    case 'noted':
      return { level: 'info', text: `session ${event.pid} is on record at the gateway` };
    case 'contested':
      return { level: 'warn', text: event.message };
    case 'reclaim-refused':
    case 'note-failed':
      return { level: 'warn', text: `${event.reason}: ${event.message}` };
    case 'checked':
      return { level: event.result === 'ok' ? 'info' : 'warn', text: `${event.result}: ${event.message}` };
    case 'down':
      return { level: 'warn', text: `after ${inWords(event.upMs)}: ${event.error.message}` };
    case 'waiting':
      return { level: 'warn', text: `${event.error.message}; next attempt in ${inWords(event.wait)}` };
    case 'closed':
      return event.error
        ? { level: 'error', text: `given up: ${wordsOfError(event.error, settings)}` }
        : { level: 'info', text: 'stopped' };
  }
}

/** What was observed, and no more than that. */
function reclaimedText(event: Extract<TunnelEvent, { type: 'reclaimed' }>): string {
  const { pid, evidence, silentMs, holder } = event;
  const silence = silentMs === undefined ? '' : `, silent for ${inWords(silentMs)}`;
  return `ended session ${pid}${holder ? ` of ${holder}` : ''}${silence} (known by: ${evidence})`;
}

function listenOf({ listen }: Extract<TunnelEvent, { type: 'up' }>): string {
  return 'path' in listen ? listen.path : `${listen.host}:${listen.port}`;
}

/** The log also says what to do, as nobody is there who could look it up. */
export function hintOf(event: TunnelEvent): string | undefined {
  const { error } = event as { error?: Error & { hint?: string } };
  return error?.hint === undefined ? undefined : printable(inOurWords(error.hint), 2_000);
}

function wordsOfError(error: Error, settings?: Settings): string {
  const { message } = error;
  return isWrongUse(error) ? wordsOfWrongUse(error, settings).join('; ') : message;
}

/** An event as a record for programs. */
export function recordOf(
  event: TunnelEvent,
  leftOut?: LeftOut,
  settings?: Settings,
): Record<string, unknown> {
  const { at, type, ...rest } = event;
  const { error, ...others } = rest as { error?: Error & { code?: string } };
  const told =
    error === undefined ? {} : { error: inOurWords(wordsOfError(error, settings)), code: error.code };
  const left = leftOut?.count ? { [type === 'up' ? 'failedAttempts' : 'leftOut']: leftOut.count } : {};
  const { level } = describe(event);
  const hint = hintOf(event);
  const advice = hint === undefined ? {} : { hint };
  return { time: at.toISOString(), level, event: type, ...others, ...told, ...advice, ...left };
}
