import { ChannelOpenFailed, ChannelTimeout } from '../../errors/index.ts';
import { noteFolder } from '../holder/note.ts';
import {
  askScript,
  assign,
  first,
  hexPorts,
  type NoAnswer,
  noAnswer,
  type ScriptAnswer,
  sessionsOf,
} from '../script/gateway-script.ts';
import * as scripts from '../script/scripts.generated.ts';
import type { GatewayConnection } from '../types.ts';

export interface ListeningPort {
  port: number;
  address: string;
  uid: number;
  /** The listening process; only root can see it. */
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
  /** /proc is not readable: nothing of the following can be seen. */
  blind: boolean;
  /** The sshd process of the connection that runs the script. */
  self: number;
  listeners: readonly ListeningPort[];
  sessions: readonly SessionInfo[];
  users: ReadonlyMap<number, string>;
  notes: ReadonlyMap<number, { pid: number; start: string }>;
}

/**
 * `failed` begins the message of the error.
 * @throws {ChannelOpenFailed} if the account cannot run commands, or the gateway does not finish the script in time.
 * @throws {ChannelTimeout} if it does not answer at all.
 */
export async function lookAtTunnels(
  connection: Pick<GatewayConnection, 'exec'>,
  ports: readonly number[] | undefined,
  failed: string,
  signal?: AbortSignal,
): Promise<TunnelSight> {
  // Many ports would make the command too long: then all are listed, and filtered here.
  const named = ports && ports.length <= 200 ? ports : undefined;
  const answer = await askScript(
    connection,
    [
      assign({ ports: hexPorts(named), notes: noteFolder }),
      scripts.process,
      scripts.boot,
      'echo "boot $boot"',
      scripts.self,
      scripts.listeners,
      scripts.holders,
      scripts.notes,
      scripts.clock,
      scripts.users,
      scripts.sessions,
    ],
    signal,
  ).catch((error) => {
    // By its code, as the connection may come from another copy of the library.
    throw error?.code === 'SSH_CHANNEL_TIMEOUT' ? mayAskAgain(error) : error;
  });
  if (typeof answer === 'string') throw notSeen(failed, answer);
  return sightOf(answer, Date.now());
}

/** A command must not run twice; looking may. */
function mayAskAgain(error: ChannelTimeout): ChannelTimeout {
  const { message, phase, host, port, hop, timeoutMs, hint } = error;
  return new ChannelTimeout(message, {
    ...{ phase, host, port, hop, timeoutMs, hint },
    retryable: true,
    cause: error,
  });
}

function notSeen(failed: string, why: NoAnswer): ChannelOpenFailed {
  return new ChannelOpenFailed(`${failed}: ${noAnswer[why]}`, {
    phase: 'channel',
    retryable: why === 'timeout',
  });
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
    users: new Map(users),
    notes: new Map(notes),
  };
}

/**
 * From /proc/net/tcp: `0100007F:2334`; the address in four-byte groups in host byte order, the port as a plain
 * hexadecimal number.
 */
function listener(
  where: string,
  uid: string | undefined,
  holders: ReadonlyMap<number, number>,
): ListeningPort[] {
  const [hexAddress = '', hexPort = ''] = where.split(':');
  const port = Number.parseInt(hexPort, 16);
  if (!(port >= 1 && port <= 65_535)) return [];
  const pid = holders.get(port);
  const found = { port, address: addressOf(hexAddress), uid: Number(uid) };
  return [pid === undefined ? found : { ...found, pid }];
}

/** Assumes little-endian groups, as on x86 and ARM. */
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
