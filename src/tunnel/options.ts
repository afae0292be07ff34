import { checkListen, checkTarget, type ListenAddress, listenNames, targetNames } from '../forward/check.ts';
import type { ForwardTarget } from '../forward/types.ts';
import { checkNames } from '../options/check.ts';
import type { Complete } from '../options/defaults.ts';
import { type Backoff, checkBackoff } from './backoff.ts';
import type { ReclaimOptions, ReverseTunnelOptions } from './types.ts';

const call = 'keepReverseTunnel';
const names = ['gateway', ...listenNames, 'target', 'reclaim', 'retry', 'checkInterval', 'onEvent', 'signal'];

/** The options with everything decided. */
export interface TunnelPlan {
  gateway: ReverseTunnelOptions['gateway'];
  listen: ListenAddress;
  target: ForwardTarget;
  reclaim: Complete<ReclaimOptions> | undefined;
  backoff: Backoff;
  shouldRetry: NonNullable<NonNullable<ReverseTunnelOptions['retry']>['shouldRetry']> | undefined;
  checkInterval: number;
}

/** @throws {TypeError | RangeError} naming the option and the value. */
export function planTunnel(options: ReverseTunnelOptions): TunnelPlan {
  checkNames('options', options, names);
  const { gateway, checkInterval = 60_000 } = options;
  if (typeof gateway !== 'object' || gateway === null) {
    throw new TypeError(`${call}: gateway must be an object: where to connect, as whom`);
  }
  for (const name of ['retry', 'signal'] as const) {
    if ((gateway as { retry?: unknown; signal?: unknown })[name] === undefined) continue;
    throw new TypeError(`${call}: give ${name} beside gateway, not in it: it is the tunnel's`);
  }
  const listen = checkListen(call, options, { host: 'localhost' });
  if (listen.path === undefined && listen.port === 0) {
    throw new RangeError(
      `${call}: listenPort 0 would publish another port after each reconnect; give the port`,
    );
  }
  checkDuration('checkInterval', checkInterval, 1);
  return {
    gateway,
    listen,
    target: planTarget(options.target),
    reclaim: planReclaim(options.reclaim),
    backoff: checkBackoff(options.retry),
    shouldRetry: options.retry?.shouldRetry,
    checkInterval,
  };
}

function planTarget(target: unknown): ForwardTarget {
  if (target !== undefined) checkNames('target', target, targetNames);
  return checkTarget(call, target ?? {}) as ForwardTarget;
}

function planReclaim(reclaim: ReverseTunnelOptions['reclaim']): Complete<ReclaimOptions> | undefined {
  if (reclaim === undefined || reclaim === false) return undefined;
  if (reclaim !== true) checkNames('reclaim', reclaim, ['unnoted', 'answerTimeout']);
  const { unnoted = 'keep', answerTimeout = 1_500 } = reclaim === true ? {} : reclaim;
  if (unnoted !== 'keep' && unnoted !== 'only-session') {
    throw new TypeError(`${call}: reclaim.unnoted must be 'keep' or 'only-session', not ${String(unnoted)}`);
  }
  checkDuration('reclaim.answerTimeout', answerTimeout, 100);
  return { unnoted, answerTimeout };
}

function checkDuration(name: string, value: unknown, lowest: number): void {
  if (typeof value !== 'number' || Number.isNaN(value)) {
    throw new TypeError(`${call}: ${name} must be a number of milliseconds, not ${String(value)}`);
  }
  if (value < lowest) throw new RangeError(`${call}: ${name} must be at least ${lowest} ms, not ${value}`);
}
