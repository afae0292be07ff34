import { type Checks, object } from '../check/options.ts';
import {
  abortSignal,
  atLeast,
  type Check,
  callback,
  flag,
  limit,
  oneOf,
  orInfinity,
  textOrEmpty,
  whole,
} from '../check/values.ts';
import { wrongType } from '../check/wrong.ts';
import { shells } from './command-line/command-line.ts';
import { checkCwd, checkEnv } from './command-line/surroundings.ts';
import { assertEncoding } from './output/decode.ts';
import type { ExecOptions, PowerShellOptions, PtyOptions } from './types.ts';

/** A supported text encoding, or `buffer` for bytes. */
export const encodingOrBuffer: Check = (name, value) => {
  if (value !== 'buffer') assertEncoding(value, name);
};

/** A limit in bytes, or `Infinity`. */
export const buffered: Check = orInfinity(atLeast(0, 'a whole number of bytes'));

const ptyChecks: Checks<PtyOptions> = {
  cols: whole(1, 65_535),
  rows: whole(1, 65_535),
  // An empty TERM means an unknown terminal.
  term: textOrEmpty("a terminal's name", 255),
};

export const execChecks: Checks<ExecOptions> = {
  stdin: checkStdin,
  cwd: checkCwd,
  env: checkEnv,
  shell: oneOf(...shells),
  encoding: encodingOrBuffer,
  timeout: limit(),
  signal: abortSignal,
  maxBuffer: buffered,
  pty: checkPty,
  onStdout: callback,
  onStderr: callback,
  reject: flag,
};

export const powerShellChecks: Checks<PowerShellOptions> = {
  ...execChecks,
  shell: oneOf('powershell', 'pwsh'),
};

/** The input may be a secret, so messages show only its type. */
function checkStdin(name: string, value: unknown): void {
  if (typeof value === 'string' || value instanceof Uint8Array) return;
  if (typeof (value as { pipe?: unknown } | null)?.pipe === 'function') return;
  throw wrongType(name, value, 'a string, a Buffer or a Readable');
}

function checkPty(name: string, value: unknown): void {
  if (typeof value !== 'boolean') object(ptyChecks, 'true, false or an object')(name, value);
}
