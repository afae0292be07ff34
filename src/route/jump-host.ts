import type { Duplex } from 'node:stream';
import { ask, type Checks, checkObject, checkOptions, object } from '../check/options.ts';
import { text } from '../check/values.ts';
import { ofCall, wrongType } from '../check/wrong.ts';
import {
  ChannelTimeout,
  ConnectFailed,
  ConnectionRefused,
  isSshError,
  type SshError,
} from '../errors/index.ts';
import type { ConnectOptions } from '../options/types.ts';
import { checkOneKey, connectChecks, timeoutChecks } from '../options/validate.ts';
import { printable } from '../text/printable.ts';
import type { HopConnection, Route, RouteContext, RoutedStream } from './route.ts';

/**
 * How to reach and log in to a jump host: options as of `connectViaGateway`, with their own host key and credentials.
 * Retries, total time and abort signal are those of the connection it carries.
 */
export interface JumpHostOptions extends Omit<ConnectOptions, 'retry' | 'signal' | 'timeouts'> {
  /** Limit of each phase, in milliseconds, with the defaults of a connection. */
  timeouts?: Omit<NonNullable<ConnectOptions['timeouts']>, 'total'> | undefined;
  /**
   * A Unix socket on the jump host that leads to the target's sshd (a tunnel made with `ssh -R /path:localhost:22`).
   * The target's `host` and `port` then only name it, for its host key and in messages. Default: connect to the
   * target's `host` and `port`.
   */
  socketPath?: string | undefined;
}

/**
 * A route through another SSH server, like OpenSSH's ProxyJump: that server connects to the connection's `host` and
 * `port`. Can be nested: `via: jumpHost({ host: 'inner', ..., via: jumpHost({ host: 'outer', ... }) })`.
 *
 * The jump connection closes with the one it carries. If the jump host falls silent, its own keepalive notices and
 * ends the carried connection at once. The `hop` of an error says which jump failed.
 *
 * @throws {TypeError | RangeError} for wrong options, and for options that only the carried connection can have.
 */
export function jumpHost(options: JumpHostOptions): Route {
  ofCall('jumpHost', () => checkJump(options));
  return new JumpHost(options);
}

class JumpHost implements Route {
  readonly kind = 'jump-host';
  #options: JumpHostOptions;
  /** How many jumps the whole route has; undefined until it is used, when the outermost jump host passes it on. */
  #total: number | undefined;

  constructor(options: JumpHostOptions, total?: number) {
    this.#options = options;
    this.#total = total;
  }

  async open(context: RouteContext): Promise<RoutedStream> {
    const total = this.#total ?? this.depth;
    const { socketPath, via, ...options } = this.#options;
    const name = `jump ${this.depth} of ${total} (${options.host}:${options.port ?? 22})`;
    const { log, onLoginBanner: tell } = context;
    const connection = await context.connect(
      {
        log,
        ...(tell && { onLoginBanner: (notice: string, hop = name) => tell(notice, hop) }),
        ...options,
        ...(via === undefined ? {} : { via: via instanceof JumpHost ? via.within(total) : via }),
        retry: false,
        signal: context.signal,
      },
      name,
    );
    return openThrough(connection, socketPath, context, name);
  }

  /** Number of jumps up to and including this one. */
  get depth(): number {
    const { via } = this.#options;
    return 1 + (via instanceof JumpHost ? via.depth : 0);
  }

  within(total: number): JumpHost {
    return new JumpHost(this.#options, total);
  }
}

async function openThrough(
  connection: HopConnection,
  socketPath: string | undefined,
  context: RouteContext,
  hop: string,
): Promise<RoutedStream> {
  const { host, port, signal } = context;
  let stream: Duplex;
  try {
    stream = await connection.openStream(socketPath === undefined ? { host, port } : { socketPath }, {
      signal,
    });
  } catch (error) {
    await connection.close();
    throw isSshError(error) ? targetError(error, socketPath, context, hop) : error;
  }
  let failure: SshError | undefined;
  const blame = (error: unknown) => {
    if (isSshError(error)) failure ??= error;
  };
  void connection.closed.then(blame);
  // The stream reports the loss one turn before the connection does.
  stream.once('error', blame);
  const dispose = async () => {
    stream.destroy();
    await connection.close();
  };
  return { stream, failure: () => failure, dispose };
}

/** The jump host answered, but could not or would not reach the target. */
function targetError(
  error: SshError,
  socketPath: string | undefined,
  { host, port }: RouteContext,
  hop: string,
): SshError {
  const target = socketPath ?? `${host}:${port}`;
  const details = { phase: 'route', host, port, hop, cause: error } as const;
  // sshd answers once it knows; until then it waits for the target as we wait for it.
  if (error instanceof ChannelTimeout) {
    const limit = `within ${error.timeoutMs} ms (option timeouts.channel of the jump host)`;
    return new ConnectFailed(`${hop} could not reach ${target} ${limit}`, {
      ...details,
      errno: 'ETIMEDOUT',
      retryable: true,
      hint: 'The target may not answer the jump host: the PC is off, or a firewall drops what is sent to it. The jump host itself had answered until then.',
    });
  }
  if (error.code !== 'SSH_CHANNEL_OPEN_FAILED') return error;
  const { reason = '', reasonCode } = error as SshError & { reason?: string; reasonCode?: number };
  const message = `${hop} could not reach ${target}: ${printable(reason)}`;
  // Prohibited, or a type of channel that it does not know.
  if (reasonCode === 1 || reasonCode === 3) {
    return new ConnectFailed(message, {
      ...details,
      retryable: false,
      hint: 'The jump host forbids it: AllowTcpForwarding, AllowStreamLocalForwarding, PermitOpen, or options in authorized_keys.',
    });
  }
  const refused = /refused/i.test(reason);
  return new (refused ? ConnectionRefused : ConnectFailed)(message, {
    ...details,
    errno: refused ? 'ECONNREFUSED' : undefined,
    retryable: true,
    hint: refused
      ? 'Nothing listens there: no tunnel is up, so the PC is off or its tunnel is down.'
      : 'As the jump host sees it: the name has no address, the network is down, or nothing listens on the socket.',
  });
}

const { retry: _ofCarried, signal: _ofCarriedToo, ...hopChecks } = connectChecks;
const { total: _ofCarriedAsWell, ...hopTimeouts } = timeoutChecks;

const jumpChecks: Checks<JumpHostOptions> = {
  ...hopChecks,
  timeouts: checkHopTimeouts,
  socketPath: text('the path of a Unix socket on the jump host'),
};

/** An option that the jump host cannot have is rejected with a pointer to where it belongs. */
function checkJump(options: unknown): asserts options is JumpHostOptions {
  ask('options', () => {
    checkObject('options', options);
    for (const name of ['retry', 'signal']) notOfJump(name, options[name]);
  });
  checkOptions(options, jumpChecks);
  checkOneKey(options);
}

function checkHopTimeouts(name: string, value: unknown): void {
  notOfJump('timeouts.total', (value as ConnectOptions['timeouts'] | null)?.total);
  object(hopTimeouts)(name, value);
}

function notOfJump(name: string, value: unknown): void {
  if (value !== undefined)
    throw wrongType(name, value, `${name} of the connection that the jump host carries`);
}
