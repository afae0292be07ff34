import { given } from '../../check/given.ts';
import { type Checks, checkOptions, object, required } from '../../check/options.ts';
import { abortSignal, flag, limit, port as portCheck } from '../../check/values.ts';
import { wrongRange, wrongType } from '../../check/wrong.ts';
import { isSshError } from '../../errors/index.ts';
import { readBanner } from '../banner-probe.ts';
import { dialHost } from '../keep/hold-port.ts';
import type { GatewayConnection } from '../types.ts';
import { checkConnection } from './check-connection.ts';
import { type ListeningPort, lookAtTunnels, type SessionInfo, type TunnelSight } from './look.ts';

/** Options of `listGatewayTunnels`. */
export interface ListTunnelsOptions {
  /** Ports to inspect, or a range, inclusive. Default: all ports on which SSH sessions listen. */
  ports?: readonly number[] | { from: number; to: number } | undefined;
  /**
   * Whether to connect to each port and wait for the PC's identification line. Connecting to a zombie's port counts
   * as activity: sshd then takes longer to give it up. With `false`, every verdict is `unknown` or `refused`. Default
   * `true`.
   */
  check?: boolean | undefined;
  /** Milliseconds to wait for the identification line; a slower PC counts as `silent`. Default 5,000. */
  answerTimeout?: number | undefined;
  /** Stops; rejects with `signal.reason`. Default: none. */
  signal?: AbortSignal | undefined;
}

/**
 * - `alive`: the PC's SSH server answered;
 * - `pc-down`: accepted, then closed at once: the tunnel is up, but the PC's SSH server is not;
 * - `silent`: accepted, then silence: a zombie, whose PC vanished without sshd noticing, a slow target, or one that
 *   is not an SSH server;
 * - `refused`: nobody listens: no tunnel;
 * - `unknown`: not checked, or the gateway forbids the check.
 */
export type TunnelVerdict = 'alive' | 'pc-down' | 'silent' | 'refused' | 'unknown';

/** One port of the gateway. What the account cannot see is absent. */
export interface GatewayTunnel {
  /** The port of the gateway. */
  port: number;
  /** What was found there. */
  verdict: TunnelVerdict;
  /** The addresses it listens on: `127.0.0.1`, `::1`, `0.0.0.0`, `::`. Empty if refused. */
  addresses: readonly string[];
  /** The gateway user who listens. */
  user?: string;
  /** That user's uid. */
  uid?: number;
  /** The sshd process that holds the port: seen by root, named in the holder's note, or the user's only session. */
  pid?: number;
  /** How `pid` is known. */
  pidFrom?: 'root' | 'note' | 'only-session';
  /** When that session started. */
  since?: Date;
  /** The PC's identification line, if it answered. */
  banner?: string;
}

const listChecks: Checks<ListTunnelsOptions> = {
  ports: checkPorts,
  check: flag,
  answerTimeout: limit(),
  signal: abortSignal,
};

const atOnce = 10;
/** Milliseconds that a PC's banner may take. */
export const defaultAnswerTimeout = 5_000;

/**
 * Which ports of a gateway are held by tunnels, by whom, since when, and whether the PC behind each answers. Works for
 * an ordinary account (sees users, and the sessions that left it a note) and better as root (sees every session).
 *
 * @throws {TypeError | RangeError} for what is no connection, and for wrong ports.
 * @throws {ConnectionLost | ChannelTimeout} when the connection ends, or the gateway does not answer.
 * @throws {ChannelOpenFailed} when the account cannot run commands.
 */
export async function listTunnels(
  connection: Pick<GatewayConnection, 'exec' | 'openStream'>,
  options: ListTunnelsOptions = {},
): Promise<GatewayTunnel[]> {
  checkConnection(connection, ['exec', 'openStream']);
  checkOptions(options, listChecks);
  const { check = true, answerTimeout = defaultAnswerTimeout, signal } = options;
  const asked = portsOf(options.ports);
  const sight = await lookAtTunnels(connection, asked, 'The gateway’s tunnels cannot be listed', signal);
  const ports = asked ?? tunnelPorts(sight);
  const describe = describer(sight);
  const tunnels = ports.map(describe);
  if (!check) return tunnels;
  const queue = tunnels.filter(({ verdict }) => verdict !== 'refused');
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      Object.assign(next, await verdictOf(connection, next, answerTimeout, signal));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return tunnels;
}

const rangeChecks: Checks<{ from: number; to: number }> = {
  from: required(portCheck),
  to: required(portCheck),
};

