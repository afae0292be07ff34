import { execFile } from 'node:child_process';

/** What a finished program left. */
export interface Finished {
  code: number | string;
  stdout: string;
  stderr: string;
}

interface RunOptions {
  cwd: string;
  /** Added to a copy of the environment that has nothing of the test runner in it. */
  env?: Record<string, string>;
  /** Milliseconds until the program is killed. Default 120,000. */
  timeout?: number;
}

/** Runs a program to its end and never rejects: how it ended is the test's to judge. */
export function run(program: string, args: readonly string[], options: RunOptions): Promise<Finished> {
  const { cwd, env = {}, timeout = 120_000 } = options;
  const settings = {
    cwd,
    timeout,
    env: { ...plainEnvironment(), ...env },
    maxBuffer: 64 * 1024 * 1024,
  };
  return new Promise((resolve) => {
    execFile(program, [...args], settings, (error, stdout, stderr) => {
      resolve({ code: error ? (error.code ?? error.signal ?? 'failed') : 0, stdout, stderr });
    });
  });
}

/** Like {@link run}, but a failure throws with everything that the program said. Returns its standard output. */
export async function runOrThrow(
  program: string,
  args: readonly string[],
  options: RunOptions,
): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, options);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}\n${stdout}\n${stderr}`);
  return stdout;
}

/** npm and the test runner hand their own settings to children; a user's shell has none of them. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(
    ([name]) => !/^(npm_lifecycle|npm_package|NODE_OPTIONS|NODE_PATH|NODE_ENV|VITEST|TEST$)/.test(name),
  );
  return Object.fromEntries(entries);
}
