import type { Link } from './link.ts';
import type { ExecEvents, ExecRequest } from './start-command.ts';

/**
 * A link whose commands take a session that is free now or fail: for callers that hold a session while a command runs.
 */
export function withoutWaiting(link: Link) {
  const { where, lost, chores, serverVersion } = link;
  return {
    where,
    lost,
    chores,
    serverVersion,
    ping: (ms: number) => link.ping(ms),
    exec: (request: ExecRequest, events: ExecEvents) => link.exec(request, { ...events, isSpare: true }),
  };
}
