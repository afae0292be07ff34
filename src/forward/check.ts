import { checkFunction, checkNames, checkSignal } from '../options/check.ts';
import type { DirectTarget } from '../ssh2/channels/forwards.ts';
import type { DynamicForwardOptions, ForwardOptions } from './types.ts';

/** Where a forward listens, checked. */
export type ListenAddress = { host: string; port: number; path?: undefined } | { path: string };

interface Addresses {
  host?: unknown;
  port?: unknown;
  socketPath?: unknown;
  listenHost?: unknown;
  listenPort?: unknown;
  listenPath?: unknown;
}

export const targetNames = ['host', 'port', 'socketPath'];
const commonNames = ['signal', 'onConnectionError'];
export const listenNames = ['listenHost', 'listenPort', 'listenPath'];

/**
 * OpenSSH takes port 70000 for 4464 and any address for its own, so wrong ones are caught here.
 *
 * @throws {TypeError | RangeError} naming the call, the option and the value.
 */
export function checkPort(call: string, name: string, value: unknown, lowest: 0 | 1): number {
  if (typeof value !== 'number') {
    throw new TypeError(`${call}: ${name} must be a number from ${lowest} to 65535, not ${show(value)}`);
  }
  if (!Number.isInteger(value) || value < lowest || value > 65_535) {
    throw new RangeError(`${call}: ${name} must be a whole number from ${lowest} to 65535, not ${value}`);
  }
  return value;
}

/** The names that every forward knows, and `more`; and what does not depend on its direction. */
export function checkForward(options: ForwardOptions, more: readonly string[] = []): void {
  checkNames('options', options, [...targetNames, ...listenNames, ...commonNames, ...more]);
  checkCommon(options);
}

/** As `checkForward`, for a forward whose targets are named by whoever comes. */
export function checkDynamic(options: DynamicForwardOptions): void {
  checkNames('options', options, [...listenNames, ...commonNames]);
  checkCommon(options);
}

function checkCommon(options: ForwardOptions): void {
  const { signal, onConnectionError } = options;
  if (signal !== undefined) checkSignal('signal', signal);
  if (onConnectionError !== undefined) checkFunction('onConnectionError', onConnectionError);
}

export function checkTarget(call: string, options: Addresses): DirectTarget {
  if (options.socketPath !== undefined) {
    if (options.host !== undefined || options.port !== undefined) {
      throw new TypeError(`${call}: give either socketPath or host and port, not both`);
    }
    return { socketPath: checkPath(call, 'socketPath', options.socketPath) };
  }
  if (typeof options.host !== 'string' || options.host === '') {
    throw new TypeError(
      `${call}: host must be a name or an address, not ${show(options.host)} (or give socketPath)`,
    );
  }
  return { host: options.host, port: checkPort(call, 'port', options.port, 1) };
}

export function checkListen(
  call: string,
  options: Addresses,
  defaults: { host: string; port?: number },
): ListenAddress {
  if (options.listenPath !== undefined) {
    if (options.listenHost !== undefined || options.listenPort !== undefined) {
      throw new TypeError(`${call}: give either listenPath or listenHost and listenPort, not both`);
    }
    return { path: checkPath(call, 'listenPath', options.listenPath) };
  }
  const { listenHost = defaults.host, listenPort = defaults.port } = options;
  if (typeof listenHost !== 'string') {
    throw new TypeError(`${call}: listenHost must be a name or an address, not ${show(listenHost)}`);
  }
  return { host: listenHost, port: checkPort(call, 'listenPort', listenPort, 0) };
}

function checkPath(call: string, name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return value;
  throw new TypeError(`${call}: ${name} must be the path of a Unix socket, not ${show(value)}`);
}

function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 100)) : String(value);
}
