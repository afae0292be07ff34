import { given } from '../check/given.ts';
import { ask, type Checks, checkBag, checkObject, checkOptions } from '../check/options.ts';
import { abortSignal, callback, checkText, count, ms } from '../check/values.ts';
import { wrongType } from '../check/wrong.ts';
import { connectViaGateway } from '../connect-via-gateway.ts';
import type { Connection } from '../connection.ts';
import { type Attempt, isSshError, type SshError } from '../errors/index.ts';
import type { ConnectOptions } from '../options/types.ts';
import { validateConnectOptions } from '../options/validate.ts';
import { sleep } from '../time/timer.ts';

/** A customer's PC: what `ssh_connect` takes, under its names or those of `ConnectOptions`. */
export interface SshInstance extends Omit<ConnectOptions, 'host' | 'retry'> {
  /** The host name or address; `host` works too. */
  ip?: string | undefined;
  /** The same as `ip`. */
  host?: string | undefined;
  /** The text of a private key; `privateKey` works too. */
  stringPrivateKey?: string | undefined;
}

/** `console`, pino, winston, ... */
export interface SshConnectLogger {
  /** Receives a line for each attempt. */
  info(message: string): void;
  /** Receives a line for each failed attempt. Default: `info` does. */
  warn?(message: string): void;
}

/** Options of `sshConnect`. */
export interface SshConnectOptions {
  /** Tries in total, including the first. Default 3. */
  retryNum?: number | undefined;
  /** Receives `try ssh connect to vm - 1/3` before each try, and why a try failed. Default: none. */
  logger?: SshConnectLogger | undefined;
  /** Milliseconds between tries. Default 30,000. */
  retryDelay?: number | undefined;
  /** Stops at once; rejects with `signal.reason`. */
  signal?: AbortSignal | undefined;
}

const checks: Checks<SshConnectOptions> = {
  retryNum: count,
  logger: checkLogger,
  retryDelay: ms(0),
  signal: abortSignal,
};
const defaultTimeouts = { tcp: 30_000, banner: 60_000 };

/** Retrying these changes nothing; after repeated wrong logins, sshd bans even correct ones. */
const final = [
  'SSH_AUTHENTICATION_FAILED',
  'SSH_HOST_KEY_UNKNOWN',
  'SSH_HOST_KEY_MISMATCH',
  'SSH_HOST_KEY_REVOKED',
];

/**
 * A drop-in for the function `ssh_connect(instance, retry_num=3)` that many Python projects keep in a `util.py`
 * around paramiko: `retryNum` tries with a fixed 30 seconds between them, a TCP timeout of 30 seconds, a separate
 * banner timeout of 60 seconds, and the log line `try ssh connect to vm - 1/3` before each try.
 *
 * As there (`AutoAddPolicy`, nothing loaded), **any host key is accepted**, with a warning in the log, unless
 * `instance.hostKey` says how to check it. Set `hostKey` to close that hole.
 *
 * Differences: a refused login or host key is not retried, the error is one of this library's with every attempt in
 * `error.attempts`, and no thread or socket is left behind. New code should use `connectViaGateway`, whose waits suit
 * the gateway's answer.
 *
 * @throws {TypeError | RangeError} for wrong options, before a socket opens.
 * @throws {SshError} the error of the last try.
 *
 * @example
 * const ssh = await sshConnect({ ip: 'gateway.example.com', port: 9012, username: 'rpa', stringPrivateKey }, {
 *   retryNum: 10,
 *   logger: console,
 * });
 */
export async function sshConnect(
  instance: SshInstance,
  options: SshConnectOptions = {},
): Promise<Connection> {
  ask('argument instance', () => checkInstance(instance));
  checkOptions(options, checks);
  const { retryNum = 3, logger, retryDelay = 30_000, signal } = options;
  const plain = { ...optionsOf(instance, logger), ...given({ signal }) };
  validateConnectOptions(plain);
  // After the checks, as only an object can be spread.
  const connectOptions = { ...plain, timeouts: { ...defaultTimeouts, ...plain.timeouts } };
  const history: Attempt[] = [];
  for (let number = 1; ; number++) {
    connectOptions.signal?.throwIfAborted();
    logger?.info(`try ssh connect to vm - ${number}/${retryNum}`);
    try {
      return await connectViaGateway(connectOptions);
    } catch (error) {
      if (!isSshError(error)) throw error;
      failed(error, { number, retryNum, logger, history });
      if (number >= retryNum || final.includes(error.code)) throw error;
    }
    const last = history.at(-1);
    if (last) last.wait = retryDelay;
    await sleep(retryDelay, connectOptions.signal);
  }
}

interface Try {
  number: number;
  retryNum: number;
  logger: SshConnectLogger | undefined;
  history: Attempt[];
}

/** Each try was a connection of its own; the last error reports all of them. */
function failed(error: SshError, { number, retryNum, logger, history }: Try): void {
  const [attempt] = error.attempts ?? [];
  if (attempt) history.push({ ...attempt, attempt: number });
  error.attempts = history;
  warn(logger, `ssh connect to vm failed - ${number}/${retryNum}: ${error.message}`);
}

/** Reads each option once; what follows uses the copy. */
function checkInstance(instance: unknown): void {
  const name = 'argument instance';
  checkBag(name, instance);
  const { retry } = { ...instance };
  if (retry !== undefined) throw wrongType(`${name}.retry`, retry, 'the number of tries among the options');
}

/** `console` and similar objects, of which only `info` is required. */
function checkLogger(name: string, value: unknown): void {
  checkObject(name, value, 'an object with a function info');
  callback(`${name}.info`, value['info']);
  if (value['warn'] !== undefined) callback(`${name}.warn`, value['warn']);
}

function optionsOf(instance: SshInstance, logger: SshConnectLogger | undefined): ConnectOptions {
  const { ip, stringPrivateKey, host = ip, ...rest } = instance;
  checkText('argument instance.ip', host, 'the name or address of the gateway or PC');
  if (rest.hostKey === undefined) {
    warn(logger, `ssh connect to vm: the host key of ${host} is not checked (instance.hostKey is not set)`);
  }
  return {
    hostKey: 'insecure-accept-any',
    ...(stringPrivateKey !== undefined && { privateKey: stringPrivateKey }),
    ...rest,
    host,
    retry: false,
  };
}

function warn(logger: SshConnectLogger | undefined, message: string): void {
  if (logger?.warn) logger.warn(message);
  else logger?.info(message);
}
