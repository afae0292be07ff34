import { atMost, now, sleep } from '../../../time/timer.ts';
import { type Command, type Connection, ConnectionLost } from '../../library.ts';
import type { Finding } from '../steps.ts';
import type { Visit } from '../visit.ts';
import type { Words } from '../words/words.ts';

/** One more than OpenSSH's default: enough to see whether the default applies. */
export const sessionsTried = 11;
/** If no further session starts for this many milliseconds, no more are expected. */
const quiet = 2_000;
/** Milliseconds for the sessions to end on their own. */
const goodbye = 3_000;
/** Minimum of both waits in round trips: starting a session takes two, and its first output one more. */
const enough = 5;

interface Probe {
  command: Command<Buffer>;
  isUp: boolean;
  hasEnded: boolean;
  lost?: ConnectionLost;
}

/**
 * How many commands the server runs at once on one connection. The library makes any further ones wait in line, so the
 * number that have started when no more follow is the limit.
 */
export async function checkMaxSessions(
  connection: Connection,
  visit: Visit,
  windows: boolean,
): Promise<Finding> {
  const started = now();
  const { words, signal, roundTrip } = visit;
  // Prints something at once and ends with its input: cmd shows its prompt, cat returns what it is sent.
  const line = windows ? 'cmd /d /q' : 'cat';
  const probes = Array.from({ length: sessionsTried }, () => openProbe(connection, line, visit));
  try {
    const count = await settled(probes, Math.max(quiet, enough * roundTrip), signal);
    return {
      ...judge(
        count,
        probes.some(({ hasEnded }) => hasEnded),
        words.maxSessions,
      ),
      ms: now() - started,
    };
  } finally {
    await endAll(probes, Math.max(goodbye, enough * roundTrip));
  }
}

function openProbe(connection: Connection, line: string, visit: Visit): Probe {
  const probe = { isUp: false, hasEnded: false } as Probe;
  const onStdout = () => {
    probe.isUp = true;
  };
  probe.command = connection.exec(line, {
    encoding: 'buffer',
    maxBuffer: 0,
    reject: false,
    timeout: Math.max(60_000, visit.limit(1)),
    onStdout,
  });
  probe.command.stdin.on('error', () => {});
  probe.command.stdin.write('\n');
  const onEnd = (outcome: unknown) => {
    probe.hasEnded = true;
    if (outcome instanceof ConnectionLost) probe.lost = outcome;
  };
  probe.command.then(onEnd, onEnd);
  return probe;
}

async function settled(probes: readonly Probe[], quietMs: number, signal: AbortSignal): Promise<number> {
  let up = 0;
  let changed = now();
  while (up < probes.length && now() - changed < quietMs) {
    await sleep(25, signal);
    const count = probes.filter(({ isUp }) => isUp).length;
    if (count > up) changed = now();
    up = Math.max(up, count);
    const { lost } = probes.find((probe) => probe.lost) ?? {};
    if (lost) throw lost;
    if (probes.every(({ hasEnded }) => hasEnded)) break;
  }
  return up;
}

/** Ends those still waiting first, or they would take the places of those that end. */
async function endAll(probes: readonly Probe[], goodbyeMs: number): Promise<void> {
  for (const { isUp, command } of probes) if (!isUp) command.kill();
  for (const { command } of probes) command.stdin.end();
  await atMost(goodbyeMs, Promise.allSettled(probes.map(({ command }) => command)));
}

function judge(count: number, anyEnded: boolean, words: Words['maxSessions']): Finding {
  if (count === 0 || (anyEnded && count < sessionsTried)) return { verdict: 'warn', says: words.unmeasured };
  if (count >= sessionsTried) {
    return { verdict: 'ok', says: words.more(count), facts: { maxSessions: `${count}+` } };
  }
  const facts = { maxSessions: count };
  if (count > 1) return { verdict: 'ok', says: words.limit(count), facts };
  return { verdict: 'warn', says: words.one, todo: words.oneTodo, facts };
}
