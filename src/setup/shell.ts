import { execFile } from 'node:child_process';
import { isSshError } from '../errors/index.ts';
import { quoteForAnyShell } from '../exec/quote/any-shell.ts';
import { posixWord } from '../exec/quote/posix.ts';
import { printable } from '../text/printable.ts';
import { library } from './gateway/scripts.generated.ts';

/** Where the gateway scripts run: on this machine or over SSH. */
export interface GatewayShell {
  /** For messages: `this machine` or the gateway's name. */
  readonly name: string;
  run(argv: readonly string[]): Promise<{ exitCode: number | null; stdout: string; stderr: string }>;
}

/** A set-up failed. The message says why, and what happened to the changes already made. */
export class SetupFailed extends Error {
  override name = 'SetupFailed';
}

/** The output of a gateway script: the rest of each line, by its first word. */
export class SetupAnswer {
  readonly #lines: readonly (readonly [word: string, rest: string])[];

  constructor(stdout: string) {
    this.#lines = stdout.split('\n').map((line) => {
      const [word = '', ...rest] = line.trim().split(' ');
      return [word, rest.join(' ')] as const;
    });
  }

  all(word: string): string[] {
    return this.#lines.filter(([first]) => first === word).map(([, rest]) => rest);
  }

  first(word: string): string | undefined {
    return this.all(word)[0];
  }
}

const scriptTimeout = 90_000;
const maxAnswer = 4 << 20;

/**
 * Runs a script with assignments in front of it. The values are quoted, never inserted into the script.
 * @throws {SetupFailed} with the script's own reason, or because it did not run to its end.
 */
export async function runSetup(
  shell: GatewayShell,
  variables: Readonly<Record<string, string>>,
  script: string,
): Promise<SetupAnswer> {
  const assignments = Object.entries(variables).map(([name, value]) => `${name}=${posixWord(value)}\n`);
  const text = [...assignments, library, script].join('');
  const { exitCode, stdout, stderr } = await shell.run(['/bin/sh', '-c', text]);
  const answer = new SetupAnswer(stdout);
  const reason = answer.first('failed');
  if (reason !== undefined) throw new SetupFailed(`${shell.name}: ${printable(reason, 1_500)}`);
  if (answer.first('done') === undefined) {
    const words = printable(stderr.trim() || stdout.trim() || 'it said nothing', 500);
    throw new SetupFailed(`${shell.name}: the script ended before its end, with ${exitCode}: ${words}`);
  }
  return answer;
}

/** Runs scripts on this machine. */
export function localShell(): GatewayShell {
  return {
    name: 'this machine',
    run: ([program = '', ...args]) =>
      new Promise((resolve) => {
        const options = { timeout: scriptTimeout, maxBuffer: maxAnswer };
        const child = execFile(program, args, options, (error, stdout, stderr) => {
          const failed = error ? (typeof error.code === 'number' ? error.code : null) : 0;
          resolve({
            exitCode: failed,
            stdout,
            stderr: stderr || (error && failed === null ? error.message : ''),
          });
        });
        child.stdin?.end();
      }),
  };
}

interface ExecConnection {
  exec(
    command: string,
    options: { reject: false; timeout: number; maxBuffer: number; shell: 'raw' },
  ): PromiseLike<{ exitCode: number | null; stdout: string; stderr: string }>;
}

/** Runs scripts over a connection to the gateway; with `sudo`, as root through a sudo that asks for no password. */
export function remoteShell(
  connection: ExecConnection,
  { name, sudo }: { name: string; sudo: boolean },
): GatewayShell {
  const options = { reject: false, timeout: scriptTimeout, maxBuffer: maxAnswer, shell: 'raw' } as const;
  return {
    name,
    async run(argv) {
      const line = quoteForAnyShell(sudo ? ['sudo', '-n', ...argv] : argv);
      try {
        return await connection.exec(line, options);
      } catch (error) {
        if (!isSshError(error)) throw error;
        throw new SetupFailed(`${name}: ${error.message}`, { cause: error });
      }
    },
  };
}
