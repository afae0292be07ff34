import { type Io, say, write } from '../io.ts';
import type { Command, CommandResult, Connection, ExecOptions } from '../library.ts';
import { isSshError } from '../library.ts';

export interface RemoteOptions {
  /** Our input becomes the command's. */
  takesInput: boolean;
  /** Decode with this, and print UTF-8; else the bytes pass as they are. */
  encoding: string | undefined;
  common: Pick<ExecOptions, 'cwd' | 'env' | 'shell' | 'timeout' | 'pty'>;
}

/** Runs the command with our streams as its own. When the user stops us, the command is stopped first. */
export async function runRemote(
  connection: Connection,
  words: string | readonly string[],
  options: RemoteOptions,
  io: Io,
): Promise<CommandResult<string | Buffer>> {
  const command = start(connection, words, options, io);
  const onStop = () => command.kill('SIGTERM');
  io.signal.addEventListener('abort', onStop, { once: true });
  if (io.signal.aborted) onStop();
  try {
    const result = await command;
    if (io.signal.aborted) throw io.signal.reason;
    return result;
  } catch (error) {
    if (!io.signal.aborted) throw error;
    sayHowItEnded(error, io);
    throw io.signal.reason;
  } finally {
    io.signal.removeEventListener('abort', onStop);
  }
}

function start(
  connection: Connection,
  words: string | readonly string[],
  { takesInput, encoding, common }: RemoteOptions,
  io: Io,
): Command<Buffer> | Command {
  const ours = {
    ...common,
    ...(takesInput ? { stdin: io.stdin } : {}),
    maxBuffer: 0,
    reject: false,
    onStdout: (piece: string | Uint8Array) => write(io.stdout, piece),
    onStderr: (piece: string | Uint8Array) => write(io.stderr, piece),
  };
  return encoding === undefined
    ? connection.exec(words, { ...ours, encoding: 'buffer' })
    : connection.exec(words, { ...ours, encoding });
}

/** Silent only when the command was seen to end. Stopped before the server had confirmed its start, it may run. */
function sayHowItEnded(error: unknown, io: Io): void {
  const { terminated = 'unknown' } = (isSshError(error) ? error : {}) as { terminated?: boolean | 'unknown' };
  if (terminated === false) say(io.stderr, 'ssh-via-gateway: the command could not be stopped: it runs on');
  if (terminated === 'unknown') {
    say(io.stderr, 'ssh-via-gateway: it is not known whether the command was stopped');
  }
}
