import {
  type Connection,
  ConnectionLost,
  isSshError,
  type TextExecOptions,
  type TextPowerShellOptions,
} from '../../library.ts';
import { inWords } from '../../report/times.ts';
import type { Finding } from '../steps.ts';
import { clock } from './scripts.generated.ts';

/** PowerShell takes its time to start on a slow PC. */
const limit = 60_000;
/** Milliseconds. Within it logs can still be compared; Kerberos gives up at five minutes. */
const tolerable = 60_000;

interface Reading {
  /** Milliseconds since 1970, as the server has it. */
  server: number;
  /** The same moment by our clock. */
  here: number;
}

/** How far the server's clock is from ours. */
export async function checkClock(
  connection: Connection,
  { windows, signal }: { windows: boolean; signal: AbortSignal },
): Promise<Finding> {
  try {
    const reading = await (windows ? readWindows : readPosix)(connection, signal);
    return reading ? judge(reading.server - reading.here) : unknown;
  } catch (error) {
    if (!isSshError(error) || error instanceof ConnectionLost) throw error;
    return { ...unknown, code: error.code };
  }
}

const unknown: Finding = { verdict: 'warn', says: 'its clock could not be read' };

async function readPosix(connection: Connection, signal: AbortSignal): Promise<Reading | undefined> {
  const { stdout, here } = await answerTo(signal, (options) =>
    connection.exec('date -u +%Y-%m-%dT%H:%M:%SZ', options),
  );
  const server = Date.parse(stdout.trim());
  // Whole seconds, cut off: on average half a second more.
  return Number.isNaN(server) ? undefined : { server: server + 500, here };
}

async function readWindows(connection: Connection, signal: AbortSignal): Promise<Reading | undefined> {
  const { stdout, here } = await answerTo(signal, (options) => connection.powershell(clock, options));
  return /^\s*\d{12,}\s*$/.test(stdout) ? { server: Number(stdout), here } : undefined;
}

/** What a command prints, and when its first byte came. */
async function answerTo(
  signal: AbortSignal,
  run: (options: TextPowerShellOptions & TextExecOptions) => PromiseLike<{ stdout: string }>,
): Promise<{ stdout: string; here: number }> {
  let here = 0;
  const onStdout = () => {
    here ||= Date.now();
  };
  const { stdout } = await run({ timeout: limit, maxBuffer: 10_000, reject: false, signal, onStdout });
  return { stdout, here };
}

function judge(difference: number): Finding {
  const facts = { differenceMs: Math.round(difference) };
  const amount = inWords(Math.abs(difference));
  const direction = difference > 0 ? 'ahead' : 'behind';
  if (Math.abs(difference) < 2_000) return { verdict: 'ok', says: 'its clock agrees with ours', facts };
  if (Math.abs(difference) <= tolerable)
    return { verdict: 'ok', says: `its clock is ${amount} ${direction}`, facts };
  return {
    verdict: 'warn',
    says: `its clock is ${amount} ${direction}`,
    todo: 'Logs cannot be compared, and certificates and Kerberos may fail. On Windows: w32tm /resync.',
    facts,
  };
}
