import { type Checks, checkObject, checkOptions, object, required } from '../../check/options.ts';
import { abortSignal, between, callback, limit, ms, oneOf, tries } from '../../check/values.ts';
import { wrongRange, wrongType } from '../../check/wrong.ts';
import {
  type ListenAddress,
  listenAddressOf,
  listenChecks,
  targetChecks,
  targetOf,
} from '../../forward/check.ts';
import type { ForwardTarget } from '../../forward/types.ts';
import { type Complete, withDefaults } from '../../options/defaults.ts';
import { checkOneKey, connectChecks } from '../../options/validate.ts';
import type { ReclaimOptions, ReverseTunnelOptions, TunnelRetryOptions } from '../types.ts';
import { defaultBackoff, type TunnelBackoff } from './backoff.ts';

const retryChecks: Checks<TunnelRetryOptions> = {
  attempts: tries,
  minDelay: ms(0),
  factor: between(1, 100),
  maxDelay: ms(0),
  jitter: between(0, 1),
  shouldRetry: callback,
};

const reclaimChecks: Checks<ReclaimOptions> = {
  unnoted: oneOf('keep', 'only-session'),
  answerTimeout: limit(100),
  quiet: ms(0),
  backOff: ms(0),
};

export const defaultReclaim: Complete<ReclaimOptions> = {
  unnoted: 'keep',
  answerTimeout: 1_500,
  quiet: 90_000,
  backOff: 60_000,
};

export const defaultCheckInterval = 60_000;

const { retry: _ofTunnel, signal: _ofTunnelToo, ...gatewayChecks } = connectChecks;

const tunnelChecks: Checks<ReverseTunnelOptions> = {
  gateway: required(checkGateway),
  ...listenChecks,
  target: required(object(targetChecks)),
  reclaim: checkReclaim,
  retry: object(retryChecks),
  checkInterval: limit(),
  onEvent: callback,
  signal: abortSignal,
};

/** The options with all defaults filled in. */
export interface TunnelPlan {
  gateway: ReverseTunnelOptions['gateway'];
  listen: ListenAddress;
  target: ForwardTarget;
  reclaim: Complete<ReclaimOptions> | undefined;
  backoff: TunnelBackoff;
  shouldRetry: TunnelRetryOptions['shouldRetry'];
  checkInterval: number;
}

/** @throws {TypeError | RangeError} naming the option and the value. */
export function planTunnel(options: ReverseTunnelOptions): TunnelPlan {
  checkOptions(options, tunnelChecks);
  const { gateway, target, reclaim, retry, checkInterval = defaultCheckInterval } = options;
  const listen = listenAddressOf(options, { host: 'localhost' });
  if (listen.path === undefined && listen.port === 0) {
    throw wrongRange('listenPort', 0, 'the port itself (0 would publish another one after each reconnect)');
  }
  return {
    gateway,
    listen,
    target: targetOf('target', target),
    reclaim: planReclaim(reclaim),
    backoff: withDefaults<TunnelBackoff>(defaultBackoff, retry),
    shouldRetry: retry?.shouldRetry,
    checkInterval,
  };
}

/** Checks the options of the connection, which must not contain those that belong to the tunnel. */
function checkGateway(name: string, value: unknown): void {
  checkObject(name, value, 'an object (where to connect, as whom)');
  for (const option of ['retry', 'signal']) {
    const given = value[option];
    if (given !== undefined) throw wrongType(`${name}.${option}`, given, `${option} beside ${name}`);
  }
  object(gatewayChecks)(name, value);
  checkOneKey(value);
}

function checkReclaim(name: string, value: unknown): void {
  if (typeof value !== 'boolean') object(reclaimChecks, 'true, false or an object')(name, value);
}

function planReclaim(reclaim: ReverseTunnelOptions['reclaim']): Complete<ReclaimOptions> | undefined {
  if (!reclaim) return undefined;
  return withDefaults(defaultReclaim, typeof reclaim === 'object' ? reclaim : undefined);
}
