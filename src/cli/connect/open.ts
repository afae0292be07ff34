import type { Settings } from '../args/settings.ts';
import { type Io, say } from '../io.ts';
import { type Connection, type ConnectOptions, connectViaGateway, isSshError, type Log } from '../library.ts';
import { wordsOf } from '../report/failure.ts';
import { inOurWords } from '../report/library-words.ts';
import { inWords } from '../report/times.ts';
import { type Side, targetOptions } from './target.ts';

/** Connects, reports failed attempts on stderr, does the work, and closes the connection whatever happens. */
export async function withConnection<T>(
  positional: string | undefined,
  { settings, io }: { settings: Settings; io: Io },
  work: (connection: Connection) => Promise<T>,
  side?: Side,
): Promise<T> {
  return withOptions(await targetOptions(positional, { settings, io }, side), { settings, io }, work);
}

/** The same with options that are known already. */
export async function withOptions<T>(
  options: ConnectOptions,
  { settings, io }: { settings: Settings; io: Io },
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await connectViaGateway(talkative(options, settings, io));
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

function talkative(options: ConnectOptions, settings: Settings, io: Io): ConnectOptions {
  const told = { ...options, signal: io.signal };
  if (settings.flag('verbose')) return { ...told, log: logTo(io), onLoginBanner: noticeTo(io) };
  if (settings.flag('quiet') || options.retry === false) return told;
  const { retry } = options;
  return {
    ...told,
    retry: {
      ...retry,
      onRetry: (error, { attempt, attempts, wait }) => {
        const message = isSshError(error) ? wordsOf(error).message : String(error);
        say(io.stderr, `Attempt ${attempt} of ${attempts}: ${message}; the next in ${inWords(wait)}`);
      },
    },
  };
}

/** Prints the library's log records, one line each. */
export function logTo(io: Io): Log {
  return ({ level, message }) => sayLines(io, level.padEnd(5), inOurWords(message));
}

function noticeTo(io: Io): NonNullable<ConnectOptions['onLoginBanner']> {
  return (notice, hop) => sayLines(io, hop === undefined ? 'notice:' : `notice of ${hop}:`, notice);
}

/** Every line gets the prefix, as a server chooses the text and its line breaks. */
function sayLines(io: Io, prefix: string, text: string): void {
  for (const line of text.split('\n')) say(io.stderr, `${prefix} ${line}`);
}
