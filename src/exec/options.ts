import type { Readable } from 'node:stream';
import { checkOptions } from '../check/options.ts';
import { isWindowsServer } from '../ssh2/transport/server-kind.ts';
import { execChecks, powerShellChecks } from './checks.ts';
import { buildCommandLine, type Shell, shownCommand } from './command-line/command-line.ts';
import { buildPowerShell } from './command-line/powershell-script.ts';
import { createDecoder, type Decoder, encode } from './output/decode.ts';
import type { ExecOptions, PowerShellOptions, PtyOptions } from './types.ts';

/** A command with all options validated and defaults applied. */
export interface ResolvedExec {
  /** The command string sent to the server. */
  line: string;
  /** The command as messages and results show it. */
  command: string;
  isWindows: boolean;
  encoding: string;
  /** Undefined with `encoding: 'buffer'`. */
  decodeStdout: (() => Decoder) | undefined;
  decodeStderr: (() => Decoder) | undefined;
  /** Bytes written to stdin before anything else. */
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

type Wording = Pick<ResolvedExec, 'line' | 'command' | 'before'>;

/**
 * Limit in bytes. sshd accepts packets of up to 256 KiB and disconnects when one is longer; the rest of the exec request
 * takes a few bytes.
 */
const longestLine = 256 * 1024 - 256;

const defaultMaxBuffer = 16 * 1024 * 1024;

/** The default: recognized by identity, so that a call without options skips the checks. */
export const noOptions: ExecOptions = Object.freeze({});

/** Validates everything before a session opens. @throws {TypeError | RangeError} naming the option. */
export function resolveExec(
  command: string | readonly string[],
  options: ExecOptions,
  serverVersion: string | undefined,
): ResolvedExec {
  if (options !== noOptions) checkOptions(options, execChecks);
  const shell: Shell = options.shell ?? (isWindowsServer(serverVersion) ? 'cmd' : 'posix');
  const { cwd, env, encoding } = options;
  // As in powershell(): with an explicit encoding, the PC's own code page remains.
  const utf8 = isUtf8(encoding);
  const line = buildCommandLine({ command, shell, cwd, env, utf8 });
  checkLength(line);
  // Values of `env` may be secrets: results, messages and logs show the command without them.
  return resolveCommon(
    { line, command: shownCommand({ command, shell, utf8 }) },
    options,
    onWindows(serverVersion, shell),
  );
}

/** Like `resolveExec`, for a PowerShell script. */
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

/** If the server's version is unknown, the shell decides. */
function onWindows(serverVersion: string | undefined, shell: Shell): boolean {
  return serverVersion === undefined
    ? shell === 'cmd' || shell === 'powershell'
    : isWindowsServer(serverVersion);
}

function isUtf8(encoding: string | undefined): boolean {
  return encoding === undefined || encoding === 'buffer' || /^utf-?8$/i.test(encoding);
}

/** The options that do not affect the command line. */
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