function checkPorts(name: string, value: unknown): void {
  if (Array.isArray(value)) {
    for (const [index, one] of value.entries()) portCheck(`${name}[${index}]`, one);
    return;
  }
  if (typeof value !== 'object' || value === null) {
    throw wrongType(name, value, 'an array of ports, or { from, to },');
  }
  object(rangeChecks)(name, value);
  const { from, to } = value as { from: number; to: number };
  if (to < from) throw wrongRange(`${name}.to`, to, `${from} (ports.from) or more`);
}

function portsOf(ports: ListTunnelsOptions['ports']): number[] | undefined {
  if (ports === undefined) return undefined;
  if (!('from' in ports)) return [...new Set(ports)];
  return Array.from({ length: ports.to - ports.from + 1 }, (_, index) => ports.from + index);
}

/** Without a list: ports that sessions certainly hold, or on which non-root users with SSH sessions listen. */
function tunnelPorts({ listeners, sessions, root }: TunnelSight): number[] {
  const users = new Set(sessions.map(({ uid }) => uid));
  const pids = new Set(sessions.map(({ pid }) => pid));
  const isTunnel = (listener: ListeningPort) =>
    root
      ? listener.pid !== undefined && pids.has(listener.pid)
      : listener.uid !== 0 && users.has(listener.uid);
  return [...new Set(listeners.filter(isTunnel).map(({ port }) => port))].sort((a, b) => a - b);
}

/** Uses maps of ports and sessions instead of searching: a gateway may report any number of them. */
function describer(sight: TunnelSight): (port: number) => GatewayTunnel {
  const listeners = grouped(sight.listeners, ({ port }) => port);
  const holderOf = holderFinder(sight);
  return (port) => describe(port, listeners.get(port) ?? [], { sight, holderOf });
}

function describe(
  port: number,
  listeners: readonly ListeningPort[],
  { sight, holderOf }: { sight: TunnelSight; holderOf: HolderFinder },
): GatewayTunnel {
  const [listener] = listeners;
  // Without a readable /proc nothing can be seen, which does not mean that nobody listens.
  if (!listener) return { port, verdict: sight.blind ? 'unknown' : 'refused', addresses: [] };
  const { uid } = listener;
  const user = sight.users.get(uid);
  const holder = holderOf(listener);
  return {
    port,
    verdict: 'unknown',
    addresses: [...new Set(listeners.map(({ address }) => address))],
    uid,
    ...given({ user }),
    ...(holder ? { pid: holder.session.pid, pidFrom: holder.from, since: holder.session.since } : {}),
  };
}

type HolderFinder = (
  listener: ListeningPort,
) => { session: SessionInfo; from: NonNullable<GatewayTunnel['pidFrom']> } | undefined;

/** The session that holds a port, as far as this account can tell. */
export function holderOf(listener: ListeningPort, sight: TunnelSight): ReturnType<HolderFinder> {
  return holderFinder(sight)(listener);
}

function holderFinder({ sessions, notes, self }: TunnelSight): HolderFinder {
  const byPid = new Map(sessions.map((session) => [session.pid, session]));
  const byUser = grouped(
    sessions.filter(({ pid }) => pid !== self),
    ({ uid }) => uid,
  );
  return ({ port, pid, uid }) => {
    if (pid !== undefined) {
      const seen = byPid.get(pid);
      return seen && { session: seen, from: 'root' };
    }
    const note = notes.get(port);
    const noted = note && byPid.get(note.pid);
    if (noted && noted.start === note.start && noted.uid === uid) return { session: noted, from: 'note' };
    const ofUser = byUser.get(uid) ?? [];
    const [only] = ofUser;
    return only && ofUser.length === 1 && uid !== 0 ? { session: only, from: 'only-session' } : undefined;
  };
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => number): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}

async function verdictOf(
  connection: Pick<GatewayConnection, 'openStream'>,
  { port, addresses }: GatewayTunnel,
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<Partial<GatewayTunnel>> {
  const host = addresses[0] === undefined ? '127.0.0.1' : dialHost(addresses[0]);
  try {
    const stream = await connection.openStream({ host, port }, { timeout, signal });
    const answer = await readBanner(stream, timeout, signal);
    if (answer.kind === 'banner') return { verdict: 'alive', banner: answer.banner };
    return { verdict: answer.kind === 'ended' ? 'pc-down' : 'silent' };
  } catch (error) {
    if (signal?.aborted || !isSshError(error)) throw error;
    if (error.code === 'SSH_CHANNEL_TIMEOUT') return { verdict: 'silent' };
    if (error.code !== 'SSH_CHANNEL_OPEN_FAILED') throw error;
    return { verdict: (error as { reasonCode?: number }).reasonCode === 1 ? 'unknown' : 'refused' };
  }
}
