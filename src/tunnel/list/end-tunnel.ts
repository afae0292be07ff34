import { checkArgument, checkOptions } from '../../check/options.ts';
import { abortSignal, callback, port as portCheck } from '../../check/values.ts';
import { endSession } from '../holder/end-session.ts';
import { noAnswer } from '../script/gateway-script.ts';
import type { GatewayConnection } from '../types.ts';
import { checkConnection } from './check-connection.ts';
import { holderOf } from './list.ts';
import { lookAtTunnels } from './look.ts';

/** The result of `endGatewayTunnel`. */
export type EndedTunnel =
  | { ended: true; port: number; pid: number; user?: string }
  | {
      ended: false;
      port: number;
      /**
       * - `refused`: nobody listens on the port;
       * - `holder-unknown`: the session cannot be identified: log in as root, or as the tunnel's own account;
       * - `not-permitted`: the session belongs to another user;
       * - `survived`: the signals had no effect.
       */
      reason: 'refused' | 'holder-unknown' | 'not-permitted' | 'survived';
      message: string;
    };

/**
 * Ends the SSH session that holds a port of the gateway, whether the PC behind it answers or not: as root any, else
 * one of the own account. A PC that keeps its tunnel will be back: take its key away first.
 *
 * @throws {TypeError | RangeError} for what is no connection, and for a wrong port.
 * @throws {ChannelOpenFailed} when the account cannot run commands.
 * @throws {ConnectionLost | ChannelTimeout} when the connection ends, or the gateway does not answer.
 */
export async function endTunnel(
  connection: Pick<GatewayConnection, 'exec'>,
  port: number,
  options: { signal?: AbortSignal | undefined; onEnding?: (() => void) | undefined } = {},
): Promise<EndedTunnel> {
  checkConnection(connection, ['exec']);
  checkArgument('port', port, portCheck);
  checkOptions<typeof options>(options, { signal: abortSignal, onEnding: callback });
  const sight = await lookAtTunnels(
    connection,
    [port],
    `The tunnel at port ${port} cannot be ended`,
    options.signal,
  );
  const listener = sight.listeners.find((candidate) => candidate.port === port);
  const failed = (reason: Exclude<EndedTunnel, { ended: true }>['reason'], message: string): EndedTunnel => ({
    ended: false,
    port,
    reason,
    message,
  });
  if (!listener) return failed('refused', `Nobody listens on port ${port} of the gateway.`);
  const user = sight.users.get(listener.uid);
  const holder = holderOf(listener, sight);
  if (!holder) {
    return failed(
      'holder-unknown',
      // Only root sees which process listens.
      listener.pid !== undefined
        ? `No SSH session holds port ${port}: another program of ${user ?? `uid ${listener.uid}`} listens on it.`
        : `Which session of ${user ?? `uid ${listener.uid}`} holds port ${port} cannot be determined by this account.`,
    );
  }
  const { pid, start } = holder.session;
  // From here on, it cannot be said that nothing was ended.
  options.onEnding?.();
  const result = await endSession(connection, { pid, start }, options.signal);
  if (result === 'ended' || result === 'gone') {
    return user === undefined ? { ended: true, port, pid } : { ended: true, port, pid, user };
  }
  if (result === 'timeout') return failed('survived', noAnswer.timeout);
  return sight.root || result === 'no-shell'
    ? failed('survived', `Session ${pid} did not end.`)
    : failed('not-permitted', `Session ${pid} belongs to ${user ?? `uid ${listener.uid}`}.`);
}
