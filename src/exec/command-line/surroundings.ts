import { quoted } from '../../text/printable.ts';
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
const windowsName = /^[A-Za-z_][A-Za-z0-9_.()-]*$/;

/** Throws a TypeError that names the option for an empty or impossible folder, name or value. */
export function checkSurroundings(
  { cwd, env }: Surroundings,
  system: 'posix' | 'windows',
): CheckedSurroundings {
  if (cwd !== undefined) {
    checkText('cwd', cwd);
    if (cwd === '') throw new TypeError('cwd must name a folder; leave it out to stay in the default one');
  }
  if (env === undefined) return { cwd, env: [] };
  if (typeof env !== 'object' || env === null) throw new TypeError('env must be an object of strings');
  for (const [name, value] of Object.entries(env)) {
    const valid = system === 'posix' ? posixName : windowsName;
    if (!valid.test(name)) throw new TypeError(`env has a name that no shell can set: ${quoted(name)}`);
    checkSecretText(`env.${name}`, value);
  }
  return { cwd, env: Object.entries(env) };
}
