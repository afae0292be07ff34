// biome-ignore-all lint/suspicious/noTemplateCurlyInString: shell parameters, not template strings
import type { GatewayConnection } from './types.ts';

/** The first line of every answer: without it something else ran, or nothing. */
const marker = 'ssh-via-gateway-script-1';
const scriptTimeout = 10_000;
const maxAnswer = 4 << 20;

/** The lines that a script printed, split into words, by their first word. */
export type ScriptAnswer = ReadonlyMap<string, readonly (readonly string[])[]>;

/**
 * Runs a POSIX shell script on the gateway, whatever the account's login shell. `exec` keeps sshd's child the parent
 * of the script, which is how it knows its own session. The script must contain neither a single quote nor a line
 * break: those are all that some login shells would not pass on.
 *
 * Returns undefined when the account cannot run it: no shell, a forced command, no sessions.
 */
export async function runScript(
  connection: Pick<GatewayConnection, 'exec'>,
  statements: readonly string[],
  signal?: AbortSignal,
): Promise<ScriptAnswer | undefined> {
  const script = [`echo ${marker}`, ...statements].join('; ');
  const options = { reject: false, timeout: scriptTimeout, maxBuffer: maxAnswer } as const;
  let stdout: string;
  try {
    ({ stdout } = await connection.exec(`exec sh -c '${script}'`, signal ? { ...options, signal } : options));
  } catch (error) {
    if (signal?.aborted) throw error;
    return undefined;
  }
  const [first, ...lines] = stdout.split('\n').map((line) => line.trim());
  return first === marker ? byFirstWord(lines) : undefined;
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

/**
 * Shell functions. `stat_of PID` sets `comm`, `state`, `ppid` and `start` (clock ticks after boot: with the pid, it
 * names a process for ever); `is_sshd` says whether that was a live sshd. Names have been `sshd`, `sshd-session`
 * (since 9.8) and `sshd-auth`.
 */
export const processFunctions = [
  'stat_of() { { read -r line < "/proc/$1/stat"; } 2>/dev/null || return 1',
  'comm="${line#*(}"; comm="${comm%%)*}"; set -- ${line##*) }; state="$1"; ppid="$2"; start="${20}"; }',
  'is_sshd() { case "$comm" in sshd*) [ "$state" != Z ];; *) return 1;; esac; }',
];

/** Prints `boot ID` and, without a readable /proc, `noproc`. */
export const printBoot = [
  'boot=none; { read -r boot < /proc/sys/kernel/random/boot_id; } 2>/dev/null',
  '[ -r /proc/self/stat ] && [ -r /proc/net/tcp ] || echo noproc',
];

/** Prints `self PID START COMM` of the sshd process that serves this very connection. */
export const printSelf = ['stat_of "$PPID" && echo "self $PPID $start $comm"', 'echo "uid $(id -u)"'];

/** Prints `session PID START UID PPID COMM` for every sshd process. */
export const printSessions = [
  'for d in /proc/[0-9]*; do stat_of "${d#/proc/}" && is_sshd || continue',
  'uid=; while read -r key real rest; do [ "$key" = Uid: ] && uid="$real" && break; done 2>/dev/null < "$d/status"',
  'echo "session ${d#/proc/} $start $uid $ppid $comm"; done',
];

/** Prints `listener ADDRESS:PORT UID` (hexadecimal, as in /proc/net/tcp) for the listeners on `ports`, or on all. */
export function printListeners(ports: readonly number[] | undefined): string[] {
  const any = ports === undefined ? '[0-9A-F]*' : `(${ports.map(hexPort).join('|')})`;
  return [
    `grep -hE "^ *[0-9]+: [0-9A-F]+:${any} [0-9A-F]+:0000 0A " /proc/net/tcp /proc/net/tcp6 2>/dev/null | ` +
      'while read -r sl local remote st queue timer retr owner rest; do echo "listener $local $owner"; done',
  ];
}

function hexPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}

/** The word at `index` of the first line that began with `word`. */
export function first(answer: ScriptAnswer, word: string, index = 0): string | undefined {
  return answer.get(word)?.[0]?.[index];
}

/** One line of {@link printSessions}. */
export interface SshdProcess {
  pid: string;
  start: string;
  uid: string;
  ppid: string;
}

/**
 * The processes that serve sessions: not the listener, whose parent is no sshd, and not the privileged monitors, each
 * of which has its session as a child.
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
