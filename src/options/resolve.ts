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
  const { port = defaultPort, retry, keepalive, timeouts, log } = options;
  const resolved: Pick<ResolvedOptions, 'port' | 'timeouts' | 'retry' | 'keepalive' | 'log'> = {
    port,
    timeouts: withDefaults(defaultTimeouts, timeouts),
    retry: retry === false ? onlyOnce : withDefaults<ResolvedRetry>(defaultRetry, retry),
    keepalive: keepalive === false ? false : withDefaults(defaultKeepalive, keepalive),
    log: log ? withDebug(quietly(log)) : onlyDebug,
  };
  // Not a spread, whose objects are each of a kind of their own.
  return Object.assign(
    {} as Omit<ConnectOptions, keyof typeof resolved>,
    options,
    resolved,
  ) as ResolvedOptions;
}

const onlyOnce: ResolvedRetry = Object.freeze({ ...defaultRetry, attempts: 1 });

const debug = debugTopic('connect');

/** What is logged is what `DEBUG` shows. */
function withDebug(log: Log): Log {
  return (record) => {
    const { host, port, hop, event, message } = record;
    if (debug.enabled) debug('%s:%d%s %s: %s', host, port, hop ? ` (${hop})` : '', event, message);
    log(record);
  };
}

const onlyDebug = withDebug(() => {});

/** A log that throws, or an async one that rejects, must not end a connection or the process. */
function quietly(log: Log): Log {
  return (record) => {
    harmless(() => log(record));
  };
}
