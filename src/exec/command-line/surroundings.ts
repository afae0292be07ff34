import { checkBag } from '../../check/options.ts';
import { wrongSecret, wrongType } from '../../check/wrong.ts';
import { printable, quoted } from '../../text/printable.ts';
import { checkSecretText, checkText } from '../quote/argv.ts';

/** A command's working directory and environment variables. */
export interface Surroundings {
  /** The directory to run in. If it does not exist, the command fails without being run. */
  cwd?: string | undefined;
  /** Set for the command and its child processes. On Windows an empty value removes the variable. */
  env?: Readonly<Record<string, string>> | undefined;
}

/** `Surroundings` after validation. */
export interface CheckedSurroundings {
  cwd: string | undefined;
  env: readonly (readonly [name: string, value: string])[];
}

const posixName = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Variables that bash sets itself; it would silently overwrite the value. */
const ownOfBash = new Set(['BASHOPTS', 'BASH_VERSINFO', 'EUID', 'PPID', 'SHELLOPTS', 'UID']);
/** Windows allows more characters in names, as in `ProgramFiles(x86)`. */
const windowsName = /^[A-Za-z_][A-Za-z0-9_.()-]*$/;

/** @throws {TypeError} naming the option, for an empty or impossible directory, name or value. */
export function checkSurroundings(
  { cwd, env }: Surroundings,
  system: 'posix' | 'windows',
): CheckedSurroundings {
  if (cwd !== undefined) checkCwd('cwd', cwd);
  if (env === undefined) return { cwd, env: [] };
  checkEnv('env', env);
  for (const name of Object.keys(env)) {
    const valid = system === 'posix' ? posixName : windowsName;
    if (!valid.test(name)) throw new TypeError(`option env: ${quoted(name)} is a name that no shell can set`);
    if (system === 'posix' && ownOfBash.has(name))
      throw new TypeError(
        `option env: ${quoted(name)} is a variable that bash sets itself; use another name`,
      );
  }
  return { cwd, env: Object.entries(env) };
}

export function checkCwd(name: string, value: unknown): void {
  checkText(name, value);
  if (value === '') throw wrongType(name, value, 'the path of a folder on the server');
}

/** Values may be secrets, so messages show only their type. */
export function checkEnv(name: string, value: unknown): void {
  if (typeof value === 'string') throw wrongSecret(name, value, 'an object of strings');
  checkBag(name, value, 'an object of strings');
  for (const [variable, text] of Object.entries(value)) {
    checkSecretText(`${name}.${printable(variable, 60)}`, text);
  }
}
