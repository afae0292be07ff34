import {
  type Connection,
  ConnectionLost,
  isSshError,
  type TextExecOptions,
  type TextPowerShellOptions,
} from '../../library.ts';
import { inWords } from '../../report/times.ts';
import type { Finding } from '../steps.ts';
import type { Visit } from '../visit.ts';
import type { Words } from '../words/words.ts';
import { clock } from './scripts.generated.ts';

/** Share of the time of a whole run: 14 seconds. PowerShell starts slowly on a slow PC. */
const share = 1 / 4;
/** Milliseconds. Within this, logs can still be compared; Kerberos fails at five minutes. */
const tolerable = 60_000;

interface ClockReading {
  /** Milliseconds since 1970, by the server's clock. */
  server: number;
  /** The same moment by our clock. */
  here: number;
}

/** How far the server's clock is from ours. */
export async function checkClock(connection: Connection, visit: Visit, windows: boolean): Promise<Finding> {
  const { clock: words } = visit.words;
  try {
    const reading = await (windows ? readWindows : readPosix)(connection, visit);
    // The answer has been on its way for half a round trip.
    return reading ? judge(reading.server - reading.here + visit.roundTrip / 2, words) : unknown(words);
  } catch (error) {
    if (!isSshError(error) || error instanceof ConnectionLost) throw error;
    return { ...unknown(words), code: error.code };
  }
}

function unknown({ unread }: Words['clock']): Finding {
  return { verdict: 'warn', says: unread };
}

async function readPosix(connection: Connection, visit: Visit): Promise<ClockReading | undefined> {
  const { stdout, here } = await answerTo(visit, (options) =>
    connection.exec('date -u +%Y-%m-%dT%H:%M:%SZ', options),
  );
  const server = Date.parse(stdout.trim());
  // Whole seconds, truncated: on average half a second too early.
  return Number.isNaN(server) ? undefined : { server: server + 500, here };
}

async function readWindows(connection: Connection, visit: Visit): Promise<ClockReading | undefined> {
  const { stdout, here } = await answerTo(visit, (options) => connection.powershell(clock, options));
  return /^\s*\d{12,}\s*$/.test(stdout) ? { server: Number(stdout), here } : undefined;
}

/** What a command prints, and when its first byte arrived. */
async function answerTo(
  visit: Visit,
  run: (options: TextPowerShellOptions & TextExecOptions) => PromiseLike<{ stdout: string }>,
): Promise<{ stdout: string; here: number }> {
  let here = 0;
  const onStdout = () => {
    here ||= Date.now();
  };
  const { signal } = visit;
  const timeout = visit.limit(share);
  const { stdout } = await run({ timeout, maxBuffer: 10_000, reject: false, signal, onStdout });
  return { stdout, here };
}

function judge(difference: number, words: Words['clock']): Finding {
  const facts = { differenceMs: Math.round(difference) };
  const amount = inWords(Math.abs(difference));
  if (Math.abs(difference) < 2_000) return { verdict: 'ok', says: words.agrees, facts };
  const says = difference > 0 ? words.ahead(amount) : words.behind(amount);
  if (Math.abs(difference) <= tolerable) return { verdict: 'ok', says, facts };
  return { verdict: 'warn', says, todo: words.todo, facts };
}
