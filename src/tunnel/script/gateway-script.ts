import { isSshError } from '../../errors/index.ts';
import { anyShellQuoted } from '../../text/shell-word.ts';
import type { GatewayConnection } from '../types.ts';

/** The first line of every answer: if it is missing, something else ran, or nothing. */
const marker = 'ssh-via-gateway-script-1';
const scriptTimeout = 10_000;
const maxAnswer = 4 << 20;

/** The lines that a script printed, split into words and grouped by their first word. */
export type ScriptAnswer = ReadonlyMap<string, readonly (readonly string[])[]>;

/** Why there is no answer: the account cannot run a script, or the script did not finish in time. */
export type NoAnswer = 'no-shell' | 'timeout';

/** The same as text. */
export const noAnswer: Readonly<Record<NoAnswer, string>> = {
  'no-shell':
    'The account cannot run commands on the gateway (no shell, a forced command, or sessions forbidden), and ending a session needs one. A Unix socket with StreamLocalBindUnlink needs none.',
  timeout: `The gateway did not finish a script within ${scriptTimeout} ms: it is overloaded, or one of its disks hangs.`,
};

/** As `askScript`, for what goes on without the answer: a request for it that is not answered is a timeout like any other. */
export async function runScript(...given: Parameters<typeof askScript>): ReturnType<typeof askScript> {
  const [, , signal] = given;
  try {
    return await askScript(...given);
  } catch (error) {
    if (signal?.aborted || codeOf(error) !== 'SSH_CHANNEL_TIMEOUT') throw error;
    return 'timeout';
  }
}

/**
 * Runs a POSIX shell script on the gateway, whatever the account's login shell. Thanks to `exec`, sshd's child is the
 * parent of the script, which is how the script identifies its own session. The script must not contain line breaks,
 * which csh does not pass on.
 *
 * @throws {ConnectionLost | ChannelTimeout} if the connection ended, or the gateway did not even answer the request:
 *   nothing is known about the account then.
 */
export async function askScript(
  connection: Pick<GatewayConnection, 'exec'>,
  statements: readonly string[],
  signal?: AbortSignal,
): Promise<ScriptAnswer | NoAnswer> {
  const script = [`echo ${marker}`, ...statements].join('; ');
  const options = { reject: false, timeout: scriptTimeout, maxBuffer: maxAnswer } as const;
  let stdout: string;
  try {
    ({ stdout } = await connection.exec(`exec sh -c ${anyShellQuoted(script)}`, { ...options, signal }));
  } catch (error) {
    const code = codeOf(error) ?? '';
    if (signal?.aborted || ['SSH_CONNECTION_LOST', 'SSH_CHANNEL_TIMEOUT'].includes(code)) throw error;
    return code === 'SSH_COMMAND_TIMEOUT' ? 'timeout' : 'no-shell';
  }
  const [first, ...lines] = stdout.split('\n').map((line) => line.trim());
  return first === marker ? byFirstWord(lines) : 'no-shell';
}

function codeOf(error: unknown): string | undefined {
  return isSshError(error) ? error.code : undefined;
}

function byFirstWord(lines: readonly string[]): ScriptAnswer {
  const answer = new Map<string, string[][]>();
  for (const line of lines) {
    const [word = '', ...rest] = line.split(/\s+/);
    if (word === '') continue;
    const known = answer.get(word);
    if (known) known.push(rest);
    else answer.set(word, [rest]);
  }
  return answer;
}

/** Assignments to put before a script. The values must not contain characters that are special within double quotes. */
export function assign(values: Readonly<Record<string, string | number>>): string {
  const words = Object.entries(values).map(([name, value]) => {
    if (!/^[\w./()[\]|*-]*$/.test(`${value}`))
      throw new TypeError(`${name} is no word for a shell: ${value}`);
    return `${name}="${value}"`;
  });
  return words.join('; ');
}

/** A pattern for `listeners`: these ports as /proc/net/tcp prints them, or any port. */
export function hexPorts(ports: readonly number[] | undefined): string {
  return ports === undefined ? '[0-9A-F]*' : `(${ports.map(hexPort).join('|')})`;
}

function hexPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}

/** The word at `index` of the first line that began with `word`. */
export function first(answer: ScriptAnswer, word: string, index = 0): string | undefined {
  return answer.get(word)?.[0]?.[index];
}

/** One line of the output of `sessions`. */
export interface SshdProcess {
  pid: string;
  start: string;
  uid: string;
  ppid: string;
}

/**
 * The processes that serve sessions: not the listener, whose parent is not an sshd, and not the privileged monitors,
 * each of which has its session as a child.
 */
export function sessionsOf(answer: ScriptAnswer): SshdProcess[] {
  const all = (answer.get('session') ?? []).map(([pid = '', start = '', uid = '', ppid = '']) => ({
    pid,
    start,
    uid,
    ppid,
  }));
  const pids = new Set(all.map(({ pid }) => pid));
  const parents = new Set(all.map(({ ppid }) => ppid));
  return all.filter(({ pid, ppid }) => pids.has(ppid) && !parents.has(pid));
}
