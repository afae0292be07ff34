import { checkBag } from '../../check/options.ts';
import { wrongSecret, wrongType } from '../../check/wrong.ts';
import { printable, quoted } from '../../text/printable.ts';
import { checkSecretText, checkText } from '../quote/argv.ts';

/** Where and with which variables a command runs. */
export interface Surroundings {
  /** The folder to run in. The command does not run, and fails, when the folder is missing. */
  cwd?: string | undefined;
  /** Set for the command and what it starts. On Windows an empty value removes the variable. */
  env?: Readonly<Record<string, string>> | undefined;
}

/** The same, checked. */
export interface CheckedSurroundings {
  cwd: string | undefined;
  env: readonly (readonly [name: string, value: string])[];
}

// Windows has names such as ProgramFiles(x86); in a POSIX shell only these characters make a name.
const posixName = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** bash sets these itself: it would silently overwrite the value. */
const ownOfBash = new Set(['BASHOPTS', 'BASH_VERSINFO', 'EUID', 'PPID', 'SHELLOPTS', 'UID']);
const windowsName = /^[A-Za-z_][A-Za-z0-9_.()-]*$/;

/** Throws a TypeError that names the option for an empty or impossible folder, name or value. */
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

/** Values may be secrets: only their type is shown. */
export function checkEnv(name: string, value: unknown): void {
  if (typeof value === 'string') throw wrongSecret(name, value, 'an object of strings');
  checkBag(name, value, 'an object of strings');
  for (const [variable, text] of Object.entries(value)) {
    checkSecretText(`${name}.${printable(variable, 60)}`, text);
  }
}
