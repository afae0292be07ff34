import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { checkArgument } from '../check/options.ts';
import { type Check, checkText, listOf } from '../check/values.ts';
import { wrongRange, wrongType } from '../check/wrong.ts';
import { ProxyCommandFailed } from '../errors/index.ts';
import { isOutOfFiles, ownLimits } from '../errors/own-limits.ts';
import { printable } from '../text/printable.ts';
import { onAbort } from '../time/on-abort.ts';
import { checkTokens, expandWords, splitCommandLine } from './command-line.ts';
import { type ProcessEnd, ProcessStream } from './process-stream.ts';
import type { Route, RouteContext, RoutedStream } from './route.ts';

/**
 * A route through a program's stdin and stdout, like OpenSSH's ProxyCommand: `cloudflared access ssh --hostname %h`,
 * `ssh -W %h:%p bastion`, `nc %h %p`. `%h`, `%p` and `%r` become host, port and user name, `%%` a percent sign.
 *
 * No shell is involved. A string is split into words at blanks; single quotes, double quotes (with `\"`) and a
 * backslash before a blank or quote keep a word together; other backslashes are literal, for Windows paths. `%`
 * tokens are expanded after splitting, so a host name cannot add words. An array gives the words as they are (with
 * the same tokens). For a shell, name it: `proxyCommand(['sh', '-c', '...'])`; quoting is then up to you.
 *
 * The program is ended when the connection closes, and its exit ends the connection at once, with the end of its
 * stderr in the error (`ProxyCommandFailed`; once connected, the `cause` of a `ConnectionLost`).
 *
 * @throws {TypeError} for an empty command, an unclosed quote, an unknown `%` token, or shell syntax.
 */
export function proxyCommand(command: string | readonly string[]): Route {
  checkArgument('command', command, commandCheck);
  const words = typeof command === 'string' ? splitCommandLine(command) : [...command];
  // Many ssh_config files have `exec ssh -W ...`, to save a shell that is not involved here.
  if (typeof command === 'string' && words[0] === 'exec' && words.length > 1) words.shift();
  checkTokens(words);
  return { kind: 'proxy-command', open: async (context) => openProcess(words, context) };
}

const rightCommand = 'a command line, or its words as a non-empty array of strings,';
const words = listOf((name, value) => {
  if (typeof value !== 'string') throw wrongType(name, value, 'a string');
  if (value.includes('\0')) throw wrongRange(name, value, 'a string without NUL');
}, rightCommand);
const commandCheck: Check = (name, value) =>
  typeof value === 'string' ? checkText(name, value, rightCommand) : words(name, value);

async function openProcess(words: readonly string[], context: RouteContext): Promise<RoutedStream> {
  const { signal } = context;
  if (signal.aborted) throw signal.reason;
  const [program = '', ...args] = expandWords(words, context);
  const child = startProcess(program, args, context);
  // If no file descriptor is left, there is a process object and nothing else, not even its pipes.
  if (!child.stdout) throw startError(program, (await once(child, 'error'))[0], context);
  const stream = new ProcessStream(child, (end, stderr) => exitError(program, end, stderr, context));
  await started(child, stream, program, context);
  return {
    stream,
    program: `the proxy command ${printable(program)}`,
    failure: () => stream.failure,
    dispose: async () => {
      stream.destroy();
      await stream.exited;
    },
  };
}

function startProcess(
  program: string,
  args: readonly string[],
  context: RouteContext,
): ChildProcessWithoutNullStreams {
  try {
    return spawn(program, args, { stdio: 'pipe', windowsHide: true, shell: false });
  } catch (error) {
    // The arguments are too long; or, on Windows, it is a batch file.
    throw startError(program, error as NodeJS.ErrnoException, context);
  }
}

function started(
  child: ChildProcessWithoutNullStreams,
  stream: ProcessStream,
  program: string,
  context: RouteContext,
): Promise<void> {
  const { signal } = context;
  return new Promise<void>((resolve, reject) => {
    const clean = onAbort(signal, () => {
      stream.destroy();
      reject(signal.reason);
    });
    // Stays attached for the child's life: a failed kill also emits `error`.
    child.on('error', (error: NodeJS.ErrnoException) => {
      clean();
      if (child.pid === undefined) stream.destroy();
      reject(startError(program, error, context));
    });
    child.once('spawn', () => {
      clean();
      resolve();
    });
  });
}

function startError(
  program: string,
  error: NodeJS.ErrnoException,
  context: RouteContext,
): ProxyCommandFailed {
  const { host, port, hop } = context;
  return new ProxyCommandFailed(
    `The proxy command ${printable(program)} could not be started (${error.code ?? printable(error.message)})`,
    {
      phase: 'route',
      host,
      port,
      hop,
      errno: error.code,
      // Other files may be closed by the next attempt; what else is wrong with a program stays wrong.
      retryable: isOutOfFiles(error),
      cause: error,
      hint: startHint(error),
    },
  );
}

function startHint(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT')
    return 'The program is not in PATH of this process; give its full path. A string is split at blanks: quote a path with blanks.';
  if (error.code === 'EINVAL')
    return 'On Windows, .cmd and .bat files cannot be started without a shell; name the .exe.';
  return ownLimits[error.code ?? ''] ?? 'Is it a program, and may this account run it?';
}

/** Exit code 0 is a normal end; what it means is up to the connection. */
function exitError(
  program: string,
  { exitCode, signal }: ProcessEnd,
  stderr: Buffer,
  { host, port, hop }: RouteContext,
): ProxyCommandFailed | undefined {
  if (exitCode === 0) return undefined;
  const said = printable(stderr.toString('utf8').trim().slice(-500), 500);
  const how = exitCode === null ? `was ended by ${signal}` : `ended with exit code ${exitCode}`;
  const words = said === '' ? ' and wrote nothing to stderr' : `; its stderr ended with "${said}"`;
  return new ProxyCommandFailed(`The proxy command ${printable(program)} ${how}${words}`, {
    phase: 'route',
    host,
    port,
    hop,
    exitCode,
    signal,
    stderr: said,
    retryable: true,
    hint: 'The command could not connect, or lost its connection. Run it by hand to see more.',
  });
}
