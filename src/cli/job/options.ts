import type { OptionSpec } from '../args/option-spec.ts';
import type { Settings } from '../args/settings.ts';
import { pair } from '../args/values.ts';
import type { StartJobOptions } from '../library.ts';
import { UsageError } from '../usage-error.ts';

const folder: OptionSpec = {
  name: 'dir',
  value: 'DIR',
  help: 'folder on the PC that holds the jobs. Default ~/.ssh-via-gateway/jobs, on Windows in %LOCALAPPDATA%',
};

export const attachOptions: readonly OptionSpec[] = [folder];

export const logOptions: readonly OptionSpec[] = [
  {
    name: 'encoding',
    value: 'NAME',
    help: 'decode the output (cp949, ...) and print UTF-8. Default: bytes as they come',
  },
];

export const startOptions: readonly OptionSpec[] = [
  { name: 'id', value: 'ID', help: 'the name of the job, yours to choose: the same id never starts twice' },
  folder,
  { name: 'cwd', value: 'DIR', help: 'folder to run in' },
  { name: 'env', value: 'NAME=VALUE', multiple: true, help: 'environment variable for the job' },
  {
    name: 'shell',
    value: 'SHELL',
    help: 'posix, cmd, powershell, pwsh or raw. Default: cmd on Windows, else posix',
  },
  { name: 'interactive', help: 'Windows: on the desktop of the user, who must be logged on (UiPath, Excel)' },
];

export function startOptionsOf(settings: Settings): StartJobOptions {
  const id = settings.text('id');
  if (id === undefined) throw new UsageError('Give the job a name: --id billing-2026-11-22');
  const env = Object.fromEntries(settings.list('env').map((one) => pair(one, '--env')));
  const cwd = settings.text('cwd');
  const shell = settings.choice('shell', ['posix', 'cmd', 'powershell', 'pwsh', 'raw']);
  return {
    id,
    ...folderOf(settings),
    cwd,
    ...(Object.keys(env).length === 0 ? {} : { env }),
    shell,
    interactive: settings.flag('interactive') || undefined,
  };
}

export function folderOf(settings: Settings): { dir?: string } {
  const dir = settings.text('dir');
  return dir === undefined ? {} : { dir };
}

/** One word is a command line; several are a program and its arguments. */
export function wordsOf(rest: readonly string[]): string | readonly string[] {
  const [command, ...others] = rest;
  if (command === undefined) throw new UsageError('Which command? Give it after the destination');
  return others.length === 0 ? command : rest;
}
