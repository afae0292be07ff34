import { debugTopic } from '../observe/debug.ts';
import { harmless } from '../time/harmless.ts';
import {
  type Complete,
  defaultKeepalive,
  defaultPort,
  defaultRetry,
  defaultTimeouts,
  withDefaults,
} from './defaults.ts';
import type { ConnectOptions, KeepaliveOptions, Log, RetryOptions, Timeouts } from './types.ts';

type ResolvedRetry = Complete<Omit<RetryOptions, 'shouldRetry' | 'onRetry'>> &
  Pick<RetryOptions, 'shouldRetry' | 'onRetry'>;

/** `ConnectOptions` with every default in its place. */
export interface ResolvedOptions extends Omit<ConnectOptions, 'timeouts' | 'retry' | 'keepalive' | 'log'> {
  port: number;
  timeouts: Complete<Timeouts>;
  retry: ResolvedRetry;
  keepalive: false | Complete<KeepaliveOptions>;
  log: Log;
}

/** Fills in the defaults; the options have been validated before. */
export function resolveConnectOptions(options: ConnectOptions): ResolvedOptions {
  const { retry, keepalive, timeouts, log } = options;
  return {
    ...options,
    port: options.port ?? defaultPort,
    timeouts: withDefaults(defaultTimeouts, timeouts),
    retry:
      retry === false ? { ...defaultRetry, attempts: 1 } : withDefaults<ResolvedRetry>(defaultRetry, retry),
    keepalive: keepalive === false ? false : withDefaults(defaultKeepalive, keepalive),
    log: withDebug(log ? quietly(log) : () => {}),
  };
}

const debug = debugTopic('connect');

/** What is logged is what `DEBUG` shows. */
function withDebug(log: Log): Log {
  return (record) => {
    const { host, port, hop, event, message } = record;
    if (debug.enabled) debug('%s:%d%s %s: %s', host, port, hop ? ` (${hop})` : '', event, message);
    log(record);
  };
}

/** A log that throws, or an async one that rejects, must not end a connection or the process. */
function quietly(log: Log): Log {
  return (record) => {
    harmless(() => log(record));
  };
}
