import type { Client } from 'ssh2';
import { protocolOf, type RawChannelState, stateOf } from '../insides/internals.ts';

interface Pushable {
  push(chunk: Buffer | null, ...rest: unknown[]): boolean;
  _read?(size: number): void;
}

/**
 * Raises the receive window of one ssh2 channel to `bytes`. ssh2 grants 2 MiB and tells the server only when half of
 * it is used, so that about 1 MiB moves in a round trip: 10 MB/s at 100 ms, whatever the line carries.
 *
 * Every grant is counted as ssh2 counts it (`incoming.window`): data beyond what ssh2 believes to have granted would
 * be dropped without a word. A reader that pauses stops the grants, so at most `bytes` wait for it.
 *
 * Uses members that ssh2 does not document; returns false and changes nothing where they are missing.
 */
export function growWindow(client: Client, channel: object, bytes: number): boolean {
  const protocol = protocolOf(client);
  const state = stateOf(channel);
  const stream = channel as Pushable;
  if (typeof protocol?.channelWindowAdjust !== 'function' || !isKnown(state)) return false;
  if (typeof stream.push !== 'function') return false;
  const grant = () => {
    if (state.incoming.state !== 'open' || state.outgoing.state === 'closed') return;
    const missing = bytes - state.incoming.window;
    if (missing < bytes / 8) return;
    state.incoming.window += missing;
    protocol.channelWindowAdjust?.(state.outgoing.id, missing);
  };
  grantAfterPush(stream, grant);
  grantAfterDrain(stream, state, grant);
  grant();
  return true;
}

type Known = RawChannelState & Required<Pick<RawChannelState, 'incoming' | 'outgoing'>>;

function isKnown(state: RawChannelState): state is Known {
  return typeof state.incoming?.window === 'number' && typeof state.outgoing?.id === 'number';
}

function grantAfterPush(stream: Pushable, grant: () => void): void {
  const push = stream.push;
  stream.push = function (chunk, ...rest) {
    const wantsMore = push.call(this, chunk, ...rest);
    if (chunk !== null && wantsMore !== false) grant();
    return wantsMore;
  };
}

/** A full reader was emptied: ssh2 would now grant up to its own 2 MiB. */
function grantAfterDrain(stream: Pushable, state: RawChannelState, grant: () => void): void {
  const read = stream._read;
  if (typeof read !== 'function') return;
  stream._read = function (size) {
    if (state._waitChanDrain) {
      state._waitChanDrain = false;
      grant();
    }
    read.call(this, size);
  };
}
