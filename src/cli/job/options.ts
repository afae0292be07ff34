import { jobsChecks } from '../../job/checks.ts';
import { checkJobId } from '../../job/job-id.ts';
import { asLibrary } from '../args/checks.ts';
import type { OptionSpec } from '../args/option-spec.ts';
import type { Settings } from '../args/settings.ts';
import { surroundingOptions, surroundingsOf } from '../exec/options.ts';
import type { StartJobOptions } from '../library.ts';
import { UsageError } from '../usage-error.ts';

const folder: OptionSpec = {
  name: 'dir',
  value: 'DIR',
  check: asLibrary(jobsChecks.dir),
  help: 'folder on the PC that holds the jobs',
  default: '~/.ssh-via-gateway/jobs, on Windows in %LOCALAPPDATA%',
};

export const attachOptions: readonly OptionSpec[] = [folder];

export const startOptions: readonly OptionSpec[] = [
  {
    name: 'id',
    value: 'ID',
    check: asLibrary((_name, value) => checkJobId(value)),
    help: 'the name of the job, yours to choose: the same id never starts twice',
  },
  folder,
  ...surroundingOptions,
  { name: 'interactive', help: 'Windows: on the desktop of the user, who must be logged on (UiPath, Excel)' },
];

export function startOptionsOf(settings: Settings): StartJobOptions {
  const id = settings.text('id');
  if (id === undefined) throw new UsageError('Give the job a name: --id billing-2026-11-22');
  return {
    id,
    ...folderOf(settings),
    ...surroundingsOf(settings),
    interactive: settings.flag('interactive') || undefined,
  };
}

export function folderOf(settings: Settings): { dir?: string } {
  const dir = settings.text('dir');
  return dir === undefined ? {} : { dir };
}
