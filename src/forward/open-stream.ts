import type { Duplex } from 'node:stream';
import { checkNames } from '../options/check.ts';
import { openDirect } from '../ssh2/channels/forwards.ts';
import type { Link, OpenOptions } from '../ssh2/channels/link.ts';
import { checkTarget, targetNames } from './check.ts';
import type { ForwardTarget } from './types.ts';

/**
 * One byte stream from the server to a port or a Unix socket that it can reach (`ssh -W`). Half-close and
 * back-pressure are kept; when the connection dies the stream ends with that error, never as if it were complete.
 *
 * @throws {ChannelOpenFailed} when the target refused (`reasonCode` 2) or the server forbids it (1).
 */
export async function openStream(
  link: Link,
  target: ForwardTarget,
  options: OpenOptions = {},
): Promise<Duplex> {
  checkNames('target', target, targetNames);
  checkNames('options', options, ['signal', 'timeout']);
  return openDirect(link, checkTarget('openStream', target), options);
}
