import { type Checks, checkOptions, object, required } from '../check/options.ts';
import {
  abortSignal,
  type Check,
  callback,
  checkText,
  flag,
  limit,
  ms,
  oneOf,
  position,
  whole,
} from '../check/values.ts';
import { wrongType } from '../check/wrong.ts';
import { buffered, encodingOrBuffer } from '../exec/checks.ts';
import { shells } from '../exec/command-line/command-line.ts';
import { checkCwd, checkEnv } from '../exec/command-line/surroundings.ts';
import { checkJobId } from './job-id.ts';
import type { RunJobOptions } from './run/run-types.ts';
import type {
  AttachJobOptions,
  FollowOptions,
  InteractiveOptions,
  JobOffsets,
  JobsOptions,
  StartJobOptions,
} from './types.ts';

const folder: Check = (name, value) => {
  checkText(name, value, 'the path of a folder on the server');
  if (/[\r\n]/.test(value)) throw wrongType(name, value, 'a path without line breaks');
};

/** Where to start; either stream may be omitted. */
const offsets = object<Partial<JobOffsets>>({ stdout: position, stderr: position });

const interactiveChecks: Checks<InteractiveOptions> = {
  runLevel: oneOf('limited', 'highest'),
  executionTimeLimit: ms(),
};

export const jobsChecks: Checks<JobsOptions> = { dir: folder, signal: abortSignal };

export function checkJobsOptions(id: string, options: JobsOptions): void {
  checkJobId(id);
  checkOptions(options, jobsChecks);
}

export const attachChecks: Checks<AttachJobOptions> = { dir: folder, encoding: encodingOrBuffer };

export const startChecks: Checks<StartJobOptions> = {
  ...jobsChecks,
  ...attachChecks,
  id: required((_name, value) => checkJobId(value)),
  shell: oneOf(...shells),
  cwd: checkCwd,
  env: checkEnv,
  interactive: checkInteractive,
};

export const runChecks: Checks<RunJobOptions> = {
  ...startChecks,
  onOutput: callback,
  onErrorOutput: callback,
  pollInterval: ms(),
  timeout: limit(),
  maxBuffer: buffered,
  reject: flag,
  keep: oneOf(true, false, 'succeeded'),
  killOnAbort: flag,
};

export const signalChecks: Checks<{ signal?: AbortSignal | undefined }> = { signal: abortSignal };
export const outputChecks: Checks<Omit<FollowOptions, 'pollInterval'>> = { ...signalChecks, from: offsets };
export const followChecks: Checks<FollowOptions> = { ...outputChecks, pollInterval: ms() };
export const killChecks: Checks<{ signal?: AbortSignal | undefined; grace?: number | undefined }> = {
  ...signalChecks,
  grace: whole(0, 60_000, 'milliseconds from 0 to 60000'),
};

function checkInteractive(name: string, value: unknown): void {
  const right = 'true, false or { runLevel, executionTimeLimit }';
  if (typeof value !== 'boolean') object(interactiveChecks, right)(name, value);
}
