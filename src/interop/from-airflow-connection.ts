import { given } from '../check/given.ts';
import { ask, type Checks, checkObject, checkOptions } from '../check/options.ts';
import { anything, type Check, callback, checkText, portOrZero, text } from '../check/values.ts';
import { saidOf, wrongAs, wrongSecret, wrongTogether, wrongType } from '../check/wrong.ts';
import { defaultPort } from '../options/defaults.ts';
import { accountName } from '../options/local-account.ts';
import type { ConnectOptions, Log } from '../options/types.ts';
import { proxyCommand } from '../route/proxy-command.ts';
import { printable } from '../text/printable.ts';
import { algorithmsOf } from './airflow/algorithms.ts';
import { AirflowExtra } from './airflow/extra.ts';
import { hostKeyOf } from './airflow/host-key.ts';
import { ownKeys } from './airflow/own-keys.ts';

/** An Airflow connection of type SSH, as `client.getConnection(id)` of Airflow's TypeScript SDK returns it. */
export interface AirflowConnection {
  /** The connection's id in Airflow; for messages. */
  id?: string | undefined;
  /** Airflow's `conn_type`; not used. */
  type?: string | undefined;
  /** The server's name or address. */
  host?: string | null | undefined;
  /** Not used by SSH connections. */
  schema?: string | null | undefined;
  /** The account there. */
  login?: string | null | undefined;
  /** Its password. */
  password?: string | null | undefined;
  /** Default 22. */
  port?: number | null | undefined;
  /** JSON text, or the object itself. */
  extra?: string | Readonly<Record<string, unknown>> | null | undefined;
}

/** Options of `fromAirflowConnection`. */
export interface FromAirflowConnectionOptions {
  /**
   * Receives warnings about settings that weaken security or cannot be honoured; also used as the connection's `log`.
   * Default: none.
   */
  log?: Log | undefined;
}

const login: Check = (name, value) => {
  if (typeof value !== 'string') throw wrongType(name, value, 'the name of an account');
};
const password: Check = (name, value) => {
  if (typeof value !== 'string') throw wrongSecret(name, value, 'a string');
};

const connectionChecks: Checks<AirflowConnection> = {
  id: anything,
  type: anything,
  host: text('the host of the connection'),
  schema: anything,
  login,
  password,
  // Airflow's form saves an empty field as 0.
  port: portOrZero,
  extra: anything,
};

const optionChecks: Checks<FromAirflowConnectionOptions> = { log: callback };

const knownExtras = [
  'key_file',
  'private_key',
  'private_key_passphrase',
  'conn_timeout',
  'timeout',
  'cmd_timeout',
  'banner_timeout',
  'auth_timeout',
  'keepalive_interval',
  'compress',
  'no_host_key_check',
  'host_key',
  'ignore_hostkey_verification',
  'allow_host_key_change',
  'look_for_keys',
  'disabled_algorithms',
  'ciphers',
  'host_proxy_cmd',
];

/**
 * Converts an Airflow SSH connection to options of `connectViaGateway`, interpreting it as `SSHHook` of
 * apache-airflow-providers-ssh 7 does:
 *
 * - `host`, `port` (22), `login` (this process's user), `password` (surrounding blanks are trimmed);
 * - `key_file` or `private_key`, `private_key_passphrase`; for a `key_file`, the password is also its passphrase;
 *   without either, those of `~/.ssh/id_rsa`, `id_ecdsa` and `id_ed25519` that need no passphrase, unless
 *   `look_for_keys` is false; the agent at `$SSH_AUTH_SOCK`; keys come before the password;
 * - host keys: unknown ones are refused (as the hook does since version 7; before, it accepted any).
 *   `no_host_key_check: true` accepts an unknown key and records it, and still refuses a changed one.
 *   `allow_host_key_change: true` is `'insecure-accept-any'`. Both warn through `log`. `host_key` pins one key.
 * - `conn_timeout` is `timeouts.tcp`; `ciphers`, `disabled_algorithms` (except `pubkeys`) and `compress: true` are
 *   `algorithms`.
 *
 * Differences from the hook: `banner_timeout`, `auth_timeout`, `keepalive_interval` and `host_proxy_cmd`, arguments
 * of the hook, are also read from `extra`; `timeout`, which it has dropped, still means `conn_timeout`; limits are
 * separate and have this library's defaults; compression is off by default; `ciphers` takes effect (the hook sets it
 * too late); `~/.ssh/config` is not read (use `fromSshConfig`); retries are this library's. `cmd_timeout` does not
 * concern connecting: pass it to `exec` as `timeout`.
 *
 * @throws {TypeError | RangeError} for a connection that the hook would also refuse, or that is contradictory.
 *
 * @example
 * const connection = await client.getConnectionOrThrow('customer_12');
 * await using pc = await connectViaGateway({ ...fromAirflowConnection(connection), signal: ctx.signal });
 */
