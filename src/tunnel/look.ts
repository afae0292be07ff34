// biome-ignore-all lint/suspicious/noTemplateCurlyInString: shell parameters, not template strings
import { ChannelOpenFailed } from '../errors/index.ts';
import {
  first,
  printBoot,
  printListeners,
  printSelf,
  printSessions,
  processFunctions,
  runScript,
  type ScriptAnswer,
  sessionsOf,
} from './gateway-script.ts';
import { noShell, noteFolder } from './note.ts';
import type { GatewayConnection } from './types.ts';

export interface Listener {
  port: number;
  address: string;
  uid: number;
  /** The process that listens; only root sees it. */
  pid?: number;
}

export interface SessionInfo {
  pid: number;
  start: string;
  uid: number;
  since: Date;
}

/** What an account can see of a gateway's tunnels. */
export interface TunnelSight {
  root: boolean;
  /** No readable /proc: nothing of the following can be seen. */
  blind: boolean;
  /** The sshd process of the connection that looks. */
  self: number;
  listeners: readonly Listener[];
  sessions: readonly SessionInfo[];
  sshdPids: ReadonlySet<number>;
  users: ReadonlyMap<number, string>;
  notes: ReadonlyMap<number, { pid: number; start: string }>;
}

/** Root sees which process listens; everybody sees who. */
const printHolders = [
  'if [ "$(id -u)" = 0 ]; then ss -Htlnp 2>/dev/null | while read -r st rq sq at peer who; do pid="${who#*pid=}"; ' +
    'case "$who" in *pid=*) echo "holder ${at##*:} ${pid%%,*}";; esac; done; fi',
];

/** Every note that this account can read: its own, and as root everybody's. */
const printNotes = [
  `if [ "$(id -u)" = 0 ]; then homes=$(cut -d: -f6 /etc/passwd | sort -u); else homes="$HOME"; fi`,
  `for h in $homes; do for f in "$h/${noteFolder}"/[0-9]*; do { read -r p s b < "$f"; } 2>/dev/null && echo "note \${f##*/} $p $s $b"; done; done`,
];

/** Ages in seconds by a clock that both sides share: now minus the time since boot. */
const printClock = [
  '{ read -r up idle < /proc/uptime; } 2>/dev/null && echo "clock $up $(getconf CLK_TCK 2>/dev/null || echo 100)"',
];

const printUsers = [
  'for u in $(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | while read -r sl local remote st queue timer retr owner rest; do echo "$owner"; done | sort -u); do ' +
    'case "$u" in *[!0-9]*) ;; *) echo "user $u $(id -nu "$u" 2>/dev/null)";; esac; done',
];

/** @throws {ChannelOpenFailed} when the account cannot run commands. */
export async function lookAtTunnels(
  connection: Pick<GatewayConnection, 'exec'>,
  ports: readonly number[] | undefined,
  signal?: AbortSignal,
): Promise<TunnelSight> {
  // Many ports would make too long a command: then all are listed, and chosen from here.
  const named = ports && ports.length <= 200 ? ports : undefined;
  const answer = await runScript(
    connection,
    [
      ...processFunctions,
      ...printBoot,
      'echo "boot $boot"',
      ...printSelf,
      ...printListeners(named),
      ...printHolders,
      ...printNotes,
      ...printClock,
      ...printUsers,
      ...printSessions,
    ],
    signal,
  );
  if (!answer) {
    throw new ChannelOpenFailed(`The gateway’s tunnels cannot be listed: ${noShell}`, { phase: 'channel' });
  }
  return sightOf(answer, Date.now());
}

function sightOf(answer: ScriptAnswer, now: number): TunnelSight {
  const holders = new Map(
    (answer.get('holder') ?? []).map(([port, pid]) => [Number(port), Number(pid)] as const),
  );
  const boot = first(answer, 'boot');
  const uptime = Number(first(answer, 'clock') ?? 0);
  const ticks = Number(first(answer, 'clock', 1) ?? 100);
  const sessions = sessionsOf(answer).map(({ pid, start, uid }) => ({
    pid: Number(pid),
    start,
    uid: Number(uid),
    since: new Date(Math.round(now - (uptime - Number(start) / ticks) * 1000)),
  }));
  const notes = (answer.get('note') ?? [])
    .filter(([, , , at]) => at === boot)
    .map(([port, pid, start = '']) => [Number(port), { pid: Number(pid), start }] as const);
  const users = (answer.get('user') ?? []).flatMap(([uid, name]) =>
    name === undefined ? [] : [[Number(uid), name] as const],
  );
  return {
    root: first(answer, 'uid') === '0',
    blind: answer.has('noproc'),
    self: Number(first(answer, 'self') ?? 0),
    listeners: (answer.get('listener') ?? []).flatMap(([where = '', uid]) => listener(where, uid, holders)),
    sessions,
    sshdPids: new Set((answer.get('session') ?? []).map(([pid]) => Number(pid))),
    users: new Map(users),
    notes: new Map(notes),
  };
}

/** From /proc/net/tcp: `0100007F:2334`, four-byte groups in the machine's byte order, port in network order. */
function listener(where: string, uid: string | undefined, holders: ReadonlyMap<number, number>): Listener[] {
  const [hexAddress = '', hexPort = ''] = where.split(':');
  const port = Number.parseInt(hexPort, 16);
  if (!(port >= 1 && port <= 65_535)) return [];
  const pid = holders.get(port);
  const found = { port, address: addressOf(hexAddress), uid: Number(uid) };
  return [pid === undefined ? found : { ...found, pid }];
}

/** Little-endian, as on x86 and ARM. */
function addressOf(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  if (bytes.length === 4) return [...bytes.reverse()].join('.');
  if (bytes.length !== 16) return hex;
  const words: string[] = [];
  for (let at = 0; at < 16; at += 4) {
    const value = bytes.readUInt32LE(at);
    words.push((value >>> 16).toString(16), (value & 0xffff).toString(16));
  }
  return compress(words);
}

function compress(words: readonly string[]): string {
  const text = words.join(':');
  if (/^(0:){7}[01]$/.test(text)) return text.endsWith('1') ? '::1' : '::';
  return text.replace(/(^|:)0(:0)+(:|$)/, '::');
}
