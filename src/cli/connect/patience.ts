import { given } from '../../check/given.ts';
import type { Settings } from '../args/settings.ts';
import type { ConnectOptions, KeepaliveOptions, Timeouts } from '../library.ts';
import { limitsOf } from './limits.ts';

/** How long and how often the user wants to wait. */
export function patienceOf(
  settings: Settings,
  found: ConnectOptions,
): Pick<ConnectOptions, 'timeouts' | 'retry' | 'keepalive'> {
  const timeouts: Timeouts = {
    ...found.timeouts,
    ...limitsOf(settings),
    ...given({ total: settings.duration('total-timeout') }),
  };
  return {
    timeouts,
    ...given({ retry: retryOf(settings, found), keepalive: keepaliveOf(settings, found) }),
  };
}

function retryOf(settings: Settings, found: ConnectOptions): ConnectOptions['retry'] {
  const attempts = settings.wholeNumber('attempts', 1);
  const quiet = settings.duration('quiet-after-zombie');
  if (attempts === undefined && quiet === undefined) return found.retry;
  const configured = found.retry === false ? { attempts: 1 } : found.retry;
  return { ...configured, ...given({ attempts, quiet }) };
}

export function keepaliveOf(
  settings: Settings,
  found: Pick<ConnectOptions, 'keepalive'>,
): false | KeepaliveOptions | undefined {
  const interval = settings.duration('keepalive');
  if (interval === undefined) return found.keepalive;
  if (interval === Number.POSITIVE_INFINITY || interval === 0) return false;
  return { ...(found.keepalive || {}), interval };
}
