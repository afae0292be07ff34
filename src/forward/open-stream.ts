import type { Duplex } from 'node:stream';
import { type Checks, checkOptions, object } from '../check/options.ts';
import { abortSignal, limit } from '../check/values.ts';
import { openDirect } from '../ssh2/channels/forwards.ts';
import type { Link, OpenOptions } from '../ssh2/channels/link.ts';
import { targetChecks, targetOf } from './check.ts';
import type { ForwardTarget } from './types.ts';

const checks: Checks<OpenOptions> = { signal: abortSignal, timeout: limit() };

/**
 * One byte stream from the server to a port or a Unix socket that it can reach (`ssh -W`). Half-close and back-pressure
 * are preserved; if the connection is lost, the stream ends with that error, never as if it were complete. `name` is
 * how errors refer to a wrong target.
 *
 * @throws {ChannelOpenFailed} if the target refused (`reasonCode` 2) or the server forbids it (1).
 */
export async function openStream(
  link: Link,
  target: ForwardTarget,
  options: OpenOptions = {},
  name: 'arguments' | 'argument target' = 'argument target',
): Promise<Duplex> {
  object(targetChecks)(name, target);
  checkOptions(options, checks);
  return openDirect(link, targetOf(name, target), options);
}
