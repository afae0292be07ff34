import type { Readable } from 'node:stream';
import { checkOptions } from '../check/options.ts';
import { isWindowsServer } from '../ssh2/transport/server-kind.ts';
import { execChecks, powerShellChecks } from './checks.ts';
import { buildCommandLine, type Shell, shownCommand } from './command-line/command-line.ts';
import { buildPowerShell } from './command-line/powershell-script.ts';
import { createDecoder, type Decoder, encode } from './output/decode.ts';
import type { ExecOptions, PowerShellOptions, PtyOptions } from './types.ts';

/** A command that is ready to go. */
export interface ResolvedExec {
  /** What is sent to the server. */
  line: string;
  /** What messages and results call it. */
  command: string;
  isWindows: boolean;
  encoding: string;
  /** Absent for bytes. */
  decodeStdout: (() => Decoder) | undefined;
  decodeStderr: (() => Decoder) | undefined;
  /** Bytes that go into stdin before anything else. */
  before?: Buffer | undefined;
  stdin?: Buffer | Readable | undefined;
  timeout: number;
  signal?: AbortSignal | undefined;
  maxBuffer: number;
  pty?: boolean | PtyOptions | undefined;
  onStdout?: ((piece: never) => unknown) | undefined;
  onStderr?: ((piece: never) => unknown) | undefined;
  reject: boolean;
}

/** What is sent, and what it is called. */
type Wording = Pick<ResolvedExec, 'line' | 'command' | 'before'>;

/**
 * sshd takes packets of up to 256 KiB, and ends the whole connection for one that is longer. The request around the
 * command takes a few bytes.
 */
const longestLine = 256 * 1024 - 256;

const defaultMaxBuffer = 16 * 1024 * 1024;

/** Most commands have none: there is nothing to check then. */
export const noOptions: ExecOptions = Object.freeze({});

/** Checks everything before anything opens. @throws TypeError or RangeError that names the option. */
export function resolveExec(
  command: string | readonly string[],
  options: ExecOptions,
  serverVersion: string | undefined,
): ResolvedExec {
  if (options !== noOptions) checkOptions(options, execChecks);
  const shell: Shell = options.shell ?? (isWindowsServer(serverVersion) ? 'cmd' : 'posix');
  const { cwd, env, encoding } = options;
  // As in powershell(): with an encoding of the caller's, the PC's own code page stays.
  const utf8 = isUtf8(encoding);
  const line = buildCommandLine({ command, shell, cwd, env, utf8 });
  // The values of `env` may be secrets: results, messages and logs get the command without them.
  checkLength(line);
  return resolveCommon(
    { line, command: shownCommand({ command, shell, utf8 }) },
    options,
    onWindows(serverVersion, shell),
  );
}

/** As `resolveExec`, for a PowerShell script. */
export function resolveScript(
  script: string,
  options: PowerShellOptions,
  serverVersion: string | undefined,
): ResolvedExec {
  checkOptions(options, powerShellChecks);
  const shell = options.shell ?? (isWindowsServer(serverVersion) ? 'powershell' : 'pwsh');
  const { cwd, env, encoding } = options;
  const { command: line, stdin } = buildPowerShell(script, { shell, cwd, env, utf8: isUtf8(encoding) });
  const before = stdin === undefined ? undefined : Buffer.from(stdin);
  return resolveCommon({ line, command: script, before }, options, onWindows(serverVersion, shell));
}

function checkLength(line: string): void {
  const length = Buffer.byteLength(line);
  if (length <= longestLine) return;
  throw new RangeError(
    `option command: ${length} bytes given, env and cwd included; at most ${longestLine} would be right: servers end the connection for more. Send data through stdin or a file`,
  );
}

/** If the server does not say, the shell does. */
function onWindows(serverVersion: string | undefined, shell: Shell): boolean {
  return serverVersion === undefined
    ? shell === 'cmd' || shell === 'powershell'
    : isWindowsServer(serverVersion);
}

function isUtf8(encoding: string | undefined): boolean {
  return encoding === undefined || encoding === 'buffer' || /^utf-?8$/i.test(encoding);
}

/** What does not depend on how the command line is made. */
function resolveCommon(
  { line, command, before }: Wording,
  options: ExecOptions | PowerShellOptions,
  isWindows: boolean,
): ResolvedExec {
  const { timeout = Number.POSITIVE_INFINITY, maxBuffer = defaultMaxBuffer, encoding = 'utf8' } = options;
  const decode = encoding === 'buffer' ? undefined : () => createDecoder(encoding);
  return {
    line,
    command,
    isWindows,
    encoding,
    decodeStdout: decode,
    decodeStderr: decode,
    before,
    stdin: resolveStdin(options.stdin, encoding),
    timeout,
    signal: options.signal,
    maxBuffer,
    pty: resolvePty(options.pty),
    onStdout: options.onStdout,
    onStderr: options.onStderr,
    reject: options.reject ?? true,
  };
}

function resolveStdin(stdin: ExecOptions['stdin'], encoding: string): Buffer | Readable | undefined {
  if (typeof stdin === 'string') return encode(stdin, encoding === 'buffer' ? 'utf8' : encoding);
  if (!(stdin instanceof Uint8Array)) return stdin;
  return Buffer.from(stdin.buffer, stdin.byteOffset, stdin.byteLength);
}

function resolvePty(pty: boolean | PtyOptions | undefined): boolean | PtyOptions | undefined {
  if (pty === undefined || pty === false) return undefined;
  if (pty === true) return true;
  const { cols = 80, rows = 24, term = 'vt100' } = pty;
  return { cols, rows, term };
}