export function fromAirflowConnection(
  connection: AirflowConnection,
  options: FromAirflowConnectionOptions = {},
): ConnectOptions {
  checkConnection(connection);
  checkOptions(options, optionChecks);
  const { host, port, login } = connection as AirflowConnection;
  checkText('argument connection.host', host, 'the host of the connection');
  const extra = new AirflowExtra((connection as AirflowConnection).extra);
  const warn = warner(options.log, host, port ?? defaultPort);
  for (const name of extra.names) {
    if (!knownExtras.includes(name))
      warn('extra-ignored', `extra.${printable(name, 80)} is not known and has no effect`);
  }
  return {
    host,
    username: login || ownName(),
    ...given({ port: port || undefined, via: routeOf(extra) }),
    ...credentialsOf(connection as AirflowConnection, extra),
    ...given({ hostKey: hostKeyOf(extra, warn), algorithms: algorithmsOf(extra, warn) }),
    ...given({ timeouts: timeoutsOf(extra), keepalive: keepaliveOf(extra), log: options.log }),
  };
}

/** Other fields are Airflow's business. */
function checkConnection(connection: unknown): void {
  const name = 'argument connection';
  ask(name, () => {
    const right = 'an Airflow connection (await getConnection)';
    if (connection instanceof Promise) throw wrongType(name, connection, right);
    checkObject(name, connection, right);
    for (const [field, check] of Object.entries<Check>(connectionChecks)) {
      const value = connection[field];
      if (value !== undefined && value !== null) check(`${name}.${field}`, value);
    }
  });
}

/** As in util.py: without a login, it is the worker's own user. */
function ownName(): string {
  const name = accountName();
  if (name !== undefined) return name;
  throw new TypeError(
    'option connection.login: missing, and the system does not tell who this process is; the name of a user would be right',
  );
}

type Warn = (event: string, message: string) => void;

function warner(log: Log | undefined, host: string, port: number): Warn {
  return (event, message) =>
    log?.({ level: 'warn', event, message: `Airflow connection: ${message}`, host, port });
}

function routeOf(extra: AirflowExtra): ConnectOptions['via'] {
  const command = extra.text('host_proxy_cmd');
  if (command === undefined) return undefined;
  return saidOf('option extra.host_proxy_cmd', 'command', () => proxyCommand(command));
}

type LoginOptions = Pick<
  ConnectOptions,
  'password' | 'privateKey' | 'privateKeyPath' | 'passphrase' | 'agent' | 'agentFirst'
>;

function credentialsOf(connection: AirflowConnection, extra: AirflowExtra): LoginOptions {
  const password = connection.password?.trim() || undefined;
  const agent = process.env['SSH_AUTH_SOCK'] || undefined;
  return given({ password, agent, ...keyOf(extra, password, agent) });
}

function keyOf(extra: AirflowExtra, password: string | undefined, agent: string | undefined): LoginOptions {
  const privateKey = extra.secret('private_key');
  const privateKeyPath = extra.text('key_file');
  const passphrase = extra.secret('private_key_passphrase');
  if (privateKey !== undefined) {
    if (privateKeyPath !== undefined) {
      throw wrongTogether('extra.key_file', 'extra.private_key');
    }
    checkLines(privateKey);
    return given({ privateKey, passphrase });
  }
  if (privateKeyPath !== undefined) {
    return given({ privateKeyPath, passphrase: passphrase ?? password });
  }
  if (extra.flag('look_for_keys') === false) return {};
  const found = ownKeys(password === undefined && agent === undefined);
  if (found.length === 0) return {};
  // paramiko asks the agent before it looks for keys.
  return { privateKeyPath: found.length > 1 ? found : found[0], agentFirst: true };
}

function checkLines(privateKey: string): void {
  if (/[\r\n]/.test(privateKey.trim())) return;
  throw wrongAs('extra.private_key', 'one line', 'the key with BEGIN and END on lines of their own');
}

function timeoutsOf(extra: AirflowExtra): ConnectOptions['timeouts'] {
  const timeouts = given({
    tcp: extra.milliseconds('conn_timeout') ?? extra.milliseconds('timeout'),
    banner: extra.milliseconds('banner_timeout'),
    auth: extra.milliseconds('auth_timeout'),
  });
  return Object.keys(timeouts).length === 0 ? undefined : timeouts;
}

function keepaliveOf(extra: AirflowExtra): ConnectOptions['keepalive'] {
  const interval = extra.milliseconds('keepalive_interval');
  if (interval === undefined) return undefined;
  return interval === 0 ? false : { interval };
}
