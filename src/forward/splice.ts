import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/**
 * Joins two byte streams: data, back-pressure, and the end of each direction separately (half-close). An error on one
 * side reaches the other as a reset, so that a broken connection is not mistaken for a finished one. `done` is called
 * once, when both are closed.
 */
export function splice(left: Duplex, right: Duplex, done: () => void): void {
  let open = 2;
  const onClose = (closed: Duplex, other: Duplex) => {
    release(closed, other);
    if (--open === 0) done();
  };
  watch(left, right, onClose);
  watch(right, left, onClose);
  left.pipe(right);
  right.pipe(left);
}

function watch(one: Duplex, other: Duplex, onClose: (closed: Duplex, other: Duplex) => void): void {
  one.on('error', () => {});
  if (one.closed) queueMicrotask(() => onClose(one, other));
  else one.once('close', () => onClose(one, other));
}

/** After `closed` has closed: the other side still receives what was sent before, and no more. */
function release(closed: Duplex, other: Duplex): void {
  if (other.destroyed) return;
  if (!closed.readableEnded) return reset(other);
  if (other.readableEnded) return;
  // Nobody is left to read from it: it is ended as soon as it has taken what was on its way.
  if (other.writableFinished) other.destroy();
  else other.once('finish', () => other.destroy());
  // The pipe to the closed stream would pause it again.
  other.unpipe(closed);
  other.resume();
}

/**
 * Ends a stream so that its reader sees a failure, if the kind of stream allows that. After `end()`, the system refuses
 * a reset and Node.js then never closes the socket at all, and Unix sockets have no reset: those are destroyed.
 */
export function reset(stream: Duplex): void {
  const canReset = stream instanceof Socket && stream.remoteFamily !== undefined && !stream.writableEnded;
  if (canReset) stream.resetAndDestroy();
  else stream.destroy();
}
