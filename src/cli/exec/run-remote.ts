import { printable } from '../../text/printable.ts';
import { onAbort } from '../../time/on-abort.ts';
import { type Io, write } from '../io.ts';
import type { Command, CommandFailed, Connection, ExecOptions } from '../library.ts';
import { isSshError } from '../library.ts';
import { type KnownOutcome, Stopped, stoppedWith } from '../stopped.ts';

export interface RemoteOptions {
  /** Our input becomes the command's. */
  takesInput: boolean;
  /** Decode with this and print UTF-8; if undefined, the bytes pass unchanged. */
  encoding: string | undefined;
  common: Pick<ExecOptions, 'cwd' | 'env' | 'shell' | 'timeout' | 'pty'>;
}

/** How a command ended, as far as the server said. */
type End = Pick<CommandFailed, 'exitCode' | 'signal' | 'terminated'>;

/** Runs the command with our streams as its own. If the user stops us, the command is stopped first. */
export async function runRemote(
  connection: Connection,
  words: string | readonly string[],
  options: RemoteOptions,
  io: Io,
): Promise<End> {
  const command = start(connection, words, options, io);
  const stop = () => command.kill('SIGTERM');
  const unfollow = onAbort(io.signal, stop);
  if (io.signal.aborted) stop();
  try {
    const end = await endOf(command);
    if (io.signal.aborted) throw stoppedWith(io.signal.reason, knownOf(end));
    return end;
  } catch (error) {
    if (!io.signal.aborted || error instanceof Stopped) throw error;
    throw stoppedWith(io.signal.reason, knownOfFailure(error));
  } finally {
    unfollow();
  }
}

/** Not `reject: false`: a result does not say whether a command that was to be stopped was. */
async function endOf(command: Command<Buffer> | Command): Promise<End> {
  try {
    return await command;
  } catch (error) {
    if (isSshError(error) && error.code === 'SSH_COMMAND_FAILED') return error as CommandFailed;
    throw error;
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
    onStdout: (piece: string | Uint8Array) => write(io.stdout, piece),
    onStderr: (piece: string | Uint8Array) => write(io.stderr, piece),
  };
  return encoding === undefined
    ? connection.exec(words, { ...ours, encoding: 'buffer' })
    : connection.exec(words, { ...ours, encoding });
}

const look = 'Look for it on the PC before you run it again';

function knownOf({ exitCode, signal, terminated }: End): KnownOutcome {
  const started = true;
  if (exitCode !== null || signal !== null) {
    const how = exitCode === null ? `by ${printable(signal!, 40)}` : `exit code ${exitCode}`;
    return { started, known: `stopped: the command had been started, and has ended (${how})` };
  }
  switch (terminated) {
    case true:
      return { started, known: 'stopped: the command had been started, and was ended' };
    case false:
      return {
        started,
        known: `the command had been started and could not be stopped: it is still running. ${look}`,
      };
    case 'unknown':
      return {
        started,
        known: `the command had been started; it is not known whether it was stopped, it may run on. ${look}`,
      };
    default:
      return notConfirmed;
  }
}

const notConfirmed: KnownOutcome = {
  started: 'unknown',
  known: `stopped before the server had said that the command was started: it may have been, and may run on. ${look}`,
};

/** The connection was lost, or a callback failed, while we were stopping. */
function knownOfFailure(error: unknown): KnownOutcome {
  const { started = 'unknown' } = error as KnownOutcome;
  if (started === false) return { started, known: 'stopped: the command was not started' };
  return started === 'unknown'
    ? notConfirmed
    : knownOf({ exitCode: null, signal: null, terminated: 'unknown' });
}
